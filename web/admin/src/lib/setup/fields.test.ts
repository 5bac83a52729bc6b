import { expect, test } from 'vitest';
import { hold, release, wrongIn, type Section } from './fields';
import { CLIENT_CONNECT, COMMUNICATIONS } from './sections';

const field = (sections: readonly Section[], path: string) => {
  const found = sections.flatMap(({ fields }) => fields).find((one) => one.path === path);
  if (!found) throw new Error(`no field ${path}`);
  return found;
};

test('what a form takes from the settings and leaves alone is saved as it was', () => {
  const communications = {
    email: true,
    sender: { name: 'Harbour', address: 'desk@harbour.example' },
    reply_to: null,
    told_of_failures: ['wrk_1'],
    hide_worker_last_name: false,
    hide_site: true,
    authentication: { sender: null },
    client_delivery: true,
    client_messages: {
      event_confirmations: false,
      hours_before: 48,
      event_updates: true,
      sender: null,
      footer: { en: 'Call us.', fr: null, es: null },
    },
  };
  expect(release(hold({ communications }, COMMUNICATIONS), COMMUNICATIONS)).toEqual({ communications });
});

test('a number out of bounds, or none, is told; half a sender, too', () => {
  const idle = field(CLIENT_CONNECT, 'general.idle_minutes');
  expect(['4', '16', '', 'ten', '7.5'].map((typed) => wrongIn(idle, typed))).toEqual(
    Array(5).fill('Choose a number from 5 to 15.'),
  );
  expect(['5', '15'].map((typed) => wrongIn(idle, typed))).toEqual([undefined, undefined]);

  const general = field(COMMUNICATIONS, 'communications.sender');
  const own = field(COMMUNICATIONS, 'communications.authentication.sender');
  const none = { name: '', address: '' };
  expect([wrongIn(general, none), wrongIn(own, none)]).toEqual([expect.any(String), undefined]);
  expect(wrongIn(own, { name: 'Harbour', address: '' })).toEqual(expect.any(String));
});
