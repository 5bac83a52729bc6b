import * as m from '@clientconnect/messages';
import type { Portal } from '@clientconnect/api-client';
import type { Component } from 'svelte';
import MyClientConnect from './tiles/MyClientConnect.svelte';

/** What a tile of the home page shows and where it leads. */
export interface TileView {
  href: string;
  title: () => string;
  text: () => string;
  /** Our own picture, until the agency chooses another. */
  image: Component;
}

/** Every tile that this site has pages for. The server may name newer ones: those are not shown. */
export const TILES: Record<Portal['schemas']['Tile'], TileView> = {
  my_client_connect: {
    href: '/account',
    title: m.tile_my_client_connect,
    text: m.tile_my_client_connect_text,
    image: MyClientConnect,
  },
};
