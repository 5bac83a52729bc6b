import { defineConfig } from 'vitest/config';
import { alias } from './scripts/alias.js';

export default defineConfig({
  resolve: { alias },
  test: { include: ['packages/**/*.test.ts', 'portal/src/**/*.test.ts', 'admin/src/**/*.test.ts'] },
});
