import type { PortalPaths } from '@clientconnect/api-client';

/** A service as its client sees it. */
export type Service =
  PortalPaths['/api/portal/v1/services']['get']['responses'][200]['content']['application/json']['services'][number];

/** Something that happened on a day. */
export interface Happened {
  on: string;
  what: 'opened' | 'closed' | 'joined';
  /** The service or group. */
  name: string;
}

/** What happened in all services, newest first. */
export function timeline(services: readonly Service[]): Happened[] {
  return services
    .flatMap(({ name, opened_on, closed_on, groups }): Happened[] => [
      { on: opened_on, what: 'opened', name },
      ...groups.map((group): Happened => ({ on: group.since, what: 'joined', name: group.name })),
      ...(closed_on ? [{ on: closed_on, what: 'closed', name } as const] : []),
    ])
    .sort((one, other) => other.on.localeCompare(one.on));
}
