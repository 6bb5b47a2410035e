// How processes that want the same directory find each other: each listens on a local socket of its own, and tells who
// connects how far it has come.
//
//   > connect
//   < pid 4711\n           at once
//   < holds\n              when it holds the directory, which may be at once or later; then the end
//   < (the end)            it gave up
//
// The system takes a connection as long as the process lives, and refuses it from the moment it is dead, SIGKILL or not.
import { connect, createServer, type Server, type Socket } from 'node:net';

const ANSWER_CHARS_MAX = 64;

/** This process's side. It keeps no process alive. */
export class LockListener {
  readonly #server: Server;
  /** Those who wait for what becomes of this process's attempt. */
  readonly #waiting = new Set<Socket>();
  #holds = false;

  private constructor() {
    this.#server = createServer((socket) => this.#answer(socket));
    this.#server.unref();
  }

  /** Listens at `path`, which nothing has yet. @throws NodeJS.ErrnoException */
  static async at(path: string): Promise<LockListener> {
    const listener = new LockListener();
    const server = listener.#server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      // Every user may connect: a refusal has to mean that nobody listens, and never that this user may not ask.
      server.listen({ path, exclusive: true, readableAll: true, writableAll: true }, () => {
        server.off('error', reject);
        resolve();
      });
    });
    // What can fail from here on is taking one connection: whoever made it finds out by itself.
    server.on('error', () => {});
    return listener;
  }

  #answer(socket: Socket): void {
    socket.on('error', () => {});
    socket.unref();
    socket.write(`pid ${process.pid}\n`);
    if (this.#holds) {
      socket.end('holds\n');
      return;
    }
    this.#waiting.add(socket);
    socket.once('close', () => this.#waiting.delete(socket));
  }

  /** From now on the answer is that this process holds the directory. */
  hold(): void {
    this.#holds = true;
    for (const socket of this.#waiting) socket.end('holds\n');
  }

  /** Gives up: whoever waits is told, and later connections are refused. */
  close(): void {
    this.#server.close();
    for (const socket of this.#waiting) socket.destroy();
  }
}

/** What became of somebody's attempt. */
export type Outcome = 'holds' | 'gone';

export interface Neighbour {
  /** `gone`: nobody listens there. `starting`: somebody who does not hold the directory yet. */
  readonly state: Outcome | 'starting';
  /** Undefined if it did not say. */
  readonly pid: number | undefined;
  /** Where an attempt that is under way leads. */
  readonly outcome: Promise<Outcome>;
}

/**
 * Asks who listens at `path`. Only a refused connection, or none to be had because the name leads nowhere, means that
 * nobody does; whoever takes the connection and does not answer in time is taken to hold the directory.
 */
export function ask(path: string, timeoutMs: number): Promise<Neighbour> {
  return new Promise((resolve) => {
    const socket = connect(path);
    let text = '';
    let settle: (outcome: Outcome) => void = () => {};
    const outcome = new Promise<Outcome>((resolveOutcome) => {
      settle = resolveOutcome;
    });
    const answer = (state: Neighbour['state']): void => {
      resolve({ state, pid: Number(/^pid (\d+)\n/.exec(text)?.[1]) || undefined, outcome });
    };
    const end = (how: Outcome): void => {
      clearTimeout(timer);
      settle(how);
      answer(how);
      socket.destroy();
    };
    const timer = setTimeout(() => end('holds'), timeoutMs);
    socket.setEncoding('latin1');
    socket.on('data', (chunk: string) => {
      text = (text + chunk).slice(0, ANSWER_CHARS_MAX);
      if (/^pid \d+\nholds\n/.test(text)) end('holds');
      else if (/^pid \d+\n/.test(text)) answer('starting');
    });
    socket.on('end', () => end('gone'));
    socket.on('error', ({ code }: NodeJS.ErrnoException) => {
      const isGone = code === 'ECONNREFUSED' || code === 'ENOENT' || code === 'ECONNRESET' || code === 'EPIPE';
      end(isGone ? 'gone' : 'holds');
    });
  });
}
