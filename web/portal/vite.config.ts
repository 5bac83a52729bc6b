import { sveltekit } from '@sveltejs/kit/vite';
import { defineConfig } from 'vite';
import { toLocalServer } from '../scripts/local-server.ts';

export default defineConfig({
  plugins: [sveltekit()],
  // Old phones, too.
  build: { target: ['es2020', 'safari14', 'chrome87', 'firefox78'] },
  server: toLocalServer('PORTAL_PORT', 8080),
});
