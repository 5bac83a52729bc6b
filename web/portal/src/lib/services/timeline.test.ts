import { expect, test } from 'vitest';
import { timeline, type Service } from './timeline';

const service = (name: string, opened_on: string, more: Partial<Service> = {}): Service => ({
  service_file_id: null,
  service_id: name,
  name,
  kind: 'case_service',
  opened_on,
  closed_on: null,
  workers: [],
  site: null,
  groups: [],
  ...more,
});

test('what happened comes newest first: begun, joined, ended', () => {
  const happened = timeline([
    service('Counselling', '2024-03-01', {
      closed_on: '2025-06-30',
      groups: [{ service_id: 'g', name: 'Tuesday group', since: '2024-09-10' }],
    }),
    service('Housing support', '2025-01-15'),
  ]);
  expect(happened.map(({ on, what, name }) => `${on} ${what} ${name}`)).toEqual([
    '2025-06-30 closed Counselling',
    '2025-01-15 opened Housing support',
    '2024-09-10 joined Tuesday group',
    '2024-03-01 opened Counselling',
  ]);
});
