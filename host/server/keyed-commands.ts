// What a thread does for commands on keys that do not come straight from a window: one by one, as transactions, with keys
// that are watched or cached, and those that wait. Each gets the latches it needs, sooner or later, and the connection
// waits meanwhile, not the thread.
import { type Command, commandOf, keysTouched, type Reply } from '../commands/index.js';
import { CALL_NO_TOUCH } from '../kernel/abi.js';
import type { ShardKernel } from '../kernel/kernel.js';
import { encodeReply, isError } from '../resp/reply.js';
import { type Blocking, blockingOf, foundNothing, TimeoutError } from '../worker/blocking.js';
import { type Connection, clusterFlags } from '../worker/connection.js';
import type { Evictor } from '../worker/evictor.js';
import { type CallContext, type FrameRunner, misconf, type Outcome } from '../worker/frame-runner.js';
import type { FrameServer } from '../worker/frame-server.js';
import { type Latches, RESERVE_AFTER_MS } from '../worker/latches.js';
import type { SlowReply } from '../worker/slow-lane.js';
import { STAT } from '../worker/stats.js';
import type { Tracking } from '../worker/tracking.js';
import type { Waiters } from '../worker/waiters.js';
import type { Watched, Watches } from '../worker/watches.js';
import { executeHostCommand, isHostCommand } from './commands/index.js';
import { remembers } from './commands/tracking.js';
import type { Client, Encoded, Services } from './context.js';
import { type Step, type Transactions, withDatabases } from './transactions.js';

const OUT_OF_MEMORY = "OOM command not allowed when used memory > 'maxmemory'.";
const LAST_ID = Buffer.from('$');

/** What of a thread it works with. */
export interface Parts {
  readonly shards: readonly ShardKernel[];
  readonly frames: FrameServer;
  readonly latches: Latches;
  readonly runner: FrameRunner;
  readonly evictor: Evictor;
  readonly watches: Watches;
  readonly waiters: Waiters;
  readonly transactions: Transactions;
  readonly tracking: Tracking<Client>;
  slowCommand(argv: readonly Uint8Array[], context: CallContext): Promise<SlowReply>;
}

export class KeyedCommands {
  /** @param services What host commands of a transaction see. */
  constructor(
    readonly parts: Parts,
    readonly services: Services,
  ) {}

  /** What a client brings to a command. */
  contextOf({ db, proto, noTouch, clusterShard }: Client): CallContext {
    const callFlags = (noTouch ? CALL_NO_TOUCH : 0) | clusterFlags(clusterShard);
    return { db, proto, callFlags, bulkBytesMax: this.services.config.values.protoMaxBulkLen };
  }

  async call(argv: readonly Uint8Array[], client: Client): Promise<Buffer> {
    return this.#run(argv, client);
  }

  run(argv: readonly Uint8Array[], client: Client): Buffer | Promise<Buffer> {
    const command = commandOf(argv)!;
    return this.#run(argv, client, (reply, ms) =>
      this.services.observer.ran(command, argv, client, ms, isError(reply)),
    );
  }

  /** @param told Called once it has run, with its own time. */
  #run(
    argv: readonly Uint8Array[],
    client: Client,
    told?: (reply: Buffer, ms: number) => void,
  ): Buffer | Promise<Buffer> {
    const frame = argv as Buffer[];
    this.services.stats.addCalls(this.parts.runner.opcodeOf(frame), 1);
    const command = commandOf(frame);
    const writes = command?.flags.includes('write') ?? false;
    const caches = command !== undefined && remembers(client, command.flags.includes('readonly'));
    return this.#untilFree<Buffer>(writes, () => {
      const context = this.contextOf(client);
      const outcome = caches
        ? this.#runAndCache(command, frame, client, context)
        : this.#runFor(client, frame, context);
      if ('reply' in outcome) {
        told?.(outcome.reply, this.parts.runner.tookMs);
        return outcome.reply;
      }
      if (!('slow' in outcome)) return outcome;
      const slow = this.parts.slowCommand(frame, context);
      return (caches ? this.#toldBehind(client, slow) : slow).then(({ reply, tookMs }) => {
        told?.(Buffer.from(reply), tookMs);
        return Buffer.from(reply);
      });
    });
  }

  /** NOLOOP: whoever changes a key is not told of it. */
  #runFor(client: Client, frame: readonly Buffer[], context: CallContext): Outcome {
    this.parts.tracking.writer = client.id;
    const outcome = this.parts.runner.run(frame, context);
    this.parts.tracking.writer = 0;
    return outcome;
  }

  /** A client reads what it may cache: the next change of its keys is told to it, from before it reads. */
  #runAndCache(command: Command, frame: readonly Buffer[], client: Client, context: CallContext): Outcome {
    const keys = keysTouched(command, frame).map(({ position }) => frame[position]);
    const cache = (): Outcome => {
      this.parts.tracking.read(client, client.db, keys, (key) => this.parts.runner.route(key));
      return this.parts.runner.looksLong(frame, context) ? { slow: true } : this.parts.runner.run(frame, context);
    };
    if (this.parts.runner.holding) return cache();
    const outcome = this.parts.runner.together(this.parts.runner.shardsTogether(command, frame), cache);
    return 'busy' in outcome ? outcome : outcome.value;
  }

  /** The same for what a lane will read in a transaction. */
  #cacheQueued(frames: readonly Buffer[][], client: Client): void {
    for (const { argv, db } of withDatabases(frames, client.db, this.parts.shards[0].layout.databases)) {
      const command = commandOf(argv)!;
      if (!remembers(client, command.flags.includes('readonly'))) continue;
      const keys = keysTouched(command, argv).map(({ position }) => argv[position]);
      this.parts.tracking.read(client, db, keys, (key) => this.parts.runner.route(key));
    }
  }

  /** Of what changes while a lane reads it the client is told behind the reply, which may have the old value. */
  #toldBehind<T>(client: Client, reply: Promise<T>): Promise<T> {
    const connection = client as Connection;
    connection.holdsPushes = true;
    return reply.then((value) => {
      connection.holdsPushes = false;
      return value;
    });
  }

  /**
   * Does what needs latches, again and again until it gets them: at once if it can. Within a transaction it has them.
   * @param attempt Answers `busy` with nothing done; else what is to be answered.
   */
  #untilFree<T extends object>(writes: boolean, attempt: () => T | Busy | Promise<T>): T | Promise<T> {
    if (this.parts.runner.holding) return attempt() as T;
    if (!this.parts.frames.holdsUp(writes)) {
      const first = attempt();
      if (!isBusy(first)) return first;
      return this.#wait(first.busy).then(() => this.#tryOn(writes, attempt));
    }
    return this.#tryOn(writes, attempt);
  }

  async #tryOn<T extends object>(writes: boolean, attempt: () => T | Busy | Promise<T>): Promise<T> {
    const sinceMs = performance.now();
    for (;;) {
      while (this.parts.frames.holdsUp(writes)) {
        // Others may go on meanwhile.
        this.parts.latches.unreserve();
        await this.parts.frames.heldUp();
      }
      const outcome = await attempt();
      if (!isBusy(outcome)) return outcome;
      if (performance.now() - sinceMs > RESERVE_AFTER_MS) this.parts.latches.reserve(outcome.busy);
      await this.#wait(outcome.busy);
    }
  }

  #wait(shard: number): Promise<unknown> {
    return new Promise((resolve) => this.parts.latches.wait(shard, resolve));
  }

  // Transactions.

  refusal(command: Command): string | undefined {
    const [{ epochs }] = this.parts.shards;
    if (command.flags.includes('denyoom') && this.#isOutOfMemory()) return OUT_OF_MEMORY;
    if (command.flags.includes('write') && epochs.failed) return misconf(epochs).toString().slice(1, -2);
    return undefined;
  }

  #isOutOfMemory(): boolean {
    return this.parts.evictor.limit.exists && this.parts.evictor.makeRoom() === 'none';
  }

  exec(client: Client): Encoded | Reply | Promise<Encoded | Reply> {
    const { frames, failed } = client.multi!;
    const { watched } = client;
    client.multi = undefined;
    client.eachFrame--;
    client.watched = [];
    const end = <T>(reply: T): T => {
      this.parts.watches.drop(watched);
      return reply;
    };
    if (failed) return end({ error: 'EXECABORT Transaction discarded because of previous errors.' });
    const commands = frames.map((argv) => commandOf(argv)!);
    for (const command of commands) {
      const why = this.refusal(command);
      if (why) return end({ error: `EXECABORT Transaction discarded because of: ${why}` });
    }
    this.services.stats.add(STAT.commands, frames.length);
    const execute = (argv: Buffer[]): Reply | Encoded | Promise<Reply | Encoded> => {
      client.executing = true;
      const reply = executeHostCommand(argv, client, this.services);
      client.executing = false;
      // RESP may change in the middle: what is there already is written in the protocol that it was given in.
      return reply instanceof Promise ? reply : { encoded: encoded(reply, client.proto) };
    };
    const writes = commands.some((command) => command.flags.includes('write'));
    const outcome = this.#untilFree<Said>(writes, () => {
      const { transactions } = this.parts;
      const tried = transactions.try(frames, watched, client, execute, () => this.#cacheQueued(frames, client));
      if (tried === 'long') {
        const replies = transactions.inLane(frames, watched, client, (argv) => this.#stepOf(argv), execute);
        return (client.tracked ? this.#toldBehind(client, replies) : replies).then(said);
      }
      return typeof tried === 'object' && 'busy' in tried ? tried : said(tried);
    });
    const finish = (done: Said): Encoded | Promise<Encoded> => {
      end(undefined);
      if (done.replies === 'changed') return { encoded: nullArray(client.proto) };
      return this.#together(done.replies, client);
    };
    return outcome instanceof Promise ? outcome.then(finish) : finish(outcome);
  }

  /** The replies of a transaction as one. */
  #together(
    replies: readonly (Reply | Encoded | Promise<Reply | Encoded>)[],
    { proto }: Client,
  ): Encoded | Promise<Encoded> {
    const head = Buffer.from(`*${replies.length}\r\n`);
    const join = (all: readonly (Reply | Encoded)[]): Encoded => ({
      encoded: Buffer.concat([head, ...all.map((reply) => encoded(reply, proto))]),
    });
    if (replies.some((reply) => reply instanceof Promise)) return Promise.all(replies).then(join);
    return join(replies as (Reply | Encoded)[]);
  }

  /** What a frame is to a lane that executes the kernel's part of a transaction. */
  #stepOf(argv: Buffer[]): Step | undefined {
    const command = commandOf(argv)!;
    const blocking = blockingOrError(command.name, argv);
    if (blocking && !('error' in blocking)) return { argv: blocking.attempt, shape: blocking.shape };
    return isHostCommand(command) ? undefined : { argv, shape: (reply) => reply };
  }

  watch(keys: readonly Buffer[], client: Client): Reply | Promise<Reply> {
    const { db } = client;
    const fresh = keys.filter((key) => !client.watched.some((each) => each.db === db && each.key.equals(key)));
    const shards = [...new Set(fresh.map((key) => this.parts.runner.route(key)))].sort((a, b) => a - b);
    const outcome = this.#untilFree<{ added: Watched[] | undefined }>(false, () => {
      const done = this.parts.runner.together(shards, () => this.parts.watches.add(fresh, db));
      return 'busy' in done ? done : { added: done.value };
    });
    const finish = ({ added }: { added: Watched[] | undefined }): Reply => {
      if (!added) return { error: OUT_OF_MEMORY };
      if ((client as Connection).closed) this.parts.watches.drop(added);
      else client.watched = [...client.watched, ...added];
      return { status: 'OK' };
    };
    return outcome instanceof Promise ? outcome.then(finish) : finish(outcome);
  }

  unwatch(client: Client): void {
    this.parts.watches.drop(client.watched);
    client.watched = [];
  }

  // Commands that wait.

  block(argv: readonly Buffer[], client: Client, command: Command): Encoded | Reply | Promise<Encoded | Reply> {
    const frame = argv as Buffer[];
    const blocking = blockingOrError(command.name, frame);
    if (!blocking) return encodedLater(this.#run(frame, client));
    if ('error' in blocking) return blocking;
    const attempt = blocking.attempt as Buffer[];
    if (client.executing || blocking.timeoutMs < 0) {
      return encodedLater(this.#run(attempt, client), blocking.shape);
    }
    const context = this.contextOf(client);
    const outcome = this.#untilFree<Buffer>(command.flags.includes('write'), () => {
      const shards = this.parts.runner.shardsTogether(commandOf(attempt)!, attempt);
      const done = this.parts.runner.together(shards, () => {
        // Whoever is gone takes nothing, and must not be left waiting.
        if ((client as Connection).closed) return Buffer.alloc(0);
        if (this.parts.runner.looksLong(attempt, context)) return 'long' as const;
        const tried = this.parts.runner.run(attempt, context);
        if (!('reply' in tried)) throw new Error('a command under latches did not come to its end');
        if (!foundNothing(tried.reply) || isError(tried.reply)) return tried.reply;
        return this.parts.waiters.wait(
          client.id,
          blockingOf(command.name, frame, (key) => this.#lastId(key, context))!,
          context,
        );
      });
      if ('busy' in done) return done;
      if (done.value === 'long')
        return this.parts.slowCommand(attempt, context).then(({ reply }) => Buffer.from(reply));
      return done.value;
    });
    return encodedLater(outcome, blocking.shape);
  }

  /** What `$` stands for, within `together`. */
  #lastId(key: Buffer, context: CallContext): Buffer {
    const argv = [Buffer.from('XINFO'), Buffer.from('STREAM'), key];
    const outcome = this.parts.runner.run(argv, { ...context, proto: 2 });
    const text = 'reply' in outcome ? outcome.reply.toString('latin1') : '';
    return Buffer.from(/last-generated-id\r\n\$\d+\r\n(\d+-\d+)/.exec(text)?.[1] ?? '0-0');
  }

  pass(timeoutMs: number, client: Client, reply: Buffer): Promise<Encoded> {
    const context = this.contextOf(client);
    const waited = this.parts.waiters.pass(client.id, timeoutMs, context, reply);
    return Promise.resolve(waited).then((bytes) => ({ encoded: bytes }));
  }
}

/** A shard's latch could not be had, and nothing was done. */
interface Busy {
  readonly busy: number;
}
const isBusy = (outcome: object): outcome is Busy => 'busy' in outcome;

interface Said {
  readonly replies: readonly (Reply | Encoded | Promise<Reply | Encoded>)[] | 'changed';
}
/** What came of a transaction, as an object that can be told from `busy`. */
const said = (tried: Said['replies']): Said => ({ replies: tried });

const nullArray = (proto: number): Buffer => Buffer.from(proto === 3 ? '_\r\n' : '*-1\r\n');

/** What a command that may wait comes down to, if its timeout is right. */
function blockingOrError(name: string, argv: readonly Buffer[]): Blocking | { error: string } | undefined {
  try {
    return blockingOf(name, argv, () => LAST_ID);
  } catch (error) {
    if (error instanceof TimeoutError) return { error: error.message };
    throw error;
  }
}

function encodedLater(
  reply: Buffer | Promise<Buffer>,
  shape = (bytes: Buffer): Buffer => bytes,
): Encoded | Promise<Encoded> {
  if (reply instanceof Promise) return reply.then((bytes) => ({ encoded: shape(bytes) }));
  return { encoded: shape(reply) };
}

/** The bytes of a reply, in the client's protocol. */
export function encoded(reply: Reply | Encoded, proto: number): Uint8Array {
  return isEncoded(reply) ? reply.encoded : encodeReply(reply, proto);
}
function isEncoded(reply: Reply | Encoded): reply is Encoded {
  return typeof reply === 'object' && reply !== null && 'encoded' in reply;
}
