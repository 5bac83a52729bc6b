import { sveltekit } from '@sveltejs/kit/vite';
import { defineConfig } from 'vite';
import { toLocalServer } from '../scripts/local-server.ts';

export default defineConfig({
  plugins: [sveltekit()],
  build: {
    // Phones of 2015, if their system is of 2022.
    target: ['es2022', 'safari15.4', 'chrome94', 'firefox98'],
    // A little smaller than Vite's own, which counts on a slow line.
    minify: 'terser',
    terserOptions: { module: true, compress: { passes: 3 } },
    rolldownOptions: {
      // What many pages use comes in one piece: on a slow line requests cost more than bytes.
      output: {
        codeSplitting: {
          groups: [
            // With all that they use: what every page begins with, and signing in.
            { name: 'first', test: /portal.src.lib.(Frame|SessionGuard|entering.SignInForm)/ },
            {
              name: 'shared',
              test: /web.(packages|portal.src.lib)(?!.*(NewPassword|strength))/,
              minShareCount: 4,
            },
          ],
        },
      },
    },
  },
  server: toLocalServer('PORTAL_PORT', 8080),
});
