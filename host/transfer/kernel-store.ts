// A store that nobody else uses: the kernels of all shards in this thread. Frames for one shard are gathered in its
// window and executed together; whatever touches several shards waits for those before it.
import { type Command, commandOf, findCommand } from '../commands/index.js';
import { LatchkeyError } from '../errors.js';
import * as abi from '../kernel/abi.js';
import {
  HEADER_DROPPED_HEAD,
  HEADER_EXPIRY_STALE,
  HEADER_FLAG_CLOCK_STOPPED,
  HEADER_FLAGS,
  HEADER_GARBAGE_HEAD,
  ShardKernel,
} from '../kernel/kernel.js';
import { takeOutput } from '../kernel/output.js';
import { decodeRequest } from '../resp/request.js';
import { SystemClock } from '../worker/clock.js';
import { Evictor } from '../worker/evictor.js';
import { FrameRunner } from '../worker/frame-runner.js';
import { Latches } from '../worker/latches.js';
import type { StoreParts } from '../worker/store-parts.js';
import { Frames } from './frames.js';
import { type Item, partsOf, shown } from './item.js';
import { ReplyError, ReplyReader, type ReplyValue } from './reply-reader.js';

const OWNER = 1;
const WINDOW = 0;
const BULK_BYTES_MAX = 0x7fffffff;
const RECLAIM_BUDGET = 4096;
const EXPIRE_BUDGET = 1 << 16;
/** Keys that are read together. */
const WALK_KEYS = 256;
/** Where a cursor of SCAN keeps the shard. */
const CURSOR_SHARD = 2 ** 38;

/** What a frame is, for the message if it fails. */
export type Label = () => string;

/** Frames that wait in a shard's window. */
interface Batch {
  db: number;
  bytes: number;
  readonly labels: Label[];
}

export class KernelStore {
  readonly shards: readonly ShardKernel[];
  readonly #latches: Latches;
  readonly #clock: SystemClock;
  readonly #runner: FrameRunner;
  readonly #batches: Batch[];
  readonly #all: number[];
  readonly #frames = new Frames();

  constructor(readonly parts: StoreParts) {
    const { module, memories, layout } = parts;
    this.shards = memories.map((memory, index) => new ShardKernel(module, memory, index, WINDOW, layout));
    this.#latches = new Latches(this.shards, OWNER);
    this.#clock = new SystemClock(this.shards[0]);
    this.#runner = new FrameRunner(
      this.shards,
      this.#latches,
      this.#clock,
      true,
      new Evictor(this.shards, this.#latches, this.#clock, () => {}),
    );
    this.#batches = this.shards.map(() => ({ db: 0, bytes: 0, labels: [] }));
    this.#all = this.shards.map((_, index) => index);
  }

  /** Nothing expires while the clock is stopped: what a log says is taken at its word. */
  stopClock(stopped: boolean): void {
    this.flush();
    for (const shard of this.shards) {
      const others = shard.header(HEADER_FLAGS) & ~HEADER_FLAG_CLOCK_STOPPED;
      shard.setHeader(HEADER_FLAGS, stopped ? others | HEADER_FLAG_CLOCK_STOPPED : others);
    }
  }

  /** Keys of all databases. */
  keys(): number {
    this.flush();
    let sum = 0;
    for (const { calls, layout } of this.shards)
      for (let db = 0; db < layout.databases; db++) sum += calls.databaseKeys(db) >>> 0;
    return sum;
  }

  /** @throws LatchkeyError `BAD_TARGET`: there is no such database. */
  checkDatabase(db: number): void {
    const { databases } = this.parts.layout;
    if (db < databases) return;
    throw new LatchkeyError(
      'BAD_TARGET',
      `there is a key in database ${db}, and ${databases} databases; see --databases`,
    );
  }

  /** Stores an item. What is wrong with it shows now, or with a later item, or at `flush`. */
  restore(item: Item): void {
    this.checkDatabase(item.db);
    const label = (): string => `key ${shown(item.key)} of database ${item.db}`;
    this.#enqueue(this.#runner.route(item.key), item.db, this.#frames.restore(item), undefined, label);
  }

  /**
   * Executes a write command of a log; its database has been checked.
   * @param frame The same as a multibulk frame. Both are borrowed for the call.
   */
  execute(command: Command, db: number, frame: Buffer, argv: readonly Buffer[], label: Label): void {
    const { firstKey, lastKey, flags } = command;
    const single = (this.shards.length === 1 || firstKey === lastKey) && firstKey > 0 && !flags.includes('movablekeys');
    if (single && argv.length > firstKey) {
      this.#enqueue(this.#runner.route(argv[firstKey]), db, frame, argv, label);
      return;
    }
    this.flush();
    this.#runAlone(db, argv, label);
  }

  /** Removes a key of database 0. */
  remove(key: Buffer): void {
    this.flush();
    this.ask(0, [Buffer.from('DEL'), key]);
    this.#reclaim();
  }

  /** @param argv The frame's arguments, if they are at hand. */
  #enqueue(index: number, db: number, frame: Buffer, argv: readonly Buffer[] | undefined, label: Label): void {
    const shard = this.shards[index];
    const batch = this.#batches[index];
    const { inBytes } = shard.layout;
    if (frame.length + batch.bytes > inBytes || db !== batch.db) this.#flushShard(index);
    if (frame.length > inBytes || (argv && argv.length > abi.ARGS_MAX)) {
      this.#flushShard(index);
      this.#runAlone(db, argv ?? decodeRequest(frame), label);
      return;
    }
    batch.db = db;
    shard.bytes.set(frame, shard.input + batch.bytes);
    batch.bytes += frame.length;
    batch.labels.push(label);
  }

  #runAlone(db: number, argv: readonly Buffer[], label: Label): void {
    const reply = this.ask(db, argv);
    if (reply[0] === 0x2d) this.#refuse(label, reply.toString('utf8', 1, reply.length - 2));
    this.#reclaim();
  }

  /** A command's reply, whatever it touches, after all that waits. */
  ask(db: number, argv: readonly Buffer[]): Buffer {
    this.flush();
    const context = { db, proto: 2, callFlags: abi.CALL_NO_TOUCH, bulkBytesMax: BULK_BYTES_MAX };
    const outcome = this.#runner.run(argv, context);
    if (!('reply' in outcome)) throw new Error('a command waits in a store that nobody else uses');
    return outcome.reply;
  }

  /** Everything that waits is executed. @throws LatchkeyError for the first frame that failed. */
  flush(): void {
    for (const index of this.#all) this.#flushShard(index);
  }

  #flushShard(index: number): void {
    const batch = this.#batches[index];
    if (batch.bytes === 0) return;
    const shard = this.shards[index];
    const { bytes } = batch;
    batch.bytes = 0;
    const labels = batch.labels.splice(0);
    let done = 0;
    this.#within(index, batch.db, bytes, (output, commands, errors) => {
      if (errors) {
        const replies = new ReplyReader().push(output());
        const failed = replies.findIndex((reply) => reply instanceof ReplyError);
        if (failed >= 0) this.#refuse(labels[done + failed], (replies[failed] as ReplyError).message);
      } else shard.calls.release(shard.window, shard.control(abi.CONTROL_PIECES));
      done += commands;
    });
    this.#reclaim();
  }

  /**
   * Executes the frames in a shard's window, in as many calls as the room for replies makes necessary.
   * @param after Told after each call: how to take its replies, the commands executed, and whether one failed.
   */
  #within(
    index: number,
    db: number,
    bytes: number,
    after: (output: () => Buffer, commands: number, errors: boolean) => void,
  ): void {
    const shard = this.shards[index];
    this.#latches.takeAllBlocking([index]);
    try {
      for (let from = 0; from < bytes; ) {
        const nowMs = this.#clock.nowMs();
        const flags = abi.CALL_SLOW | abi.CALL_NO_TOUCH;
        shard.stamp(nowMs, this.#clock.lruClock(nowMs), db, 2, flags, 0x7fffffff, BULK_BYTES_MAX);
        const at = shard.input + from;
        const status = shard.calls.exec(shard.window, at, bytes - from, shard.output, shard.layout.outBytes);
        if (status !== abi.STATUS_DONE && status !== abi.STATUS_FULL)
          throw new Error(`the kernel answered status ${status} to a frame that is whole`);
        after(() => takeOutput(shard), shard.control(abi.CONTROL_COMMANDS), shard.control(abi.CONTROL_ERRORS) > 0);
        from += shard.control(abi.CONTROL_CONSUMED);
      }
    } finally {
      this.#latches.releaseAll([index]);
    }
  }

  #refuse(label: Label | undefined, said: string): never {
    const what = label ? label() : 'a command';
    if (!said.startsWith('OOM')) throw new LatchkeyError('BAD_SOURCE', `${what} cannot be taken over: ${said}`);
    throw new LatchkeyError('BAD_TARGET', `${what} does not fit the memory of its shard; more --shards have more room`);
  }

  /** Frees what was flushed or dropped meanwhile: no housekeeper does it here. */
  #reclaim(): void {
    for (const shard of this.shards) {
      if (shard.header(HEADER_GARBAGE_HEAD) === 0 && shard.header(HEADER_DROPPED_HEAD) === 0) continue;
      this.#latches.takeAllBlocking([shard.index]);
      while (shard.calls.reclaim(RECLAIM_BUDGET) === 1);
      this.#latches.releaseAll([shard.index]);
    }
  }

  /** Drops every key whose time has come. */
  expireAll(): void {
    this.flush();
    for (const shard of this.shards) {
      this.#latches.takeAllBlocking([shard.index]);
      const nowMs = this.#clock.nowMs();
      shard.stamp(nowMs, this.#clock.lruClock(nowMs), 0, 2, 0, 1, 0);
      do shard.calls.expire(shard.window, EXPIRE_BUDGET);
      while (shard.header(HEADER_EXPIRY_STALE) !== 0);
      this.#latches.releaseAll([shard.index]);
    }
    this.#reclaim();
  }

  /** All items, by database. Nothing may be written meanwhile. */
  *items(): Generator<Item, void> {
    this.flush();
    for (let db = 0; db < this.parts.layout.databases; db++) {
      if (this.shards.every(({ calls }) => calls.databaseKeys(db) === 0)) continue;
      let cursor = '0';
      do {
        const argv = ['SCAN', cursor, 'COUNT', String(WALK_KEYS)].map((text) => Buffer.from(text));
        const [next, keys] = whole(this.ask(db, argv)) as [Buffer, Buffer[]];
        yield* this.#read(Math.floor(Number(cursor) / CURSOR_SHARD), db, keys);
        cursor = String(next);
      } while (cursor !== '0');
    }
  }

  /** The items of keys that all lie in one shard. */
  *#read(index: number, db: number, keys: readonly Buffer[]): Generator<Item, void> {
    const shard = this.shards[index];
    let from = 0;
    while (from < keys.length) {
      let bytes = 0;
      let to = from;
      for (; to < keys.length; to++) {
        const frame = this.#frames.read(keys[to]);
        if (bytes + frame.length > shard.layout.inBytes) break;
        shard.bytes.set(frame, shard.input + bytes);
        bytes += frame.length;
      }
      const reader = new ReplyReader();
      const replies: ReplyValue[] = [];
      if (to > from) this.#within(index, db, bytes, (output) => replies.push(...reader.push(output())));
      else {
        // A key that is longer than the window.
        for (const name of ['PEXPIRETIME', 'DUMP']) replies.push(whole(this.ask(db, [Buffer.from(name), keys[from]])));
        to++;
      }
      for (let i = 0; from < to; from++, i += 2) {
        const payload = replies[i + 1];
        if (payload instanceof ReplyError) this.#refuse(() => `key ${shown(keys[from])}`, payload.message);
        const parts = Buffer.isBuffer(payload) ? partsOf(payload) : undefined;
        // It has expired since it was seen.
        if (!parts) continue;
        const expires = BigInt(replies[i] as number);
        yield { db, key: keys[from], ...parts, expiresMs: expires > 0n ? expires : 0n };
      }
    }
  }
}

/** The one value of a whole reply. */
function whole(reply: Buffer): ReplyValue {
  const [value] = new ReplyReader().push(reply);
  if (value === undefined) throw new Error('a reply of the kernel is not whole');
  return value;
}

/** The command that a frame of a log calls. */
export function commandNamed(argv: readonly Buffer[]): Command | undefined {
  return commandOf(argv) ?? findCommand(argv[0].toString('latin1').toLowerCase());
}
