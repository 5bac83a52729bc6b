import type { PortalPaths } from '@clientconnect/api-client';
import { direct } from './session.svelte';

/** What everybody may know of the agency. */
export type Agency =
  PortalPaths['/api/portal/v1/agency']['get']['responses'][200]['content']['application/json'];

let known = $state.raw<Agency>();
let asking: Promise<void> | undefined;

/** Whose portal it is. Every page works without knowing it. */
export const agency = {
  /** `undefined` until the server has told. */
  get current(): Agency | undefined {
    return known;
  },

  /** Asks once, and again only after no answer came. */
  load(): Promise<void> {
    asking ??= direct
      .send((to) => to.GET('/api/portal/v1/agency'))
      .then(
        (told) => void (known = told),
        () => void (asking = undefined),
      );
    return asking;
  },
};

/** Address of an agency's logo. */
export const logoAt = (image: string): string => `/api/portal/v1/logo/${image}`;
