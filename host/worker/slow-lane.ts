// The slow lane: threads that run what would hold a latch for longer than about a millisecond, so that a worker never
// does. Data crosses as one frame there and one reply back, both transferred and not copied.
import type { MessagePort } from 'node:worker_threads';
import type { Epochs } from '../kernel/epochs.js';
import { encodeRequest } from '../resp/request.js';
import type { CallContext } from './frame-runner.js';
import type { Watched } from './watches.js';

/** Lanes per store: slow commands for different shards do not wait for each other, up to this many. */
export const LANES_MAX = 4;
export const laneCount = (shards: number): number => Math.min(shards, LANES_MAX);

/** One multibulk frame. */
export interface LaneFrame {
  readonly frame: Uint8Array;
  readonly context: CallContext;
}
export interface LaneRequest {
  readonly id: number;
  /** One command; or several that are one step. */
  readonly frames: readonly LaneFrame[];
  /** Of a transaction: what is watched. Undefined: it is none. */
  readonly watched: readonly Watched[] | undefined;
}
export interface LaneReply {
  readonly id: number;
  /** A reply for each frame; undefined: a watched key has changed, and nothing was executed. */
  readonly replies: readonly Uint8Array[] | undefined;
  /** How long the last of them took once it had its latches. */
  readonly tookMs: number;
  /** The highest epoch that the command could have seen. */
  readonly seen: number;
}

/** What a slow command led to. */
export interface SlowReply {
  readonly reply: Uint8Array;
  readonly tookMs: number;
}

/** One worker's way to the lanes. */
export class SlowLane {
  readonly #ports = new Map<number, Promise<MessagePort>>();
  readonly #waiting = new Map<number, (reply: LaneReply) => void>();
  #lastId = 0;

  /** @param open Starts the lane's thread if it is not running and answers a port to it. */
  constructor(
    readonly lanes: number,
    readonly open: (lane: number) => Promise<MessagePort>,
    readonly epochs: Epochs,
  ) {}

  /** Commands that wait for a reply. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** @param shard The command's first shard: it decides the lane. */
  async run(argv: readonly Uint8Array[], context: CallContext, shard: number): Promise<SlowReply> {
    const { replies, tookMs } = await this.#ask([{ argv, context }], undefined, shard);
    return { reply: replies![0], tookMs };
  }

  /** Runs commands as one step, unless a watched key has changed. @param shard See `run`. */
  async runTogether(
    steps: readonly { argv: readonly Uint8Array[]; context: CallContext }[],
    watched: readonly Watched[],
    shard: number,
  ): Promise<readonly Buffer[] | 'changed'> {
    const { replies } = await this.#ask(steps, watched, shard);
    return replies ? replies.map((reply) => Buffer.from(reply.buffer, reply.byteOffset, reply.length)) : 'changed';
  }

  async #ask(
    steps: readonly { argv: readonly Uint8Array[]; context: CallContext }[],
    watched: readonly Watched[] | undefined,
    shard: number,
  ): Promise<LaneReply> {
    const id = ++this.#lastId;
    const reply = new Promise<LaneReply>((resolve) => this.#waiting.set(id, resolve));
    const port = await this.#port(shard % this.lanes);
    const frames = steps.map(({ argv, context }) => ({ frame: new Uint8Array(encodeRequest(argv)), context }));
    const request: LaneRequest = { id, frames, watched };
    port.postMessage(
      request,
      frames.map(({ frame }) => frame.buffer),
    );
    return reply;
  }

  #port(lane: number): Promise<MessagePort> {
    let port = this.#ports.get(lane);
    if (!port) {
      port = this.open(lane).then((opened) => {
        opened.on('message', (reply: LaneReply) => {
          this.epochs.note(reply.seen);
          const resolve = this.#waiting.get(reply.id);
          this.#waiting.delete(reply.id);
          resolve?.(reply);
        });
        return opened;
      });
      this.#ports.set(lane, port);
    }
    return port;
  }
}
