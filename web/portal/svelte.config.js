import adapter from '@sveltejs/adapter-static';
import { portalAlias } from '../scripts/alias.js';

/** @type {import('@sveltejs/kit').Config} */
export default {
  kit: {
    alias: portalAlias,
    // One page for every route: nothing is known of a client before they are here.
    adapter: adapter({ fallback: 'index.html', precompress: true }),
    // The rest of the policy comes as a header, the same for every page (infra/edge.yaml).
    csp: {
      mode: 'hash',
      directives: {
        'default-src': ['self'],
        'script-src': ['self'],
        'img-src': ['self', 'data:', 'blob:'],
        'style-src': ['self'],
        'style-src-attr': ['unsafe-hashes', 'sha256-S8qMpvofolR8Mpjy4kQvEm7m1q8clzU4dfDH0AmvZjo='],
      },
    },
    output: { bundleStrategy: 'split' },
    version: { pollInterval: 0 },
  },
};
