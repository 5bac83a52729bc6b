import { expect, test } from 'vitest';
import { createApi } from './client.ts';
import type { PortalPaths } from './index.ts';
import { Problem } from './problem.ts';

const problem = (status: number, code: string) =>
  Response.json(
    { type: 'about:blank', title: code, status, code },
    { status, headers: { 'content-type': 'application/problem+json' } },
  );

/** An API that answers in this order, and counts how often it was asked. */
function answering(answers: Array<() => Response>, signInAgain?: () => Promise<boolean>) {
  let asked = 0;
  const api = createApi<PortalPaths>({
    baseUrl: 'http://portal.example',
    ...(signInAgain && { signInAgain }),
    fetch: async () => {
      const answer = answers[asked++];
      if (!answer) throw new TypeError('no network');
      return answer();
    },
  });
  const language = () => api.send((to) => to.PUT('/api/portal/v1/language', { body: { language: 'fr' } }));
  return { language, asked: () => asked };
}

test('a call without an answer is offline', async () => {
  await expect(answering([]).language()).rejects.toMatchObject({ code: 'offline', status: 0 });
});

test('what a gateway refuses has a code, too, and says when to come back', async () => {
  const { language } = answering([
    () => Response.json({ message: 'Too Many Requests' }, { status: 429, headers: { 'retry-after': '7' } }),
    () => new Response('<html>Bad gateway</html>', { status: 502 }),
  ]);
  await expect(language()).rejects.toMatchObject({ code: 'too_many_requests', retryAfter: 7 });
  await expect(language()).rejects.toMatchObject({ code: 'internal' });
});

test('a call that finds the session over is repeated once there is one again', async () => {
  const { language, asked } = answering(
    [() => problem(401, 'session_ended'), () => Response.json({ language: 'fr' })],
    async () => true,
  );
  await expect(language()).resolves.toEqual({ language: 'fr' });
  expect(asked()).toBe(2);
});

test('whoever does not sign in again gets the refusal, and a wrong password asks nobody', async () => {
  await expect(
    answering([() => problem(401, 'session_ended')], async () => false).language(),
  ).rejects.toBeInstanceOf(Problem);
  const wrong = answering([() => problem(401, 'sign_in_failed')], async () => {
    throw new Error('asked');
  });
  await expect(wrong.language()).rejects.toMatchObject({ code: 'sign_in_failed' });
});

test('a change that has nothing to say is JSON as well, as the API wants it', async () => {
  const sent: Request[] = [];
  const api = createApi<PortalPaths>({
    baseUrl: 'http://portal.example',
    fetch: async (request) => {
      sent.push(request as Request);
      return Response.json({});
    },
  });
  await api.send((to) => to.DELETE('/api/portal/v1/session'));
  await api.send((to) => to.GET('/api/portal/v1/home'));
  expect(sent.map(({ headers }) => headers.get('content-type'))).toEqual(['application/json', null]);
});
