// Server processes for tests: how one is started, watched and ended, and redis-server as the first kind of it.
// latchkey-server.ts is the second kind.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, onTestFinished } from 'vitest';
import { freePort, freePortsInRow } from './ports.js';
import { requirePrograms } from './programs.js';

/** How a process ended: an exit code, or the signal that killed it. */
export type ExitStatus = { code: number | null; signal: NodeJS.Signals | null };

export interface ServerOptions {
  /** More command line arguments, after the harness's own, so they win. */
  args?: readonly string[];
  /** Also listen on a Unix socket in the server's temporary directory. */
  unix?: boolean;
  /** Ports that it listens on, from the first one on; 1 unless given. */
  portsInRow?: number;
}

export interface TestServer {
  readonly name: string;
  readonly port: number;
  readonly pid: number;
  /** Path of the Unix socket, if one was asked for. */
  readonly socketPath: string | undefined;
  /** The server's working directory, removed after it has stopped. */
  readonly directory: string;
  /** Set once the process has ended, by whatever cause. */
  readonly ended: ExitStatus | undefined;
  /** Resolves when the process ends, by whatever cause. */
  readonly exited: Promise<ExitStatus>;
  /** SIGTERM, then wait; SIGKILL and an error if it has not ended after ten seconds. May be called again. */
  stop(): Promise<ExitStatus>;
  /** SIGKILL, then wait. */
  kill(): Promise<ExitStatus>;
  /** All it has written to stdout and stderr so far, in order of arrival. */
  output(): string;
}

/** What the launcher must know about a kind of server. */
export interface ServerKind {
  name: string;
  /** The command line for one start: program first. */
  command(place: { port: number; socketPath: string | undefined; directory: string }): string[];
}

const READY = 'Ready to accept connections';
const READY_WITHIN_MS = 20_000;
const STOP_WITHIN_MS = 10_000;
const START_ATTEMPTS_MAX = 4;

/** Processes to end if this one exits without having stopped them. */
const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** Starts redis-server: no persistence, loopback only, in a temporary directory. Resolves when it is ready. */
export function startRedisServer(options: ServerOptions = {}): Promise<TestServer> {
  const [path] = requirePrograms('redis-server');
  return startServer(
    {
      name: 'redis-server',
      command: ({ port, socketPath, directory }) => [
        path,
        ...['--port', String(port), '--bind', '127.0.0.1', '--dir', directory, '--daemonize', 'no'],
        ...['--save', '', '--appendonly', 'no'],
        ...(socketPath ? ['--unixsocket', socketPath] : []),
        ...(options.args ?? []),
      ],
    },
    options,
  );
}

/** Starts a server that ends with the running test. */
export async function redisServerForTest(options: ServerOptions = {}): Promise<TestServer> {
  return endWithTest(await startRedisServer(options));
}

/** Called in a `describe` body: starts a server before its tests and stops it after them. */
export function redisServerForSuite(options: ServerOptions = {}): () => TestServer {
  return serverForSuite(() => startRedisServer(options));
}

/** Registers a server's stop with the running test. */
export function endWithTest(server: TestServer): TestServer {
  onTestFinished(async () => {
    await server.stop();
  });
  return server;
}

/** Starts before the tests of the enclosing `describe`, stops after them. */
export function serverForSuite(start: () => Promise<TestServer>): () => TestServer {
  let server: TestServer | undefined;
  beforeAll(async () => {
    server = await start();
  });
  afterAll(async () => {
    await server?.stop();
  });
  return () => {
    if (!server) throw new Error('the server starts before the tests; ask for it inside one');
    return server;
  };
}

/** Starts a server of some kind and waits for its ready line; tries other ports if the first was taken meanwhile. */
export async function startServer(kind: ServerKind, options: ServerOptions = {}): Promise<TestServer> {
  for (let attempt = 1; ; attempt++) {
    const { portsInRow = 1 } = options;
    const port = portsInRow > 1 ? await freePortsInRow(portsInRow) : await freePort();
    const server = new ServerProcess(kind, port, options.unix === true);
    try {
      await server.ready();
      return server;
    } catch (error) {
      await server.stop();
      if (attempt === START_ATTEMPTS_MAX || !/EADDRINUSE|address already in use/i.test(server.output())) throw error;
    }
  }
}

class ServerProcess implements TestServer {
  readonly name: string;
  readonly port: number;
  readonly socketPath: string | undefined;
  readonly directory: string;
  readonly exited: Promise<ExitStatus>;
  ended: ExitStatus | undefined;
  readonly #child: ChildProcess;
  readonly #commandLine: string;
  #output = '';
  #onOutput: () => void = () => {};

  constructor(kind: ServerKind, port: number, unix: boolean) {
    this.name = kind.name;
    this.port = port;
    this.directory = mkdtempSync(join(tmpdir(), `latchkey-test-${kind.name}-`));
    this.socketPath = unix ? join(this.directory, 'server.sock') : undefined;
    const command = kind.command(this);
    this.#commandLine = command.join(' ');
    this.#child = spawn(command[0], command.slice(1), { cwd: this.directory, stdio: ['ignore', 'pipe', 'pipe'] });
    running.add(this.#child);
    for (const stream of [this.#child.stdout!, this.#child.stderr!]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.#output += text;
        this.#onOutput();
      });
    }
    this.exited = new Promise((resolve) => {
      const end = (status: ExitStatus) => {
        running.delete(this.#child);
        rmSync(this.directory, { recursive: true, force: true });
        this.ended = status;
        resolve(status);
      };
      this.#child.once('error', (error) => {
        this.#output += `${error.message}\n`;
        end({ code: null, signal: null });
      });
      // 'close' comes after the last output has been read, 'exit' may come before.
      this.#child.once('close', (code, signal) => end({ code, signal }));
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  output(): string {
    return this.#output;
  }

  async ready(): Promise<void> {
    const seen = new Promise<boolean>((resolve) => {
      this.#onOutput = () => this.#output.includes(READY) && resolve(true);
    });
    const timer = deadline(READY_WITHIN_MS);
    const ready = await Promise.race([seen, this.exited.then(() => false), timer.passed.then(() => false)]);
    timer.cancel();
    this.#onOutput = () => {};
    if (ready) return;
    const what = this.ended
      ? `ended before it was ready (${describeExit(this.ended)})`
      : `printed no "${READY}" within ${READY_WITHIN_MS} ms`;
    throw new Error(`${this.name} ${what}\n  command: ${this.#commandLine}\n  output:\n${this.#output}`);
  }

  async kill(): Promise<ExitStatus> {
    this.#child.kill('SIGKILL');
    return this.exited;
  }

  async stop(): Promise<ExitStatus> {
    if (this.ended) return this.ended;
    this.#child.kill('SIGTERM');
    const timer = deadline(STOP_WITHIN_MS);
    const status = await Promise.race([this.exited, timer.passed.then(() => undefined)]);
    timer.cancel();
    if (status) return status;
    this.#child.kill('SIGKILL');
    await this.exited;
    throw new Error(`${this.name} ignored SIGTERM for ${STOP_WITHIN_MS} ms and was killed; output:\n${this.#output}`);
  }
}

export function describeExit({ code, signal }: ExitStatus): string {
  return signal ? `killed by ${signal}` : `exit code ${code}`;
}

function deadline(ms: number): { passed: Promise<void>; cancel: () => void } {
  let timer: NodeJS.Timeout;
  const passed = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  return { passed, cancel: () => clearTimeout(timer) };
}
