// Runs one command that may touch several shards, with every latch it needs held from start to end: so it is atomic, and
// nobody sees it half done. Used by workers (which try for the latches) and by the slow lane (which waits for them).
//
// How a value crosses: NUL IMAGE on its shard gives the value's bytes, NUL GUEST brings them in beside the other keys
// for the one command, NUL PUT stores them for good. assembly/commands/internal.ts has the formats. Which commands are
// taken apart, and how, is in many/.
import { type Command, commandOf, findCommand, keysTouched } from '../commands/index.js';
import * as abi from '../kernel/abi.js';
import type { Epochs } from '../kernel/epochs.js';
import { initShard, type KernelExports, newShardMemory, ShardKernel } from '../kernel/kernel.js';
import { takeOutput } from '../kernel/output.js';
import { bulkOf, integerOf, isError } from '../resp/reply.js';
import { encodeRequest } from '../resp/request.js';
import type { Evictor } from './evictor.js';
import type { Latches } from './latches.js';
import { leadPopFirst, leadStreams } from './many/each.js';
import { leadWithGuests } from './many/guests.js';
import { integerReply, type Leader, OOM, SLOW_BYTES, Slow, text } from './many/leader.js';
import { leadCopy, leadListMove, leadRename, leadSetMove } from './many/move.js';
import { leadSort } from './many/sort.js';
import { leadSplit } from './many/split.js';

/** What a connection brings to a command. */
export interface CallContext {
  db: number;
  proto: number;
  /** CALL_NO_TOUCH; and CALL_CLUSTER with its shard: what is about all keys is about that shard's then. */
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

/** The shard whose cluster port a command came in at, -1: none. */
function portOf({ callFlags }: CallContext): number {
  return (callFlags & abi.CALL_CLUSTER) === 0 ? -1 : (callFlags >>> abi.PORT_SHARD_SHIFT) & 0xff;
}

/** Redis's words for a log that cannot be written. */
export function misconf({ reason }: Epochs): Buffer {
  return Buffer.from(`-MISCONF Errors writing to the AOF file: ${reason === '' ? 'unknown error' : reason}\r\n`);
}

const SLOW_ARGS = 2000;
const SLOW_KEYS = 10000;
/** The keys of these may follow from the data. */
const SORTS = new Set(['sort', 'sort_ro']);

/** Commands over all shards that promise no common moment. */
const STEPWISE = new Set(['keys', 'dbsize', 'randomkey']);

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
  /** How long the last command took once it had its latches, in ms. */
  tookMs = 0;
  /** Within `together`: the shards whose latches are held, and the time that all its commands have. */
  #held: readonly number[] | undefined;
  #heldMs = 0;

  /** @param waits Wait for latches and run slow commands here (the slow lane) instead of giving them back. */
  constructor(
    readonly shards: readonly ShardKernel[],
    readonly latches: Latches,
    readonly clock: Clock,
    readonly waits: boolean,
    readonly evictor: Evictor,
  ) {
    this.#all = shards.map((_, i) => i);
  }

  /** Nothing is slow: this thread has time, or has begun something that cannot be left in the middle. */
  get patient(): boolean {
    return this.waits || this.#held !== undefined;
  }

  /** Whether latches are held for several commands: see `together`. */
  get holding(): boolean {
    return this.#held !== undefined;
  }

  /**
   * Does `work` as one step: with the latches of `needed` held from start to end. Commands that are run meanwhile use
   * these; each of their keys has to be on one of the shards.
   * @param needed Ascending, no duplicates; may be empty.
   */
  together<T>(needed: readonly number[], work: () => T): { readonly value: T } | { readonly busy: number } {
    if (this.#held) throw new Error('steps do not nest');
    if (this.waits) this.latches.takeAllBlocking(needed);
    else {
      const busy = this.latches.tryAll(needed);
      if (busy >= 0) return { busy };
    }
    this.#held = needed;
    this.#heldMs = this.clock.nowMs();
    try {
      return { value: work() };
    } finally {
      this.#held = undefined;
      this.latches.releaseAll(needed);
    }
  }

  #nowMs(): number {
    return this.#held ? this.#heldMs : this.clock.nowMs();
  }

  /**
   * Whether a frame looks as if it would take long as things are now. Executes nothing. Within `together` or not: without
   * the latches it is a guess.
   */
  looksLong(argv: readonly Buffer[], context: CallContext): boolean {
    const command = commandOf(argv);
    if (!command || command.where === 'host') return false;
    if (this.#looksSlow(argv)) return true;
    if (STEPWISE.has(command.name)) return this.#keysOf(context.db) > SLOW_KEYS;
    return this.shardsOf(command, argv, portOf(context)).some((index) => {
      try {
        this.#on(index, argv, { ...context, callFlags: abi.CALL_PROBE });
        return false;
      } catch (error) {
        if (error instanceof Slow) return true;
        throw error;
      }
    });
  }

  #keysOf(db: number): number {
    return this.shards.reduce((sum, shard) => sum + (shard.calls.databaseKeys(db) >>> 0), 0);
  }

  /**
   * Executes a command on shards whose latches are held: to serve a client that waited.
   * @param shards Those of its keys, ascending.
   */
  executeHeld(argv: readonly Buffer[], context: CallContext, shards: readonly number[]): Buffer {
    const held = this.#held;
    this.#held = shards;
    if (!held) this.#heldMs = this.clock.nowMs();
    try {
      return this.#lead(commandOf(argv)!, argv, context, shards);
    } finally {
      this.#held = held;
    }
  }

  /** Runs a command whose arity has been checked. */
  run(argv: readonly Buffer[], context: CallContext): Outcome {
    const command = commandOf(argv) ?? findCommand(argv[0].toString('latin1').toLowerCase());
    if (!command) throw new Error('an unknown command reached the shards');
    if (!this.patient && this.#looksSlow(argv)) return { slow: true };
    if (STEPWISE.has(command.name) && this.shards.length > 1 && portOf(context) < 0)
      return this.#stepwise(command.name, argv, context);
    const needed = this.shardsOf(command, argv, portOf(context));
    const { epochs } = this.shards[0];
    if (epochs.failed && command.flags.includes('write')) return { reply: misconf(epochs) };
    const grows = command.flags.includes('denyoom');
    if (grows && this.evictor.isOver(needed) && this.evictor.makeRoom() === 'none') return { reply: OOM };
    if (this.#held) {
      const beganMs = performance.now();
      const reply = this.#lead(command, argv, context, needed);
      this.tookMs = performance.now() - beganMs;
      return { reply };
    }
    if (this.waits) this.latches.takeAllBlocking(needed);
    else {
      const busy = this.latches.tryAll(needed);
      if (busy >= 0) return { busy };
    }
    const beganMs = performance.now();
    try {
      const reply = this.#lead(command, argv, context, needed);
      this.tookMs = performance.now() - beganMs;
      return { reply };
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

  /** Shards whose latches a command needs that is executed by `together`, ascending. */
  shardsTogether(command: Command, argv: readonly Buffer[]): readonly number[] {
    if (STEPWISE.has(command.name)) return this.#all;
    if (command.where === 'host' && this.#keyPositions(command, argv).length === 0) return [];
    return this.shardsOf(command, argv);
  }

  /** Shards whose latches the command needs, ascending. @param port Of the cluster port that it came in at, -1: none. */
  shardsOf(command: Command, argv: readonly Buffer[], port = -1): number[] {
    if (this.shards.length === 1) return this.#all;
    if (command.where === 'all') {
      if (port >= 0) return [port];
      if (command.name === 'scan') return [this.#cursorShard(argv[1])];
      return this.#all;
    }
    if (SORTS.has(command.name) && argv.some((arg, i) => i > 1 && /^(by|get)$/i.test(arg.toString('latin1')))) {
      return this.#all;
    }
    const found = new Set<number>();
    for (const position of this.#keyPositions(command, argv)) found.add(this.route(argv[position]));
    if (found.size === 0) return [0];
    return [...found].sort((a, b) => a - b);
  }

  #keyPositions(command: Command, argv: readonly Buffer[]): number[] {
    const { firstKey, lastKey, keyStep: step } = command;
    if (command.flags.includes('movablekeys')) return keysTouched(command, argv).map(({ position }) => position);
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
    if (this.shards.length === 1) return 0;
    return this.#place(key, (calls, ptr, bytes) => calls.route(ptr, bytes));
  }

  /** Redis Cluster's slot of a key, whatever the routing. */
  slotOf(key: Uint8Array): number {
    return this.#place(key, (calls, ptr, bytes) => calls.slot(ptr, bytes));
  }

  #place(key: Uint8Array, ask: (calls: KernelExports, ptr: number, bytes: number) => number): number {
    const shard = this.shards[0];
    if (key.length <= shard.layout.inBytes) {
      shard.bytes.set(key, shard.staging);
      return ask(shard.calls, shard.staging, key.length);
    }
    // A key longer than a window is hashed in a memory of this thread's own, where no latch is needed.
    this.#hasher ??= privateKernel(shard);
    const block = this.#hasher.calls.blockNew(key.length) >>> 0;
    if (block === 0) return 0;
    this.#hasher.view(block, key.length).set(key);
    const index = ask(this.#hasher.calls, block, key.length);
    this.#hasher.calls.blockFree(block);
    return index;
  }

  /** A frame of the host's own making (assembly/commands/internal.ts), on one shard, under its latch alone. */
  runInternal(shard: number, argv: readonly Buffer[], context: CallContext): Outcome {
    return this.#step(shard, argv, context);
  }

  /** KEYS, DBSIZE and RANDOMKEY: one shard after the other, so that none waits for the others. */
  #stepwise(name: string, argv: readonly Buffer[], context: CallContext): Outcome {
    const beganMs = performance.now();
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
      this.tookMs = performance.now() - beganMs;
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
    if (this.#held) return { reply: this.#on(index, argv, context) };
    const needed = [index];
    if (this.waits) this.latches.takeAllBlocking(needed);
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
    if (command.where === 'all' && portOf(context) < 0) return this.#leadAll(command.name, argv, context);
    if (shards.length === 1) return this.#on(shards[0], argv, context);
    const lead: Leader = {
      command,
      argv,
      context,
      patient: this.patient,
      positions: this.#keyPositions(command, argv),
      route: (key) => this.route(key),
      on: (shard, frame, as = context) => this.#on(shard, frame, as),
      canStore: (shard, keys, bytes) => this.shards[shard].calls.canStore(context.db, keys, bytes) === 1,
      guestsClear: (shard) => this.shards[shard].calls.guestsClear(),
      told: this.latches.attendant,
    };
    switch (command.name) {
      case 'rename':
      case 'renamenx':
        return leadRename(lead);
      case 'copy':
        return leadCopy(lead, this.shards[0].layout.databases);
      case 'lmove':
      case 'rpoplpush':
        return leadListMove(lead);
      case 'smove':
        return leadSetMove(lead);
      case 'lmpop':
      case 'zmpop':
        return leadPopFirst(lead);
      case 'xread':
      case 'xreadgroup':
        return leadStreams(lead);
      case 'sort':
      case 'sort_ro':
        return leadSort(lead);
      default:
        return command.where === 'split' ? leadSplit(lead) : leadWithGuests(lead);
    }
  }

  #leadAll(name: string, argv: readonly Buffer[], context: CallContext): Buffer {
    if (name === 'scan') return this.#on(this.#cursorShard(argv[1]), argv, context);
    if (this.shards.length === 1) return this.#on(0, argv, context);
    const replies = this.shards.map((_, index) => this.#on(index, argv, context));
    return replies.find(isError) ?? replies[0];
  }

  /** Prepares a shard for a call that executes no frame. */
  stamp(shard: ShardKernel, db: number): void {
    const nowMs = this.#nowMs();
    shard.stamp(nowMs, this.clock.lruClock(nowMs), db, 2, 0, 1, 0);
  }

  /** Executes one frame on one shard whose latch is held; the whole reply, copied. */
  #on(index: number, argv: readonly Uint8Array[], context: CallContext): Buffer {
    const shard = this.shards[index];
    const frame = encodeRequest(argv);
    const nowMs = this.#nowMs();
    const probing = (context.callFlags & abi.CALL_PROBE) !== 0;
    const patience = this.patient && !probing ? abi.CALL_SLOW : 0;
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
    if (shard.pending) this.latches.attendant?.collect(shard);
    return takeOutput(shard);
  }
}
