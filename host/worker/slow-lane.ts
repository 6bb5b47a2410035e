// The slow lane: threads that run what would hold a latch for longer than about a millisecond, so that a worker never
// does. Data crosses as one frame there and one reply back, both transferred and not copied.
import type { MessagePort } from 'node:worker_threads';
import type { Epochs } from '../kernel/epochs.js';
import { encodeRequest } from '../resp/request.js';
import type { CallContext } from './frame-runner.js';

/** Lanes per store: slow commands for different shards do not wait for each other, up to this many. */
export const LANES_MAX = 4;
export const laneCount = (shards: number): number => Math.min(shards, LANES_MAX);

export interface LaneRequest {
  readonly id: number;
  /** One multibulk frame. */
  readonly frame: Uint8Array;
  readonly context: CallContext;
}
export interface LaneReply {
  readonly id: number;
  readonly reply: Uint8Array;
  /** How long it took once it had its latches. */
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
  readonly #waiting = new Map<number, (done: SlowReply) => void>();
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
    const id = ++this.#lastId;
    const reply = new Promise<SlowReply>((resolve) => this.#waiting.set(id, resolve));
    const port = await this.#port(shard % this.lanes);
    const frame = new Uint8Array(encodeRequest(argv));
    port.postMessage({ id, frame, context } satisfies LaneRequest, [frame.buffer]);
    return reply;
  }

  #port(lane: number): Promise<MessagePort> {
    let port = this.#ports.get(lane);
    if (!port) {
      port = this.open(lane).then((opened) => {
        opened.on('message', ({ id, reply, tookMs, seen }: LaneReply) => {
          this.epochs.note(seen);
          const resolve = this.#waiting.get(id);
          this.#waiting.delete(id);
          resolve?.({ reply, tookMs });
        });
        return opened;
      });
      this.#ports.set(lane, port);
    }
    return port;
  }
}
