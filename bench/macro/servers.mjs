// Server processes: started in turn, timed from their start to their first reply, and stopped (SIGSTOP) while another one
// is measured, so that rivals never share the cores.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Client } from './client.mjs';

const CLI = fileURLToPath(new URL('../../dist/bundle/server/cli.js', import.meta.url));
const READY_WITHIN_MS = 15_000;
/** Attempts to connect to a server that is not there yet cost it time on a machine with few cores: few of them. */
const RETRY_MS = 10;
const READY_LINE = 'Ready to accept connections';

const running = new Set();
process.on('exit', () => {
  for (const server of running) server.kill();
});
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1));

function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

/** Prefixes a command with taskset if cores are given. */
export const pinned = (cores, command) => (cores ? ['taskset', '-c', cores, ...command] : command);

/**
 * Nothing is ever written to disk, on either side, unless `fsync` names a policy of appendfsync. Then both keep a log in
 * the server's temporary directory.
 */
export function redisServer(name = 'redis-server', program = 'redis-server', fsync = undefined) {
  return {
    name: fsync ? `${name} ${fsync}` : name,
    command: (port, directory) => [
      ...[program, '--port', String(port), '--bind', '127.0.0.1', '--dir', directory],
      ...['--save', '', '--daemonize', 'no'],
      ...(fsync ? ['--appendonly', 'yes', '--appendfsync', fsync] : ['--appendonly', 'no']),
    ],
  };
}

/** @param {{ threads: number, shards: number, nodeArgs?: string[], fsync?: string }} options */
export function latchkey({ threads, shards, nodeArgs = [], fsync }) {
  return {
    name: `latchkey ${threads}w ${shards}s${fsync ? ` ${fsync}` : ''}`,
    command: (port, directory) => [
      ...[process.execPath, ...nodeArgs, CLI, '--port', String(port), '--bind', '127.0.0.1'],
      ...['--threads', String(threads), '--shards', String(shards)],
      ...(fsync ? ['--dir', join(directory, 'data'), '--appendfsync', fsync] : []),
    ],
  };
}

class Server {
  #child;
  #directory;
  #output = '';
  #ended;
  #sayReady;
  #saidReady = new Promise((resolve) => {
    this.#sayReady = resolve;
  });

  constructor(kind, port, directory, cores) {
    this.name = kind.name;
    this.port = port;
    this.#directory = directory;
    const command = pinned(cores, kind.command(port, directory));
    this.startedAt = performance.now();
    this.#child = spawn(command[0], command.slice(1), { cwd: directory, stdio: ['ignore', 'pipe', 'pipe'] });
    running.add(this);
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => {
        this.#output = (this.#output + text).slice(-4000);
        if (this.#output.includes(READY_LINE)) this.#sayReady();
      });
    }
    this.#ended = new Promise((resolve) => {
      const end = (what) => {
        running.delete(this);
        rmSync(directory, { recursive: true, force: true });
        this.ended = what;
        resolve();
      };
      this.#child.once('error', (error) => end(error.message));
      this.#child.once('exit', (code, signal) => end(`ended with ${signal ?? `code ${code}`}`));
    });
  }

  get pid() {
    return this.#child.pid;
  }

  /**
   * Sends PING, once the server says that it is ready and a few times before (one that starts more threads may answer
   * earlier), until it is answered. Afterwards `client` is open and `firstReplyMs` says when that was.
   */
  async ready() {
    let saidReady = false;
    const ready = this.#saidReady.then(() => {
      saidReady = true;
    });
    while (performance.now() - this.startedAt < READY_WITHIN_MS) {
      if (this.ended) break;
      const client = new Client(this.port);
      try {
        await client.call('PING');
        this.firstReplyMs = performance.now() - this.startedAt;
        this.client = client;
        return;
      } catch {
        client.close();
        await (saidReady ? sleep(1) : Promise.race([ready, sleep(RETRY_MS)]));
      }
    }
    throw new Error(`${this.name} did not answer: ${this.ended ?? 'still running'}\n${this.#output}`);
  }

  pause() {
    this.#child.kill('SIGSTOP');
  }

  resume() {
    this.#child.kill('SIGCONT');
  }

  kill() {
    this.#child.kill('SIGKILL');
    rmSync(this.#directory, { recursive: true, force: true });
  }

  /** Ends it in order. */
  async stop() {
    this.client?.close();
    this.resume();
    this.#child.kill('SIGTERM');
    const timer = setTimeout(() => this.kill(), 10_000);
    await this.#ended;
    clearTimeout(timer);
  }
}

/** Starts a server and waits for its first reply. The process that answers is the one that is accounted for. */
export async function startServer(kind, cores) {
  const port = await freePort();
  const server = new Server(kind, port, mkdtempSync(join(tmpdir(), 'latchkey-bench-')), cores);
  try {
    await server.ready();
  } catch (error) {
    server.kill();
    throw error;
  }
  return server;
}
