import { expect, test } from 'vitest';
import { criteriaOf, filtersOf, NOTHING_TYPED, queryOf } from './criteria';

const ZONE = 'America/Toronto';
const filters = (query: string) => filtersOf(new URLSearchParams(query));

test('an address keeps the filters as they were, and nothing that was typed', () => {
  const query =
    'status=pending,closed.expired&site=sit_1&created_from=2026-01-01&signed_in=never&expiring=3&bounced=yes';
  expect(queryOf(filters(query))).toBe(query);
  expect(queryOf(filters('name=ferris&birth_date=1988-04-12&newest=yes'))).toBe('newest=yes');
});

test('what an address makes up is left out', () => {
  expect(filters('status=none,active,locked&bounced=perhaps')).toMatchObject({
    statuses: ['active'],
    bounced: false,
  });
});

test('nothing chosen is no criterion: every account', () => {
  expect(criteriaOf(filters(''), NOTHING_TYPED, ZONE)).toEqual({});
});

test('days are those of the agency, the last of them whole', () => {
  const wanted = filters('created_from=2026-03-08&created_to=2026-03-08');
  expect(criteriaOf(wanted, NOTHING_TYPED, ZONE)).toEqual({
    created_from: '2026-03-08T05:00:00.000Z',
    created_to: '2026-03-09T04:00:00.000Z',
  });
});

test('statuses with their reasons, last sign-in, and what was typed', () => {
  const wanted = filters('status=active,locked.suspended&signed_in=before&signed_in_before=2026-07-01');
  expect(criteriaOf(wanted, { name: ' maya fer ', email: '', birth_date: '1988-04-12' }, ZONE)).toEqual({
    statuses: [{ state: 'active' }, { state: 'locked', reason: 'suspended' }],
    name: 'maya fer',
    birth_date: '1988-04-12',
    last_signed_in_before: '2026-07-01T04:00:00.000Z',
  });
  // A day that is left over from before doesn't matter.
  expect(criteriaOf(filters('signed_in=never&signed_in_before=2026-07-01'), NOTHING_TYPED, ZONE)).toEqual({
    never_signed_in: true,
  });
});
