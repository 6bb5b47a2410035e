// Our own server as a process: `node dist/bundle/server/cli.js`, started and ended as redis-server.ts does it.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { endWithTest, type ServerOptions, serverForSuite, startServer, type TestServer } from './redis-server.js';

const CLI = fileURLToPath(new URL('../../dist/bundle/server/cli.js', import.meta.url));

export interface LatchkeyOptions extends ServerOptions {
  /** Number of shards; 1 unless given. */
  shards?: number;
  /** Number of workers; 1 unless given. */
  threads?: number;
  /** Arguments for node itself, before the script. */
  nodeArgs?: readonly string[];
}

/** Starts Latchkey on a free loopback port, in a temporary directory. Resolves when it is ready. */
export async function startLatchkeyServer(options: LatchkeyOptions = {}): Promise<TestServer> {
  if (!existsSync(CLI)) throw new Error(`${CLI} does not exist; run "npm run build" first`);
  return startServer(
    {
      name: 'latchkey',
      command: ({ port, socketPath }) => [
        process.execPath,
        ...(options.nodeArgs ?? []),
        CLI,
        ...['--port', String(port), '--bind', '127.0.0.1'],
        ...['--threads', String(options.threads ?? 1), '--shards', String(options.shards ?? 1)],
        ...(socketPath ? ['--unixsocket', socketPath] : []),
        ...(options.args ?? []),
      ],
    },
    { portsInRow: options.args?.includes('--cluster-enabled') ? 1 + (options.shards ?? 1) : 1, ...options },
  );
}

/** Starts a server that ends with the running test. */
export async function latchkeyServerForTest(options: LatchkeyOptions = {}): Promise<TestServer> {
  return endWithTest(await startLatchkeyServer(options));
}

/** Called in a `describe` body: starts a server before its tests and stops it after them. */
export function latchkeyServerForSuite(options: LatchkeyOptions = {}): () => TestServer {
  return serverForSuite(() => startLatchkeyServer(options));
}
