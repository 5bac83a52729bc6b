import { defineConfig } from '@playwright/test';
import { existsSync } from 'node:fs';

const chromium = [
  '/usr/bin/chromium-headless-shell',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
].find((path) => existsSync(path));

export default defineConfig({
  outputDir: 'results',
  globalSetup: './support/demo.ts',
  // Each test has a server and data of its own, so that order means nothing.
  fullyParallel: true,
  workers: 2,
  retries: 0,
  forbidOnly: true,
  // Longer than a slow machine takes: a test fails by what it sees, not by when.
  timeout: 180_000,
  expect: { timeout: 20_000 },
  // What failed is told at the end, where it is looked for.
  reporter: [['dot']],
  use: {
    launchOptions: {
      ...(chromium && { executablePath: chromium }),
      args: [
        '--no-sandbox',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
        '--disable-quic',
      ],
    },
    // Each page as the server gives it; the one journey without a connection allows it.
    serviceWorkers: 'block',
    // A recording of a failure (`--trace on`) costs every test a third more.
    screenshot: 'only-on-failure',
    locale: 'en-CA',
    timezoneId: 'America/Toronto',
  },
  projects: [
    {
      name: 'phone',
      testMatch: 'journeys/**/*.spec.ts',
      use: { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true },
    },
    { name: 'desktop', testMatch: 'journeys/**/*.spec.ts', use: { viewport: { width: 1280, height: 860 } } },
    { name: 'checks', testMatch: 'checks/**/*.spec.ts', use: { viewport: { width: 360, height: 740 } } },
    { name: 'audit', testMatch: 'audit/**/*.spec.ts' },
    { name: 'screenshots', testMatch: 'screenshots.ts' },
    { name: 'lighthouse', testMatch: 'bench/**/*.spec.ts' },
  ],
});
