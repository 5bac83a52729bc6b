import { describe, expect, test } from 'vitest';
import type { BulkJob } from '$lib/contract';
import { doneBy, jobName, leftOutBy, skippedFor, statusName, sumsOf, whyOf, WORDS } from './words';

const job = (mode: 'dry_run' | 'apply', action?: 'close' | 'force_reset') =>
  ({
    kind: action ? 'change_accounts' : 'activate_in_bulk',
    action: action ?? null,
    mode,
    outcomes: [
      { outcome: action ? 'changed' : 'opened', reason: null, count: 2 },
      { outcome: action ? 'changed' : 'opened', reason: 'expired', count: 1 },
      { outcome: 'skipped', reason: 'no_consent', count: 9 },
    ],
  }) as unknown as BulkJob;

describe('a dry run says what would be, a job what is', () => {
  test.each([
    [job('dry_run', 'close'), 'Dry run: close accounts', 'Would be closed', 'Would be left out'],
    [job('apply', 'close'), 'Close accounts', 'Closed', 'Left out'],
    [job('dry_run'), 'Dry run: bulk activation', 'Would be invited', 'Would be left out'],
    [job('apply'), 'Bulk activation', 'Invited', 'Left out'],
  ])('%#', (job, name, changed, skipped) => {
    expect(jobName(job)).toBe(name);
    expect(doneBy(job)).toBe(changed);
    expect(leftOutBy(job)).toBe(skipped);
  });
});

test('everybody is either changed or left out', () => {
  expect(sumsOf(job('dry_run'))).toEqual({ changed: 3, skipped: 9 });
});

test('those who were invited before are groups of their own', () => {
  const invited = (reason: string | null) =>
    whyOf({ outcome: 'opened', reason, state: null }, job('dry_run'));
  expect(invited(null)).toBe('Have never had an account');
  expect(invited('expired')).toContain('did not activate in time');
  expect(invited('cancelled')).toContain('cancelled');
  expect(whyOf({ outcome: 'changed', reason: null, state: null }, job('apply', 'close'))).toBe('');
});

test('who is in another state is left out with that state', () => {
  const closed = { outcome: 'skipped', reason: 'wrong_state', state: 'closed' } as const;
  expect(whyOf(closed, job('dry_run', 'close'))).toBe('The account is Closed');
});

test('each reason of bulk activation says what to do, and none speaks in codes', () => {
  const reasons = [
    'open_account_exists',
    'test_individual',
    'no_consent',
    'no_email_contact',
    'no_birth_date',
    'default_birth_date',
    'too_young',
    'shared_address',
    'email_taken',
    'shut_out',
    'no_licence_free',
  ];
  const told = reasons.map((reason) => skippedFor({ reason }));
  expect(new Set(told.map(({ why }) => why)).size).toBe(reasons.length);
  for (const { why, what } of told) expect(`${why} ${what}`).not.toMatch(/_/);
  expect(told.map(({ what }) => what)).not.toContain(skippedFor({ reason: 'not_known_yet' }).what);
});

test('a reason that is not known yet can be read', () => {
  expect(skippedFor({ reason: 'away_on_leave' }).why).toBe('Away on leave');
});

test('how many, in words', () => {
  expect(WORDS.close.title(1)).toBe('Close 1 account?');
  expect(WORDS.close.confirm(1234)).toBe('Close 1,234 accounts');
  expect(WORDS.activate.confirm(1)).toBe('Send 1 activation email');
});

test('statuses with their reason', () => {
  expect(statusName('active')).toBe('Active');
  expect(statusName('locked.suspended')).toBe('Locked: suspended by a worker');
  expect(statusName('closed.closed_by_worker')).toBe('Closed: by a worker');
});
