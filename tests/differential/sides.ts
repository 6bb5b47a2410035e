// The two servers of a differential test: Latchkey, and the redis-server that is right.
//
// With env LATCHKEY_DIFFERENTIAL_SELF=1 a second redis-server takes Latchkey's place. Every differential test must pass
// that way: whatever then differs is a fault of the harness or a reply that was never comparable.
import { afterAll, beforeAll } from 'vitest';
import type { Duel, Protocol, Side } from '../support/generator/duel.js';
import { startLatchkeyServer } from '../support/latchkey-server.js';
import { describeExit, startRedisServer, type TestServer } from '../support/redis-server.js';
import { RespClient } from '../support/resp-client.js';

export const SELF = process.env.LATCHKEY_DIFFERENTIAL_SELF === '1';
/** What the server under test is called in titles and messages. */
export const SUBJECT = SELF ? 'redis-server (in place of latchkey)' : 'latchkey';

const OUTPUT_EXCERPT_CHARS = 3_000;

export interface Configuration {
  shards: number;
  threads: number;
}

/** A server that is started on first use, and again when it is needed after it has ended by itself. */
export class ServerSide implements Side {
  #server: Promise<TestServer> | undefined;
  #lastEnd: string | undefined;

  constructor(
    readonly name: string,
    readonly start: () => Promise<TestServer>,
  ) {}

  async server(): Promise<TestServer> {
    if (this.#server && (await this.#server).ended) this.#server = undefined;
    this.#server ??= this.start();
    return this.#server;
  }

  async connect(protocol: Protocol, timeoutMs: number): Promise<RespClient> {
    const client = await RespClient.connect((await this.server()).port, timeoutMs);
    if (protocol === 3) {
      const reply = await client.call('HELLO', 3);
      if (reply[0] !== '%'.charCodeAt(0)) throw new Error(`${this.name} answers HELLO 3 with ${reply}`);
    }
    return client;
  }

  async post(): Promise<string | undefined> {
    const server = await this.#server;
    if (!server) return undefined;
    // A process that is about to end may close its sockets a moment before.
    await Promise.race([server.exited, new Promise((resolve) => setTimeout(resolve, 500))]);
    if (!server.ended) return undefined;
    const output = server.output().slice(-OUTPUT_EXCERPT_CHARS);
    this.#lastEnd = `${this.name} ended by itself (${describeExit(server.ended)}); its last output:\n${output}`;
    return this.#lastEnd;
  }

  /** @throws Error when the server had ended by itself and nobody has been told. */
  async stop(): Promise<void> {
    const server = await this.#server?.catch(() => undefined);
    if (!server) return;
    const unnoticed = server.ended && !this.#lastEnd ? await this.post() : undefined;
    await server.stop();
    if (unnoticed) throw new Error(unnoticed);
  }
}

/**
 * Called in a `describe` body: both servers, running before its tests and stopped after them.
 * @param referenceArgs More command line arguments for the reference.
 */
export function sides(
  configuration: Configuration,
  referenceArgs: readonly string[] = [],
): Pick<Duel, 'subject' | 'reference'> & {
  subject: ServerSide;
  reference: ServerSide;
} {
  const subject = new ServerSide(SUBJECT, () => (SELF ? startRedisServer() : startLatchkeyServer(configuration)));
  const reference = new ServerSide('redis-server', () => startRedisServer({ args: referenceArgs }));
  beforeAll(async () => {
    await Promise.all([subject.server(), reference.server()]);
  });
  afterAll(async () => {
    await Promise.all([subject.stop(), reference.stop()]);
  });
  return { subject, reference };
}
