import type { Admin } from '@clientconnect/api-client';
import type { Answer } from '$lib/contract';

type Schemas = Admin['schemas'];

/** The agency's settings as one read gives them. */
export type Settings = Answer<'/api/admin/v1/settings', 'get'>;
/** A version of the privacy policy or the terms of use. */
export type Published = Answer<'/api/admin/v1/settings/texts/{kind}', 'get'>;
export type Corners = Schemas['Corners'];
/** A time of a weekday, `HH:MM` to `HH:MM`. */
export type Hours = Schemas['Hours'];
/** What is missing before ClientConnect can be enabled. */
export type Missing = Schemas['NotReady'];
/** Whom emails come from. */
export type Sender = Schemas['Sender'];
/** What a version of the settings was saved from. */
export type SettingsSection = Schemas['Section'];
export type TextKind = Schemas['PolicyKind'];
export type Theme = Schemas['Theme'];
export type Tile = keyof typeof import('$portal/home/picture-words').PICTURE_WORDS;
/** The number of each tile's picture. */
export type Tiles = { [tile in Tile]: number };
/** A text in the languages it is written in. */
export type Translated = Schemas['Localized'];
export type Version = Schemas['VersionView'];
export type Weekday = Schemas['Day'];
