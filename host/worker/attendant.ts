// What a thread does at the end of a step that has left something for others: it serves clients that wait for keys, and
// hands on what is queued about keys. Each thread that executes commands has one, slow lanes included.
//
// Serving. A key that has changed and is waited for is looked at once, its clients in order of arrival. Each is claimed by
// one compare-and-swap (claims.ts), against its time limit, its end and its other keys; then what it wants is executed
// in this thread, under the latches of the step that made the key ready, so nobody gets in between. The reply is posted to
// the client's worker once the latches are free.
//
// An element that moves to another shard needs that one's latch as well. It is only tried for, since others are held. If it
// cannot be had, the client stays claimed, and its own worker makes the move as soon as it gets both latches; until then
// the element stays where it was put.
import type { Epochs } from '../kernel/epochs.js';
import type { ShardKernel } from '../kernel/kernel.js';
import { TYPE_STREAM } from '../kernel/value-types.js';
import { decodeRequest } from '../resp/request.js';
import { foundNothing } from './blocking.js';
import type { Claims } from './claims.js';
import type { CallContext, FrameRunner } from './frame-runner.js';
import { EVENT_NOTIFY, type KeyEvent, notificationsWanted, publishEvent, takeEvent } from './key-events.js';
import type { Attendant as Attends, Latches } from './latches.js';
import { MAIL_MOVE, MAIL_SERVED, type Mailbox } from './mailbox.js';

/** A node of assembly/events/interest.ts, read. */
interface Node {
  readonly next: number;
  readonly worker: number;
  readonly type: number;
  readonly proto: number;
  readonly slot: number;
  readonly turn: number;
  readonly argv: readonly Buffer[];
}

const NODE_HEAD_BYTES = 32;
/** Of a node's u16 `type`: the protocol of the client stands in the upper half. */
export const NODE_PROTO_SHIFT = 8;

/** Where what happens to keys goes. Nothing here may wait: a latch is held. */
export interface EventSink {
  /** A notification. */
  publish(channel: Buffer, message: Buffer): void;
  /** A key has changed that somebody may have cached. */
  modified(event: KeyEvent): void;
  /** Events found no memory: whatever is cached may be stale. */
  lost(): void;
}

const STREAM_GONE = Buffer.from('-UNBLOCKED the stream key no longer exists\r\n');

/** Head of MAIL_SERVED and MAIL_MOVE: epoch f64, slot u32, turn u32; the reply follows. */
export const SERVED_HEAD_BYTES = 16;

export class Attendant implements Attends {
  /** Shards of ready keys, in the order in which these became ready. */
  #ready: number[] = [];
  #collected: KeyEvent[][] = [];
  #lost = false;
  #gathered: { to: number; kind: number; slot: number; turn: number; reply: Uint8Array }[] = [];

  constructor(
    readonly shards: readonly ShardKernel[],
    readonly latches: Latches,
    readonly runner: FrameRunner,
    readonly claims: Claims,
    readonly mailbox: Mailbox,
    readonly epochs: Epochs,
    readonly bulkBytesMax: () => number,
    /** What is done with what a shard says of its keys, its latch held. */
    readonly events: EventSink,
  ) {}

  serve(held: readonly number[]): readonly number[] {
    const saved = new Map<number, () => void>();
    let all = held;
    for (;;) {
      const index = this.#nextReady(all);
      if (index === undefined) break;
      for (const each of all) if (!saved.has(each)) saved.set(each, this.shards[each].saveCall());
      all = this.#serveKey(index, all);
    }
    for (const restore of saved.values()) restore();
    return all;
  }

  /** The shard with the key that has been ready longest: they became so in this order, and then by shard. */
  #nextReady(held: readonly number[]): number | undefined {
    for (let index = this.#ready.shift(); index !== undefined; index = this.#ready.shift()) {
      if (this.shards[index].readyCount !== 0) return index;
    }
    return held.find((each) => this.shards[each].readyCount !== 0);
  }

  /** Serves those that wait for the shard's next ready key. @returns the latches that are held afterwards. */
  #serveKey(index: number, held: readonly number[]): readonly number[] {
    const shard = this.shards[index];
    const record = shard.calls.readyKey() >>> 0;
    const db = shard.calls.readyDb(record);
    let all = held;
    for (let at = shard.calls.firstWaiter(record) >>> 0; at !== 0; ) {
      const node = this.#read(shard, at);
      at = node.next;
      this.runner.stamp(shard, db);
      const type = shard.calls.readyType(shard.window, record);
      if (type !== node.type) {
        // A group is waited for in a stream that is gone.
        const isLost = node.type === TYPE_STREAM && node.argv[0].toString('latin1').toLowerCase() === 'xreadgroup';
        if (isLost && this.claims.claim(node.worker, node.slot, node.turn))
          this.#gather(node, MAIL_SERVED, STREAM_GONE);
        continue;
      }
      if (!this.claims.claim(node.worker, node.slot, node.turn)) continue;
      const shards = this.#shardsOf(node, index);
      const extra = shards.find((each) => !all.includes(each));
      if (extra !== undefined) {
        if (!this.latches.tryExtra(extra, all)) {
          // The element is this client's; whoever comes behind it has to wait for what it does.
          this.#gather(node, MAIL_MOVE, new Uint8Array(0));
          return all;
        }
        all = [...all, extra].sort((a, b) => a - b);
      }
      const context: CallContext = { db, proto: node.proto, callFlags: 0, bulkBytesMax: this.bulkBytesMax() };
      const reply = this.runner.executeHeld(node.argv, context, shards);
      if (foundNothing(reply)) this.claims.giveBack(node.worker, node.slot, node.turn);
      else this.#gather(node, MAIL_SERVED, reply);
    }
    return all;
  }

  #read(shard: ShardKernel, at: number): Node {
    const head = new DataView(shard.memory.buffer, at, NODE_HEAD_BYTES);
    const frame = Buffer.from(shard.view(at + NODE_HEAD_BYTES, head.getUint32(24, true)));
    const type = head.getUint16(14, true);
    return {
      next: head.getUint32(0, true),
      worker: head.getUint16(12, true),
      type: type & 0xff,
      proto: type >>> NODE_PROTO_SHIFT,
      slot: head.getUint32(16, true),
      turn: head.getUint32(20, true),
      argv: decodeRequest(frame),
    };
  }

  /** The shards that serving it takes: that of its key, and that of where the element moves to. */
  #shardsOf(node: Node, index: number): readonly number[] {
    if (node.argv[0].toString('latin1') !== 'LMOVE') return [index];
    const to = this.runner.route(node.argv[2]);
    return to === index ? [index] : [index, to].sort((a, b) => a - b);
  }

  #gather({ worker, slot, turn }: Node, kind: number, reply: Uint8Array): void {
    this.#gathered.push({ to: worker, kind, slot, turn, reply });
  }

  get hasCollected(): boolean {
    return this.#collected.length !== 0 || this.#lost;
  }

  collect(shard: ShardKernel): void {
    const batch: KeyEvent[] = [];
    for (let event = takeEvent(shard); event; event = takeEvent(shard)) batch.push(event);
    if (batch.length !== 0) this.#collected.push(batch);
    const known = this.#ready.reduce((count, index) => (index === shard.index ? count + 1 : count), 0);
    for (let more = shard.readyCount - known; more > 0; more--) this.#ready.push(shard.index);
    if (shard.calls.eventsLost() !== 0) this.#lost = true;
  }

  /** Batches collected so far. */
  get batches(): number {
    return this.#collected.length;
  }

  /**
   * Brings what was collected since then into another order, where a step on several shards does things in another one
   * than a single shard.
   */
  reorder(since: number, order: (batches: KeyEvent[][]) => KeyEvent[][]): void {
    this.#collected.push(...order(this.#collected.splice(since)));
  }

  tell(): void {
    const collected = this.#collected;
    this.#collected = [];
    const wanted = notificationsWanted(this.shards[0]);
    for (const batch of collected) {
      for (const event of batch) {
        if (event.kind === EVENT_NOTIFY) publishEvent(event, wanted, this.events.publish);
        else this.events.modified(event);
      }
    }
    if (!this.#lost) return;
    this.#lost = false;
    this.events.lost();
  }

  sent(): void {
    if (this.#gathered.length === 0) return;
    const gathered = this.#gathered;
    this.#gathered = [];
    for (const { to, kind, slot, turn, reply } of gathered) {
      const body = Buffer.allocUnsafe(SERVED_HEAD_BYTES + reply.length);
      body.writeDoubleLE(this.epochs.seen, 0);
      body.writeUInt32LE(slot, 8);
      body.writeUInt32LE(turn, 12);
      body.set(reply, SERVED_HEAD_BYTES);
      this.mailbox.post(to, kind, body);
    }
  }
}
