// Runs one command that may touch several shards, with every latch it needs held from start to end: so it is atomic, and
// nobody sees it half done. Used by workers (which try for the latches) and by the slow lane (which waits for them).
//
// How a value crosses: NUL IMAGE on its shard gives the value's bytes, NUL GUEST brings them in beside the other keys
// for the one command, NUL PUT stores them for good. assembly/commands/internal.ts has the formats.
import { type Command, commandOf, findCommand } from '../commands/index.js';
import * as abi from '../kernel/abi.js';
import { initShard, newShardMemory, ShardKernel } from '../kernel/kernel.js';
import { bulkOf, elementsOf, integerOf, isError } from '../resp/reply.js';
import { encodeRequest } from '../resp/request.js';
import type { Latches } from './latches.js';

/** What a connection brings to a command. */
export interface CallContext {
  db: number;
  proto: number;
  /** CALL_NO_TOUCH or 0. */
  callFlags: number;
  bulkBytesMax: number;
}

/** Outcome: the reply; or the shard whose latch was busy; or that the command belongs into the slow lane. */
export type Outcome = { reply: Buffer } | { busy: number } | { slow: true };

/** Time and clocks that a thread stamps its calls with. */
export interface Clock {
  nowMs(): number;
  /** @param nowMs What nowMs has just answered. */
  lruClock(nowMs: number): number;
}

const SLOW_BYTES = 1 << 20;
const SLOW_ARGS = 2000;
const SLOW_KEYS = 10000;
/** LCS works through a row of 64-bit words per byte of its first string; assembly/commands/cost.ts has the same bound. */
const SLOW_LCS_STEPS = 150_000;

const text = (value: string): Buffer => Buffer.from(value, 'latin1');
const NUL_IMAGE = text('\0IMAGE');
const NUL_PUT = text('\0PUT');
const NUL_GUEST = text('\0GUEST');
const NUL_SIZE = text('\0SIZE');
const OK = text('+OK\r\n');
const OOM = text("-OOM command not allowed when used memory > 'maxmemory'.\r\n");
const NO_SUCH_KEY = text('-ERR no such key\r\n');
const integerReply = (value: number): Buffer => text(`:${value}\r\n`);

const lcsSteps = (a: number, b: number): number => a * (Math.floor(b / 64) + 4) + b;

/** Commands over all shards that promise no common moment. */
const STEPWISE = new Set(['keys', 'dbsize', 'randomkey']);

/** Thrown under the latches when a command proves too long for this thread; nothing has been changed then. */
class Slow extends Error {}

/** A kernel over a memory that no other thread sees, with the same routing. */
function privateKernel(like: ShardKernel): ShardKernel {
  const layout = { ...like.layout, windowCount: 1, inBytes: 4096, outBytes: 65536, logBytes: 4096 };
  const memory = newShardMemory(like.shared, layout.pagesMax);
  initShard(like.module, memory, 0, layout);
  return new ShardKernel(like.module, memory, 0, 0, layout);
}

export class FrameRunner {
  readonly #all: number[];
  #hasher: ShardKernel | undefined;

  /** @param patient Wait for latches and run slow commands here (the slow lane) instead of giving them back. */
  constructor(
    readonly shards: readonly ShardKernel[],
    readonly latches: Latches,
    readonly clock: Clock,
    readonly patient: boolean,
  ) {
    this.#all = shards.map((_, i) => i);
  }

  /** Runs a command whose arity has been checked. */
  run(argv: readonly Buffer[], context: CallContext): Outcome {
    const command = commandOf(argv) ?? findCommand(argv[0].toString('latin1').toLowerCase());
    if (!command) throw new Error('an unknown command reached the shards');
    if (!this.patient && this.#looksSlow(argv)) return { slow: true };
    if (STEPWISE.has(command.name) && this.shards.length > 1) return this.#stepwise(command.name, argv, context);
    const needed = this.#shardsOf(command, argv);
    if (this.patient) this.latches.takeAllBlocking(needed);
    else {
      const busy = this.latches.tryAll(needed);
      if (busy >= 0) return { busy };
    }
    try {
      return { reply: this.#lead(command, argv, context, needed) };
    } catch (error) {
      if (error instanceof Slow) return { slow: true };
      throw error;
    } finally {
      this.latches.releaseAll(needed);
    }
  }

  /** The shard of a frame's first key; 0 without one. */
  homeOf(argv: readonly Buffer[]): number {
    const command = commandOf(argv) ?? findCommand(argv[0].toString('latin1').toLowerCase());
    const first = command ? this.#keyPositions(command, argv)[0] : undefined;
    return first === undefined ? 0 : this.route(argv[first]);
  }

  /** Number of the command that a frame calls; 0 for none of the kernel's. */
  opcodeOf(argv: readonly Buffer[]): number {
    return findCommand(argv[0].toString('latin1').toLowerCase())?.opcode ?? 0;
  }

  #looksSlow(argv: readonly Buffer[]): boolean {
    if (argv.length > SLOW_ARGS) return true;
    let bytes = 0;
    for (const arg of argv) bytes += arg.length;
    return bytes > SLOW_BYTES;
  }

  /** Shards whose latches the command needs, ascending. */
  #shardsOf(command: Command, argv: readonly Buffer[]): number[] {
    if (this.shards.length === 1) return this.#all;
    if (command.where === 'all') {
      if (command.name === 'scan') return [this.#cursorShard(argv[1])];
      return this.#all;
    }
    const found = new Set<number>();
    for (const position of this.#keyPositions(command, argv)) found.add(this.route(argv[position]));
    if (found.size === 0) return [0];
    return [...found].sort((a, b) => a - b);
  }

  #keyPositions(command: Command, argv: readonly Buffer[]): number[] {
    const { firstKey, lastKey, keyStep: step } = command;
    const positions: number[] = [];
    if (firstKey === 0) return positions;
    const last = lastKey < 0 ? argv.length + lastKey : lastKey;
    for (let i = firstKey; i <= last && i < argv.length; i += step) positions.push(i);
    return positions;
  }

  #cursorShard(cursor: Buffer): number {
    const digits = cursor.toString('latin1');
    const shard = /^\d{1,16}$/.test(digits) ? Math.floor(Number(digits) / 2 ** 38) : 0;
    return shard < this.shards.length ? shard : 0;
  }

  /** The shard of a key. */
  route(key: Uint8Array): number {
    const shard = this.shards[0];
    if (this.shards.length === 1) return 0;
    if (key.length <= shard.layout.inBytes) {
      shard.bytes.set(key, shard.staging);
      return shard.calls.route(shard.staging, key.length);
    }
    // A key longer than a window is hashed in a memory of this thread's own, where no latch is needed.
    this.#hasher ??= privateKernel(shard);
    const block = this.#hasher.calls.blockNew(key.length) >>> 0;
    if (block === 0) return 0;
    this.#hasher.view(block, key.length).set(key);
    const index = this.#hasher.calls.route(block, key.length);
    this.#hasher.calls.blockFree(block);
    return index;
  }

  /** KEYS, DBSIZE and RANDOMKEY: one shard after the other, so that none waits for the others. */
  #stepwise(name: string, argv: readonly Buffer[], context: CallContext): Outcome {
    const keys = this.shards.map((shard) => shard.calls.databaseKeys(context.db) >>> 0);
    const total = keys.reduce((sum, count) => sum + count, 0);
    if (name === 'keys' && !this.patient && total > SLOW_KEYS) return { slow: true };
    const replies: Buffer[] = [];
    // RANDOMKEY begins at a shard drawn by its number of keys; should that prove empty, the others have their turn.
    let first = 0;
    if (name === 'randomkey') {
      let draw = Math.random() * total;
      while (first < keys.length - 1 && draw >= keys[first]) draw -= keys[first++];
    }
    for (let i = 0; i < keys.length; i++) {
      const step = this.#step((first + i) % keys.length, argv, context);
      if (!('reply' in step)) return step;
      if (isError(step.reply) || (name === 'randomkey' && bulkOf(step.reply) !== null)) return step;
      replies.push(step.reply);
    }
    if (name === 'randomkey') return { reply: replies[0] };
    if (name === 'dbsize') return { reply: integerReply(replies.reduce((sum, reply) => sum + integerOf(reply), 0)) };
    const bodies = replies.map((reply) => {
      const line = reply.indexOf(10) + 1;
      return { count: Number(reply.toString('latin1', 1, line - 2)), body: reply.subarray(line) };
    });
    const count = bodies.reduce((sum, part) => sum + part.count, 0);
    return { reply: Buffer.concat([text(`*${count}\r\n`), ...bodies.map((part) => part.body)]) };
  }

  /** One frame on one shard, under its latch alone. */
  #step(index: number, argv: readonly Buffer[], context: CallContext): Outcome {
    const needed = [index];
    if (this.patient) this.latches.takeAllBlocking(needed);
    else if (this.latches.tryAll(needed) >= 0) return { busy: index };
    try {
      return { reply: this.#on(index, argv, context) };
    } catch (error) {
      if (error instanceof Slow) return { slow: true };
      throw error;
    } finally {
      this.latches.releaseAll(needed);
    }
  }

  // Everything from here on runs with the latches held.

  #lead(command: Command, argv: readonly Buffer[], context: CallContext, shards: readonly number[]): Buffer {
    if (command.where === 'all') return this.#leadAll(command.name, argv, context);
    if (shards.length === 1) return this.#on(shards[0], argv, context);
    if (command.where === 'split') return this.#split(command, argv, context);
    if (command.where === 'guest') return this.#withGuests(command, argv, context);
    if (command.name === 'copy') return this.#copy(argv, context);
    return this.#rename(argv, context, command.name === 'renamenx');
  }

  #leadAll(name: string, argv: readonly Buffer[], context: CallContext): Buffer {
    if (name === 'scan') return this.#on(this.#cursorShard(argv[1]), argv, context);
    if (this.shards.length === 1) return this.#on(0, argv, context);
    const replies = this.shards.map((_, index) => this.#on(index, argv, context));
    return replies.find(isError) ?? replies[0];
  }

  /** MGET, MSET, MSETNX, DEL, UNLINK, EXISTS, TOUCH over several shards. */
  #split(command: Command, argv: readonly Buffer[], context: CallContext): Buffer {
    const step = command.keyStep;
    if (step === 2 && argv.length % 2 === 0) {
      return text(`-ERR wrong number of arguments for '${command.name}' command\r\n`);
    }
    const parts = new Map<number, Buffer[]>();
    const owners: number[] = [];
    for (let i = 1; i < argv.length; i += step) {
      const shard = this.route(argv[i]);
      owners.push(shard);
      const part = parts.get(shard) ?? [];
      parts.set(shard, part);
      part.push(...argv.slice(i, i + step));
    }
    if (step === 2) return this.#splitSet(command.name, parts, context);
    const replies = new Map<number, Buffer>();
    for (const [shard, part] of parts) {
      const reply = this.#on(shard, [argv[0], ...part], context);
      if (isError(reply)) return reply;
      replies.set(shard, reply);
    }
    if (command.name !== 'mget') {
      return integerReply([...replies.values()].reduce((sum, reply) => sum + integerOf(reply), 0));
    }
    const queues = new Map([...replies].map(([shard, reply]) => [shard, elementsOf(reply).values()]));
    const elements = owners.map((shard) => queues.get(shard)!.next().value as Buffer);
    return Buffer.concat([text(`*${elements.length}\r\n`), ...elements]);
  }

  /** Nothing is stored before every shard has room for its part. */
  #splitSet(name: string, parts: Map<number, Buffer[]>, context: CallContext): Buffer {
    const onlyNew = name === 'msetnx';
    if (onlyNew) {
      for (const [shard, part] of parts) {
        const keys = part.filter((_, i) => i % 2 === 0);
        if (integerOf(this.#on(shard, [text('EXISTS'), ...keys], context)) !== 0) return integerReply(0);
      }
    }
    for (const [shard, part] of parts) {
      const bytes = part.reduce((sum, arg) => sum + arg.length, 0);
      // Room for the values, their frame, and their log record.
      if (this.shards[shard].calls.canStore(context.db, part.length / 2, bytes * 3 + part.length * 48 + 65536) !== 1) {
        return OOM;
      }
    }
    for (const [shard, part] of parts) {
      const reply = this.#on(shard, [text('MSET'), ...part], context);
      if (isError(reply)) return reply;
    }
    return onlyNew ? integerReply(1) : OK;
  }

  /** BITOP and LCS: the command runs on one shard, the others' values are its guests. */
  #withGuests(command: Command, argv: readonly Buffer[], context: CallContext): Buffer {
    const positions = this.#keyPositions(command, argv);
    const isBitop = command.name === 'bitop';
    const home = this.route(argv[positions[0]]);
    const sources = isBitop ? positions.slice(1) : positions;
    if (!this.patient) {
      const sizes = sources.map((at) =>
        Math.max(0, integerOf(this.#on(this.route(argv[at]), [NUL_SIZE, argv[at]], context))),
      );
      const slow = isBitop
        ? sizes.reduce((a, b) => a + b, 0) > SLOW_BYTES
        : lcsSteps(sizes[0], sizes[1]) > SLOW_LCS_STEPS;
      if (slow) throw new Slow();
    }
    try {
      for (const at of sources) {
        const shard = this.route(argv[at]);
        if (shard === home) continue;
        const image = bulkOf(this.#on(shard, [NUL_IMAGE, argv[at]], context));
        if (!image) continue;
        const taken = this.#on(home, [NUL_GUEST, argv[at], image], context);
        if (isError(taken)) return taken;
      }
      return this.#on(home, argv, context);
    } finally {
      this.shards[home].calls.guestsClear();
    }
  }

  #image(key: Buffer, context: CallContext): Buffer | null {
    const shard = this.route(key);
    if (!this.patient && integerOf(this.#on(shard, [NUL_SIZE, key], context)) > SLOW_BYTES) throw new Slow();
    return bulkOf(this.#on(shard, [NUL_IMAGE, key], context));
  }

  #exists(key: Buffer, context: CallContext): boolean {
    return integerOf(this.#on(this.route(key), [NUL_SIZE, key], context)) >= 0;
  }

  /** RENAME and RENAMENX to another shard. */
  #rename(argv: readonly Buffer[], context: CallContext, onlyNew: boolean): Buffer {
    const image = this.#image(argv[1], context);
    if (!image) return NO_SUCH_KEY;
    if (onlyNew && this.#exists(argv[2], context)) return integerReply(0);
    const put = this.#on(this.route(argv[2]), [NUL_PUT, argv[2], image], context);
    if (isError(put)) return put;
    this.#on(this.route(argv[1]), [text('DEL'), argv[1]], context);
    return onlyNew ? integerReply(1) : OK;
  }

  /** COPY to another shard. The kernel words the errors: a frame with bad options is simply executed at its source. */
  #copy(argv: readonly Buffer[], context: CallContext): Buffer {
    let replace = false;
    let db = context.db;
    for (let i = 3; i < argv.length; i++) {
      const option = argv[i].toString('latin1').toLowerCase();
      const value = option === 'db' && i + 1 < argv.length ? argv[i + 1].toString('latin1') : '';
      if (option === 'replace') replace = true;
      else if (/^(0|[1-9]\d{0,8})$/.test(value) && Number(value) < this.shards[0].layout.databases) {
        db = Number(value);
        i++;
      } else return this.#on(this.route(argv[1]), argv, context);
    }
    const image = this.#image(argv[1], context);
    this.#on(this.route(argv[1]), [text('TOUCH'), argv[1]], context);
    if (!image) return integerReply(0);
    const target = { ...context, db };
    if (!replace && this.#exists(argv[2], target)) return integerReply(0);
    // An integer's copy is an object of its own in Redis: OBJECT REFCOUNT tells.
    if (image[1] === 1) image[2] |= 4;
    const put = this.#on(this.route(argv[2]), [NUL_PUT, argv[2], image], target);
    return isError(put) ? put : integerReply(1);
  }

  /** Executes one frame on one shard whose latch is held; the whole reply, copied. */
  #on(index: number, argv: readonly Uint8Array[], context: CallContext): Buffer {
    const shard = this.shards[index];
    const frame = encodeRequest(argv);
    const nowMs = this.clock.nowMs();
    const patience = this.patient ? abi.CALL_SLOW : 0;
    const flags = context.callFlags | abi.CALL_ALL | abi.CALL_INTERNAL | patience;
    shard.stamp(nowMs, this.clock.lruClock(nowMs), context.db, context.proto, flags, 1, context.bulkBytesMax);
    let status: number;
    if (frame.length <= shard.layout.inBytes && argv.length <= abi.ARGV_BYTES / 8) {
      shard.bytes.set(frame, shard.staging);
      status = shard.calls.exec(shard.window, shard.staging, frame.length, shard.output, shard.layout.outBytes);
    } else {
      const block = shard.calls.blockNew(frame.length) >>> 0;
      if (block === 0) return OOM;
      shard.view(block, frame.length).set(frame);
      shard.setControl(abi.CONTROL_BULK_MAX, Math.max(context.bulkBytesMax, frame.length));
      status = shard.calls.execBlock(shard.window, block, frame.length, argv.length);
      shard.calls.blockFree(block);
      if (status === abi.STATUS_NO_MEMORY) return OOM;
    }
    if (status === abi.STATUS_SLOW) throw new Slow();
    if (status !== abi.STATUS_DONE) throw new Error(`the kernel answered status ${status} to a whole frame`);
    return takeOutput(shard);
  }
}

/** Copies the output of the last `exec` out and gives its pieces up. The latch is held. */
export function takeOutput(shard: ShardKernel): Buffer {
  const pieces = shard.control(abi.CONTROL_PIECES);
  if (pieces === 0) {
    return Buffer.from(shard.bytes.subarray(shard.output, shard.output + shard.control(abi.CONTROL_OUT_BYTES)));
  }
  const parts: Uint8Array[] = [];
  for (let i = 0; i < pieces; i++) {
    const row = (shard.window + abi.WINDOW_PIECES + i * 16) >> 2;
    const length = shard.words[row + 1] >>> 0;
    if (length !== 0) parts.push(shard.view(shard.words[row] >>> 0, length));
  }
  const whole = Buffer.concat(parts);
  shard.calls.release(shard.window, pieces);
  return whole;
}
