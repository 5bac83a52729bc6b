import type { ServerOptions } from 'vite';

/** For `npm run dev`: what isn't the page's own comes from a running `make run`. */
export function toLocalServer(variable: string, port: number): ServerOptions {
  const target = `http://127.0.0.1:${process.env[variable] ?? port}`;
  const asItsOwn = { target, changeOrigin: true, headers: { origin: target } };
  return { fs: { allow: ['..'] }, proxy: { '/api': asItsOwn, '/uploads': asItsOwn, '/_local': asItsOwn } };
}
