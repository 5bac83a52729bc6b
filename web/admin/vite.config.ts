import { sveltekit } from '@sveltejs/kit/vite';
import { defineConfig } from 'vite';
import { toLocalServer } from '../scripts/local-server.ts';

export default defineConfig({
  plugins: [sveltekit()],
  build: { target: 'es2022' },
  server: toLocalServer('ADMIN_PORT', 8081),
});
