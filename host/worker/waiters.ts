// The clients of one worker that wait for keys. Each has a word by which it is claimed (claims.ts) and a node on each of its
// keys (assembly/events/interest.ts), put there under the latches under which nothing was found: so no wake-up is lost.
import type { Epochs } from '../kernel/epochs.js';
import type { ShardKernel } from '../kernel/kernel.js';
import { withKey } from '../kernel/with-key.js';
import { encodeRequest } from '../resp/request.js';
import { NODE_PROTO_SHIFT, SERVED_HEAD_BYTES } from './attendant.js';
import { type Blocking, foundNothing } from './blocking.js';
import { CLAIMS_PER_WORKER, type Claims } from './claims.js';
import type { CallContext, FrameRunner } from './frame-runner.js';
import type { Latches } from './latches.js';
import type { Later } from './later.js';
import { MAIL_MOVE, MAIL_SERVED, type Mailbox } from './mailbox.js';

/** setTimeout takes no more. */
const TIMER_MS_MAX = 0x7fffffff;
/** A client that is being served when its time is up is looked at again. */
const AGAIN_MS = 5;

interface NodeAt {
  readonly shard: number;
  readonly node: number;
}

/** One client that waits. */
export interface Waiter {
  readonly clientId: number;
  readonly slot: number;
  readonly turn: number;
  readonly blocking: Blocking;
  readonly context: CallContext;
  readonly nodes: readonly NodeAt[];
  readonly resolve: (reply: Buffer) => void;
  untilMs: number;
  timer: NodeJS.Timeout | undefined;
  /** Its connection is closed. */
  isGone: boolean;
}

const text = (value: string): Buffer => Buffer.from(value, 'latin1');
const OUT_OF_MEMORY = text("-OOM command not allowed when used memory > 'maxmemory'.\r\n");
export const UNBLOCKED = text('-UNBLOCKED client unblocked via CLIENT UNBLOCK\r\n');
/** The client did not stay for the element that was to move: the next one may have it. */
const LEFT = Buffer.alloc(0);
/** The reply of a command that has waited in vain. */
export const nothingOf = ({ nothing }: Blocking, proto: number): Buffer =>
  text(proto === 3 && nothing.endsWith('-1\r\n') ? '_\r\n' : nothing);

export class Waiters {
  readonly #bySlot = new Map<number, Waiter>();
  readonly #byClient = new Map<number, Waiter>();
  readonly #freeSlots: number[] = [];
  #slots = 0;

  constructor(
    readonly worker: number,
    readonly shards: readonly ShardKernel[],
    readonly latches: Latches,
    readonly runner: FrameRunner,
    readonly claims: Claims,
    readonly epochs: Epochs,
    readonly later: Later,
    mailbox: Mailbox,
  ) {
    mailbox.on(MAIL_SERVED, (_, body) => this.#served(body, false));
    mailbox.on(MAIL_MOVE, (_, body) => this.#served(body, true));
  }

  /** Clients that wait. */
  get count(): number {
    return this.#byClient.size;
  }

  /**
   * Makes a client wait. To be called within `runner.together` over the shards of its keys, nothing having been found.
   * @returns the promise of its reply, to be brought into shape; or the reply at once, if it cannot wait.
   */
  wait(clientId: number, blocking: Blocking, context: CallContext): Promise<Buffer> | Buffer {
    if (this.#freeSlots.length === 0 && this.#slots === CLAIMS_PER_WORKER) return OUT_OF_MEMORY;
    const slot = this.#freeSlots.pop() ?? this.#slots++;
    const turn = this.claims.open(this.worker, slot);
    const nodes: NodeAt[] = [];
    for (const { key, frame } of blocking.waits) {
      const shard = this.runner.route(key);
      const node = this.#hang(this.shards[shard], key, frame, blocking.type, context, slot, turn);
      if (node === 0) {
        for (const each of nodes) this.shards[each.shard].calls.waitOff(each.node);
        this.#freeSlots.push(slot);
        return OUT_OF_MEMORY;
      }
      nodes.push({ shard, node });
    }
    return new Promise((resolve) => {
      const { timeoutMs } = blocking;
      const untilMs = timeoutMs === 0 ? Number.POSITIVE_INFINITY : performance.now() + timeoutMs;
      const waiter: Waiter = {
        clientId,
        slot,
        turn,
        blocking,
        context,
        nodes,
        resolve,
        untilMs,
        timer: undefined,
        isGone: false,
      };
      this.#bySlot.set(slot, waiter);
      this.#byClient.set(clientId, waiter);
      if (timeoutMs !== 0) this.#arm(waiter);
    });
  }

  /** Waits for nothing but the time, or CLIENT UNBLOCK; then answers `reply`. @param timeoutMs 0: for ever. */
  pass(clientId: number, timeoutMs: number, context: CallContext, reply: Buffer): Promise<Buffer> | Buffer {
    const nothing = reply.toString('latin1');
    const shape = (bytes: Buffer): Buffer => bytes;
    return this.wait(clientId, { type: 0, timeoutMs, attempt: [], waits: [], shape, nothing }, context);
  }

  /** A node on a key, its shard's latch held; 0: no memory. */
  #hang(
    shard: ShardKernel,
    key: Buffer,
    frame: readonly Buffer[],
    type: number,
    { db, proto }: CallContext,
    slot: number,
    turn: number,
  ): number {
    const bytes = encodeRequest(frame);
    // Both are read by the one call: the key, and behind it the frame.
    const block = shard.calls.blockNew(key.length + bytes.length) >>> 0;
    if (block === 0) return 0;
    const view = shard.view(block, key.length + bytes.length);
    view.set(key);
    view.set(bytes, key.length);
    const typed = type | (proto << NODE_PROTO_SHIFT);
    const { calls } = shard;
    const node =
      calls.waitOn(db, block, key.length, typed, this.worker, slot, turn, block + key.length, bytes.length) >>> 0;
    calls.blockFree(block);
    return node;
  }

  #arm(waiter: Waiter): void {
    const leftMs = Math.max(waiter.untilMs - performance.now(), 0);
    waiter.timer = setTimeout(() => this.#timeUp(waiter), Math.min(Math.ceil(leftMs), TIMER_MS_MAX));
  }

  #timeUp(waiter: Waiter): void {
    if (performance.now() + 0.5 < waiter.untilMs) this.#arm(waiter);
    else if (!this.#giveUp(waiter, nothingOf(waiter.blocking, waiter.context.proto))) {
      waiter.timer = setTimeout(() => this.#timeUp(waiter), AGAIN_MS);
    }
  }

  /** Answers a client that nobody serves. False: somebody does already. */
  #giveUp(waiter: Waiter, reply: Buffer): boolean {
    if (this.#bySlot.get(waiter.slot) !== waiter) return true;
    if (!this.claims.claim(this.worker, waiter.slot, waiter.turn)) return false;
    this.#end(waiter, reply);
    return true;
  }

  #end(waiter: Waiter, reply: Buffer): void {
    clearTimeout(waiter.timer);
    this.#bySlot.delete(waiter.slot);
    this.#byClient.delete(waiter.clientId);
    this.#takeOff(waiter);
    waiter.resolve(reply);
  }

  /** CLIENT UNBLOCK. False: the client does not wait, or is just being served. */
  unblock(clientId: number, withError: boolean): boolean {
    const waiter = this.#byClient.get(clientId);
    if (!waiter) return false;
    return this.#giveUp(waiter, withError ? UNBLOCKED : nothingOf(waiter.blocking, waiter.context.proto));
  }

  /**
   * The client is gone. If somebody is serving it, what it was given goes the way of a reply that the client did not
   * stay for.
   */
  forget(clientId: number): void {
    const waiter = this.#byClient.get(clientId);
    if (!waiter) return;
    waiter.isGone = true;
    this.#giveUp(waiter, Buffer.alloc(0));
  }

  #served(body: Uint8Array, moves: boolean): void {
    const letter = Buffer.from(body.buffer, body.byteOffset, body.length);
    const slot = letter.readUInt32LE(8);
    const waiter = this.#bySlot.get(slot);
    if (!waiter || waiter.turn !== letter.readUInt32LE(12)) return;
    this.epochs.note(letter.readDoubleLE(0));
    if (moves) this.#move(waiter);
    else {
      const reply = letter.subarray(SERVED_HEAD_BYTES);
      this.#end(waiter, waiter.blocking.shapeServed?.(reply) ?? reply);
    }
  }

  /** An element is there that moves to another shard: it does so when both latches can be had. */
  #move(waiter: Waiter): void {
    const { claims, worker } = this;
    const { frame, key } = waiter.blocking.waits[0];
    const needed = [this.runner.route(key), this.runner.route(waiter.blocking.destination!)].sort((a, b) => a - b);
    const outcome = this.runner.together(needed, () => {
      if (waiter.isGone) {
        const shard = this.shards[this.runner.route(key)];
        withKey(shard, key, (ptr, bytes) => shard.calls.wake(waiter.context.db, ptr, bytes));
        return LEFT;
      }
      const done = this.runner.run(frame as Buffer[], waiter.context);
      if (!('reply' in done)) throw new Error('a move under latches did not come to its end');
      // With the latch held: whoever puts something there from now on finds the client waiting again.
      if (foundNothing(done.reply)) claims.giveBack(worker, waiter.slot, waiter.turn);
      return done.reply;
    });
    if ('busy' in outcome) this.latches.wait(outcome.busy, () => this.#move(waiter));
    else if (outcome.value === LEFT || !foundNothing(outcome.value)) this.#end(waiter, outcome.value);
  }

  /** Takes a client's nodes off, as soon as the latches can be had; its slot is free after that. */
  #takeOff({ nodes, slot }: Waiter): void {
    let left = nodes.length;
    if (left === 0) this.#freeSlots.push(slot);
    for (const { shard, node } of nodes) {
      this.later.do(shard, ({ calls }) => {
        calls.waitOff(node);
        if (--left === 0) this.#freeSlots.push(slot);
      });
    }
  }
}
