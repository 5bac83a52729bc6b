import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';
import { alias } from './scripts/alias.js';

export default defineConfig({
  // Runes in `.svelte.ts` have to be compiled.
  plugins: [svelte({ configFile: false })],
  resolve: { alias, conditions: ['browser'] },
  test: {
    include: ['packages/**/*.test.ts', 'portal/src/**/*.test.ts', 'admin/src/**/*.test.ts'],
    // Colours are read out of it.
    css: { include: /theme\.css/ },
  },
});
