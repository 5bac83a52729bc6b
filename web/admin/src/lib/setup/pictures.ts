import { PICTURE_WORDS } from '$portal/home/picture-words';
import type { Settings, Tile, Tiles } from './contract';

/** Addresses of the clients' site's pictures, on this site. */
const PICTURES = import.meta.glob<string>('../../../../portal/static/tiles/*/*.svg', {
  query: '?url&no-inline',
  import: 'default',
  eager: true,
});

/** Address of a tile's picture, by its number. */
export function pictureOf(tile: Tile, choice: number): string | undefined {
  return PICTURES[`../../../../portal/static/tiles/${tile}/${choice}.svg`];
}

/** What a picture shows, for who chooses without seeing. */
export function wordsOf(tile: Tile, choice: number): string {
  return PICTURE_WORDS[tile][choice - 1]?.() ?? `Picture ${choice}`;
}

/** Which picture each tile has. */
export const tilesOf = (settings: Settings): Tiles => settings.images.tiles as Tiles;
