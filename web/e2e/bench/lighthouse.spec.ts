import { execFileSync } from 'node:child_process';
import { chromium } from '@playwright/test';
import { expect, test } from '../support/world.ts';

/** Fetched when asked for: nothing else needs it. The last version that runs on Node 20. */
const LIGHTHOUSE = 'lighthouse@12.8.2';
const CATEGORIES = ['performance', 'accessibility', 'best-practices'] as const;

/** What each of them should reach. */
const BUDGET = 95;

type Report = { categories: Record<(typeof CATEGORIES)[number], { score: number }> };

test('what Lighthouse says of the portal on a phone', async ({ world, launchOptions }) => {
  test.setTimeout(600_000);
  for (const path of ['/sign-in', '/activate', '/help']) {
    const report = execFileSync(
      'npx',
      [
        '--yes',
        LIGHTHOUSE,
        world.portal + path,
        '--quiet',
        '--output=json',
        `--only-categories=${CATEGORIES.join(',')}`,
        `--chrome-flags=--headless=new ${(launchOptions.args ?? []).join(' ')}`,
      ],
      {
        encoding: 'utf8',
        maxBuffer: 64 * 1024 * 1024,
        env: { ...process.env, CHROME_PATH: launchOptions.executablePath ?? chromium.executablePath() },
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    const { categories } = JSON.parse(report) as Report;
    const scores = CATEGORIES.map(
      (category) => [category, Math.round(categories[category].score * 100)] as const,
    );
    const told = scores.map(
      ([category, score]) => `${category} ${score} ${score >= BUDGET ? 'met' : 'MISSED'}`,
    );
    console.log(`${path.padEnd(12)}${told.join('   ')}`);
    expect(scores.every(([, score]) => score > 0)).toBe(true);
  }
});
