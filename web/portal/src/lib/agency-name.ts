import * as m from '@clientconnect/messages';
import { agency } from './agency.svelte';

/** Whose portal it is, for texts; "your agency" until the server has told. */
export function agencyName(): string {
  return agency.current?.agency.name ?? m.your_agency();
}
