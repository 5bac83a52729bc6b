import { expect, test } from 'vitest';
import type { HistoryEntry } from '$lib/contract';
import { fieldsOf, wayOf, whatHappened, whoDid, type Transition } from './words';

const at = '2026-11-22T10:00:00Z';
/** As the API sends it; its contract says less of a transition. */
type Told = { transition?: Transition; changed?: string[]; events?: string[] };
const entry = (told: Told): HistoryEntry =>
  ({ journal_id: 'jnl_1', at, actor: {}, changed: [], events: [], ...told }) as unknown as HistoryEntry;
const sentence = (told: Told, consents: Parameters<typeof whatHappened>[1] = []) => {
  const { did, also } = whatHappened(entry(told), consents);
  return [did, ...also].join(' | ');
};

test('a transition is told by its rule, once, with what else came of it', () => {
  const created: Told = {
    transition: { rule: 'A1', from: 'none', to: 'pending' },
    events: ['account_created', 'activation_requested'],
  };
  expect(sentence(created)).toBe('created the account | The activation email was to go out.');
  expect(wayOf(entry(created))).toBe('No account → Pending');
  const closed: Told = {
    transition: { rule: 'A7', from: 'pending', to: 'closed', reason: 'wrong_birth_date' },
    events: ['birth_date_missed', 'account_closed'],
  };
  expect(sentence(closed)).toBe('typed a wrong date of birth for the third time, which closed the account');
  expect(wayOf(entry(closed))).toBe('Pending → Closed, three wrong dates of birth');
});

test('consent says which, for what address, and that the invitation goes out', () => {
  const given: Told = {
    transition: { rule: 'B2', from: 'pending', to: 'pending' },
    events: ['communication_consent_changed', 'activation_requested'],
  };
  const consents = [
    { given: true, address: 'maya@example.com', by: 'wrk_1', at: '2026-11-22T10:00:00.000Z' },
  ];
  expect(sentence(given, consents)).toBe(
    'recorded that consent was given for maya@example.com | The activation email was to go out.',
  );
  expect(wayOf(entry(given))).toBeUndefined();
});

test('a reset tells its two halves apart', () => {
  const transition: Transition = { rule: 'A19', from: 'active', to: 'active' };
  expect(sentence({ transition, events: ['password_reset_requested'] })).toBe(
    'asked for a link to choose a new password',
  );
  expect(sentence({ transition, events: ['password_changed'] })).toBe(
    'chose a new password by the emailed link',
  );
});

test('what this site doesn’t know yet can still be read', () => {
  expect(sentence({ events: ['parcel_sent', 'stamp_licked'] })).toBe('did this: parcel sent | Stamp licked.');
  expect(fieldsOf(entry({ changed: ['birth_date', 'shoe_size'] }))).toEqual(['date of birth', 'shoe size']);
  expect(whoDid({ kind: 'job', id: 'sort_parcels' }, { workerName: () => '' })).toBe(
    'ClientConnect (sort parcels)',
  );
});
