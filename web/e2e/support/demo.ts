import { mkdirSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { start } from './server.ts';

const directory = fileURLToPath(new URL('../results/data', import.meta.url));

/** The demo agency, loaded once; each test works on a copy. */
export const DEMO = `${directory}/demo.db`;

/** A file for one test's copy. */
export const copyFor = (name: string): string => `${directory}/${name}.db`;

export default async function load(): Promise<void> {
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  await (await start(DEMO)).stop();
}
