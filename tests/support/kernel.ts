// One shard in this process, in any of the four builds: frames in, reply bytes out. No worker, no socket.
import { readFileSync } from 'node:fs';
import * as abi from '../../host/kernel/abi.js';
import {
  HEADER_EXPIRY_STALE,
  HEADER_FLAGS,
  initShard,
  newShardMemory,
  ShardKernel,
  type ShardLayout,
} from '../../host/kernel/kernel.js';
import type { Build } from './wasm.js';

export type Arg = string | number | bigint | Uint8Array;

/** A request frame. Strings are Latin-1: '\x00'..'\xff' are bytes. */
export function frame(...args: Arg[]): Buffer {
  const parts: Buffer[] = [Buffer.from(`*${args.length}\r\n`)];
  for (const arg of args) {
    const bytes = arg instanceof Uint8Array ? Buffer.from(arg) : Buffer.from(String(arg), 'latin1');
    parts.push(Buffer.from(`$${bytes.length}\r\n`), bytes, Buffer.from('\r\n'));
  }
  return Buffer.concat(parts);
}

const modules = new Map<string, WebAssembly.Module>();
export function moduleFor(build: Build): WebAssembly.Module {
  const file = `build/kernel.${build.memory}.${build.mode}.wasm`;
  let module = modules.get(file);
  if (!module) {
    module = new WebAssembly.Module(readFileSync(file));
    modules.set(file, module);
  }
  return module;
}

export class TestKernel {
  readonly shard: ShardKernel;
  db = 0;
  proto = 2;
  flags = abi.CALL_SLOW;
  now = 1_700_000_000_000;
  lruClock = 1000;
  /** proto-max-bulk-len. */
  bulkMax = 512 << 20;
  /** Status of the last `feed`. */
  status = 0;

  constructor(build: Build, options: Partial<ShardLayout> & { seed?: number; shardIndex?: number } = {}) {
    const layout: ShardLayout = {
      shardCount: 1,
      routing: 0,
      databases: 16,
      windowCount: 1,
      inBytes: 1 << 20,
      outBytes: 1 << 18,
      logBytes: 1 << 16,
      pagesMax: 65536,
      ...options,
    };
    const memory = newShardMemory(build.memory === 'shared', layout.pagesMax);
    const seed = new Uint8Array(104);
    let state = options.seed ?? 12345;
    for (let i = 0; i < seed.length; i++) {
      state = (Math.imul(state, 1103515245) + 12345) >>> 0;
      seed[i] = state >>> 16;
    }
    initShard(moduleFor(build), memory, options.shardIndex ?? 0, layout, seed);
    this.shard = new ShardKernel(moduleFor(build), memory, options.shardIndex ?? 0, 0, layout);
  }

  /** Switches effect logging on. */
  logOn(): this {
    this.shard.setHeader(HEADER_FLAGS, this.shard.header(HEADER_FLAGS) | 1);
    return this;
  }

  /** Fills in the caller's half of the control block. */
  stamp(commandsMax: number): void {
    const s = this.shard;
    s.setNow(this.now);
    s.setControl(abi.CONTROL_DB, this.db);
    s.setControl(abi.CONTROL_PROTO, this.proto);
    s.setControl(abi.CONTROL_FLAGS, this.flags);
    s.setControl(abi.CONTROL_COMMANDS_MAX, commandsMax);
    s.setControl(abi.CONTROL_BULK_MAX, this.bulkMax);
    s.setControl(abi.CONTROL_LRU_CLOCK, this.lruClock);
  }

  /** Executes raw bytes once under the latch; returns the reply bytes. `status` and the control block say the rest. */
  feed(bytes: Uint8Array, commandsMax: number = abi.FRAMES_MAX): Buffer {
    const s = this.shard;
    this.stamp(commandsMax);
    let block = 0;
    if (bytes.length <= s.layout.inBytes) {
      s.bytes.set(bytes, s.input);
      this.status = s.calls.run(s.window, 0, bytes.length, 1, 0);
      // Queued events stay queued for whoever wants them.
      if (s.control(abi.CONTROL_HELD) !== 0) s.calls.end(1);
    } else {
      if (s.calls.begin(1, 0) !== 1) throw new Error('the latch is held');
      block = s.calls.blockNew(bytes.length) >>> 0;
      if (block === 0) {
        s.calls.end(1);
        throw new Error('no memory for the frame');
      }
      s.view(block, bytes.length).set(bytes);
      this.status = s.calls.execBlock(s.window, block, bytes.length, 1 << 20);
      s.calls.blockFree(block);
      s.calls.end(1);
    }
    return this.#collect();
  }

  #collect(): Buffer {
    const s = this.shard;
    const pieces = s.control(abi.CONTROL_PIECES);
    if (pieces === 0) return Buffer.from(s.bytes.slice(s.output, s.output + s.control(abi.CONTROL_OUT_BYTES)));
    const parts: Uint8Array[] = [];
    for (let i = 0; i < pieces; i++) {
      const row = (s.window + abi.WINDOW_PIECES + i * 16) >> 2;
      const [ptr, length] = [s.words[row] >>> 0, s.words[row + 1] >>> 0];
      parts.push(s.view(ptr, length).slice());
    }
    if (s.calls.begin(1, 0) !== 1) throw new Error('the latch is held');
    s.calls.release(s.window, pieces);
    s.calls.end(1);
    return Buffer.concat(parts);
  }

  /** Frames that were cut for this shard: all of them under one latch, with the place where each reply ends. */
  execAll(frames: Uint8Array, count: number): { out: Uint8Array; ends: number[] } {
    const s = this.shard;
    this.flags |= abi.CALL_ALL;
    this.stamp(abi.FRAMES_MAX);
    this.flags &= ~abi.CALL_ALL;
    s.bytes.set(frames, s.input);
    if (s.calls.begin(1, 0) !== 1) throw new Error('the latch is held');
    this.status = s.calls.exec(s.window, s.input, frames.length, s.output, s.layout.outBytes);
    s.calls.end(1);
    if (this.status !== abi.STATUS_DONE || s.control(abi.CONTROL_COMMANDS) !== count)
      throw new Error(`status ${this.status} after ${s.control(abi.CONTROL_COMMANDS)} of ${count} frames`);
    const ends = Array.from({ length: count }, (_, i) => s.words[(s.output >> 2) - i - 1] >>> 0);
    return { out: this.#collect(), ends };
  }

  /** One command's reply bytes. */
  call(...args: Arg[]): Buffer {
    const reply = this.feed(frame(...args), 1);
    if (this.status !== abi.STATUS_DONE) throw new Error(`status ${this.status} for ${args.join(' ').slice(0, 80)}`);
    return reply;
  }
  /** One command's reply as a Latin-1 string. */
  text(...args: Arg[]): string {
    return this.call(...args).toString('latin1');
  }
  /** Many commands, a window's worth at a time; their replies run together. */
  feedAll(commands: readonly (readonly Arg[])[]): Buffer {
    const replies: Buffer[] = [];
    let waiting = Buffer.concat(commands.map((command) => frame(...command)));
    while (waiting.length > 0) {
      replies.push(this.feed(waiting.subarray(0, this.shard.layout.inBytes)));
      const consumed = this.shard.control(abi.CONTROL_CONSUMED);
      if (consumed === 0) throw new Error(`status ${this.status} and nothing consumed`);
      waiting = waiting.subarray(consumed);
    }
    return Buffer.concat(replies);
  }
  /** Active expiry at `now`, with a budget of about so many entries. Returns how many expired. */
  expire(budget: number): number {
    this.stamp(1);
    return this.shard.calls.expire(this.shard.window, budget) >>> 0;
  }
  /** 1 while the last pass of active expiry left off before the end. */
  expiryStale(): number {
    return this.shard.header(HEADER_EXPIRY_STALE);
  }
  /** A u64 counter of the header. */
  counter(offset: number): number {
    return this.shard.counter(offset);
  }
  /** Reads the log to its end and forgets it. */
  dropLog(): void {
    const { calls } = this.shard;
    while (calls.logPeek() !== 0) calls.logConsume(calls.logPeekBytes() >>> 0);
  }
  /** Lets the n'th request for memory from now fail, 1 being the next; 0: none. */
  failIn(n: number): void {
    (this.shard.calls as unknown as { arenaFailIn(n: number): void }).arenaFailIn(n);
  }
  /** Requests still to come before the one that fails; 0: it has failed, or none was to. */
  failLeft(): number {
    return (this.shard.calls as unknown as { arenaFailLeft(): number }).arenaFailLeft() >>> 0;
  }
  /** The shard's own integrity check. */
  check(): number {
    return this.shard.calls.check();
  }
}

export function openKernel(build: Build, options?: ConstructorParameters<typeof TestKernel>[1]): TestKernel {
  return new TestKernel(build, options);
}
