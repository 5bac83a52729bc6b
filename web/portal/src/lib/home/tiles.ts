import * as m from '@clientconnect/messages';

/** What a tile of the home page is called, what it says, and where it leads. */
export interface TileView {
  href: string;
  title: () => string;
  text: () => string;
}

/** Every tile that this site has pages for, in their order. The server may name newer ones: those are not shown. */
export const TILES = {
  about_me: {
    href: '/about-me',
    title: m.tile_about_me,
    text: m.tile_about_me_text,
  },
  my_services: {
    href: '/services',
    title: m.tile_my_services,
    text: m.tile_my_services_text,
  },
  my_client_connect: {
    href: '/account',
    title: m.tile_my_client_connect,
    text: m.tile_my_client_connect_text,
  },
} as const satisfies Record<string, TileView>;

/** A tile that this site has pages for. */
export type TileName = keyof typeof TILES;

export const isTile = (name: string): name is TileName => Object.hasOwn(TILES, name);

/** A tile as the home page shows it. */
export interface ShownTile {
  tile: TileName;
  /** Address of its picture; none until it is known which the agency chose. */
  picture: string | undefined;
  /** What waits for the client behind it. */
  waiting?: ReadonlyArray<string>;
}
