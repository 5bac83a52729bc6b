import { expect, test } from '../support/world.ts';

for (const site of ['portal', 'admin'] as const) {
  test(`${site} runs under a strict policy`, async ({ page, world }) => {
    const response = await page.goto(world[site]);
    const headers = response?.headers() ?? {};
    const meta = await page.locator('meta[http-equiv="content-security-policy"]').getAttribute('content');
    for (const policy of [headers['content-security-policy'], meta]) {
      expect(policy).toBeTruthy();
      expect(policy).not.toMatch(/unsafe-inline|unsafe-eval|\*/);
    }
    expect(meta).toContain("default-src 'self'");
    expect(headers['content-security-policy']).toContain("frame-ancestors 'none'");
    expect(headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
    });
  });
}
