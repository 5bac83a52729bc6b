import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** The repository, from which the local server reads templates and sites. */
export const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

const PROGRAM =
  process.env['CLIENTCONNECT'] ?? `${process.env['CARGO_TARGET_DIR'] ?? `${ROOT}target`}/debug/clientconnect`;

/** A local server on ports of its own. */
export interface Server {
  portal: string;
  admin: string;
  /** As if the plug was pulled. */
  stop(): Promise<void>;
  /** After it was stopped: the same data at the same addresses. */
  startAgain(): Promise<void>;
}

/** Starts one on a data file, and returns when it answers; a file that isn't there gets the demo agency. */
export async function start(file: string, variables: Record<string, string> = {}): Promise<Server> {
  const env = {
    ...process.env,
    PORTAL_PORT: '0',
    ADMIN_PORT: '0',
    AWS_PORT: '0',
    LOCAL_DATA: file,
    ...variables,
  };
  const { child, portal, admin } = await launch(env);
  let running = child;
  return {
    portal,
    admin,
    stop: () => stop(running),
    async startAgain() {
      const ports = { PORTAL_PORT: new URL(portal).port, ADMIN_PORT: new URL(admin).port };
      running = (await launch({ ...env, ...ports })).child;
    },
  };
}

async function launch(
  env: NodeJS.ProcessEnv,
): Promise<{ child: ChildProcess; portal: string; admin: string }> {
  const child = spawn(PROGRAM, { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const said: string[] = [];
  child.stderr.on('data', (text) => said.push(String(text)));
  const address = (name: string) => new RegExp(`${name}\\s+(http://127\\.0\\.0\\.1:\\d+)`);
  for await (const line of createInterface({ input: child.stdout })) {
    said.push(line);
    if (!line.includes('Ctrl-C')) continue;
    child.stdout.resume();
    const [portal, admin] = [address("Clients' site"), address("Workers' site")].map(
      (pattern) => said.join('\n').match(pattern)?.[1],
    );
    if (portal && admin) return { child, portal, admin };
  }
  throw new Error(`The local server did not start:\n${said.join('\n')}`);
}

function stop(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.signalCode) return resolve();
    child.once('exit', () => resolve());
    child.kill('SIGKILL');
  });
}
