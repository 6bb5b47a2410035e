// Replies on their way out. One of these serves a whole thread: the replies to one read are gathered, and what was
// gathered for all connections in one turn of the event loop is handed to the system together. A peer that is woken by
// its reply costs more than the reply did, so it pays to have read everybody first (Redis writes before it sleeps, too).
import * as abi from '../kernel/abi.js';
import type { ShardKernel } from '../kernel/kernel.js';

const BUFFER_BYTES = 1 << 18;
/** A longer reply is not copied into the buffer but kept as a part of its own. */
const PART_BYTES_MIN = 1 << 14;
/** More than this does not wait for the end of the turn. */
export const WAITING_BYTES_MAX = 1 << 20;

/** Where bytes go. */
export interface Sink {
  /**
   * Hands bytes over. True: the system has taken all of them, and the memory may be reused at once. False: they are
   * still being read, for good.
   */
  write(bytes: Uint8Array): boolean;
}

/** What waits for its sinks, in order: part i is for sink i. */
export interface Batch<S extends Sink> {
  readonly sinks: readonly S[];
  readonly parts: readonly Uint8Array[];
}

export class Output<S extends Sink> {
  #buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);
  #used = 0;
  /** Begin of the bytes in the buffer that belong to the connection in hand. */
  #open = 0;
  /** Its longer replies, and shorter ones in front of them. */
  #parts: Uint8Array[] = [];
  #partBytes = 0;
  /** Sinks, and what waits for each, in order. */
  readonly #sinks: S[] = [];
  readonly #waiting: Uint8Array[] = [];
  #waitingBytes = 0;

  /** Bytes gathered for the connection in hand. */
  get bytes(): number {
    return this.#partBytes + this.#used - this.#open;
  }

  /** Bytes that wait to be handed over. */
  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  /** For whom something waits to be handed over; one may come several times. */
  get sinks(): readonly S[] {
    return this.#sinks;
  }

  #room(count: number): void {
    if (this.#used + count <= this.#buffer.length) return;
    this.#close();
    this.#buffer = Buffer.allocUnsafeSlow(Math.max(count, BUFFER_BYTES));
    this.#used = 0;
    this.#open = 0;
  }

  #close(): void {
    if (this.#used === this.#open) return;
    this.#parts.push(this.#buffer.subarray(this.#open, this.#used));
    this.#partBytes += this.#used - this.#open;
    this.#open = this.#used;
  }

  /** Copies bytes of a shard's memory in. */
  append(memory: Uint8Array, at: number, count: number): void {
    this.#room(count);
    if (count <= 32) {
      // Short replies are most replies, and a call of `set` costs more than they do.
      const buffer = this.#buffer;
      for (let i = 0, to = this.#used; i < count; i++) buffer[to++] = memory[at + i];
    } else this.#buffer.set(memory.subarray(at, at + count), this.#used);
    this.#used += count;
  }

  /** Takes a reply over: its memory must not change any more. */
  push(reply: Uint8Array): void {
    if (reply.length < PART_BYTES_MIN) {
      this.#room(reply.length);
      this.#buffer.set(reply, this.#used);
      this.#used += reply.length;
      return;
    }
    this.#close();
    this.#parts.push(reply);
    this.#partBytes += reply.length;
  }

  /** Takes the output of the shard's last `exec`, pieces included; these are given up by `releases.later`. */
  takeFrom(shard: ShardKernel, releases: Releases): void {
    const pieces = shard.control(abi.CONTROL_PIECES);
    if (pieces === 0) {
      this.append(shard.bytes, shard.output, shard.control(abi.CONTROL_OUT_BYTES));
      return;
    }
    for (let i = 0; i < pieces; i++) {
      const row = (shard.window + abi.WINDOW_PIECES + i * 16) >> 2;
      const ptr = shard.words[row] >>> 0;
      const length = shard.words[row + 1] >>> 0;
      const kind = shard.words[row + 2];
      if (length >= PART_BYTES_MIN) this.push(Buffer.from(shard.view(ptr, length)));
      else if (length !== 0) this.append(shard.view(ptr, length), 0, length);
      if (kind !== abi.PIECE_BYTES) releases.later(shard, kind, shard.words[row + 3] >>> 0);
    }
  }

  /** What was gathered is for this sink; `flush` will hand it over. */
  finish(sink: S): void {
    if (this.#parts.length === 0) {
      this.#sinks.push(sink);
      this.#waiting.push(this.#buffer.subarray(this.#open, this.#used));
      this.#waitingBytes += this.#used - this.#open;
      this.#open = this.#used;
      return;
    }
    this.#close();
    for (const part of this.#parts) {
      this.#sinks.push(sink);
      this.#waiting.push(part);
    }
    this.#waitingBytes += this.#partBytes;
    this.#parts.length = 0;
    this.#partBytes = 0;
  }

  /** Bytes for a sink, behind what it has already: shared with others, they never change. Nothing may be gathered. */
  add(sink: S, bytes: Uint8Array): void {
    this.#sinks.push(sink);
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
  }

  /** Drops what was gathered for the connection in hand. */
  drop(): void {
    this.#used = this.#open;
    this.#parts.length = 0;
    this.#partBytes = 0;
  }

  /**
   * Takes everything out that waits to be handed over, for somebody else to hand over later. Not to be called while
   * something is gathered.
   */
  detach(): Batch<S> {
    const batch = { sinks: this.#sinks.slice(), parts: this.#waiting.slice() };
    this.#sinks.length = 0;
    this.#waiting.length = 0;
    this.#waitingBytes = 0;
    this.#buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);
    this.#used = 0;
    this.#open = 0;
    return batch;
  }

  /**
   * Hands everything over, in order. Not to be called while something is gathered.
   * @returns the sinks that did not take all of theirs at once.
   */
  flush(): S[] {
    const late: S[] = [];
    for (let i = 0; i < this.#waiting.length; i++) {
      if (!this.#sinks[i].write(this.#waiting[i])) late.push(this.#sinks[i]);
    }
    this.#sinks.length = 0;
    this.#waiting.length = 0;
    this.#waitingBytes = 0;
    if (late.length !== 0) this.#buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);
    this.#used = 0;
    this.#open = 0;
    return late;
  }
}

/** Pins and blocks behind replies that have been copied, to be given up under their shard's latch when it is free. */
export class Releases {
  readonly #waiting: { shard: ShardKernel; kind: number; ptr: number }[] = [];

  /** @param owner Latch owner id of this thread. */
  constructor(readonly owner: number) {}

  get count(): number {
    return this.#waiting.length;
  }

  later(shard: ShardKernel, kind: number, ptr: number): void {
    this.#waiting.push({ shard, kind, ptr });
  }

  /** Gives up what it can get the latch for within `spins`. */
  drain(spins: number): void {
    for (let i = this.#waiting.length - 1; i >= 0; i--) {
      const { shard, kind, ptr } = this.#waiting[i];
      if (shard.begin(this.owner, spins) !== 1) continue;
      if (kind === abi.PIECE_PINNED) shard.calls.unpin(ptr);
      else shard.calls.blockFree(ptr);
      shard.end(this.owner);
      this.#waiting.splice(i, 1);
    }
  }
}
