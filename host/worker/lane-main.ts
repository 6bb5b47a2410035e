// A thread of the slow lane: runs one command after the other, waiting for latches on the futex.
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { decodeRequest } from '../resp/request.js';
import { SystemClock } from './clock.js';
import { Evictor } from './evictor.js';
import { FrameRunner } from './frame-runner.js';
import { Latches } from './latches.js';
import type { LaneReply, LaneRequest } from './slow-lane.js';
import { openShards, type StoreParts } from './store-parts.js';

export interface LaneData {
  readonly store: StoreParts;
  readonly windowIndex: number;
  /** Id in latch words. */
  readonly owner: number;
}

const { store, windowIndex, owner } = workerData as LaneData;
const shards = openShards(store, windowIndex);
const [{ epochs }] = shards;
const latches = new Latches(shards, owner);
const clock = new SystemClock(shards[0]);
const runner = new FrameRunner(shards, latches, clock, true, new Evictor(shards, latches, clock));

parentPort!.on('message', (port: MessagePort) => {
  port.on('message', ({ id, frame, context }: LaneRequest) => {
    const argv = decodeRequest(Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength));
    const outcome = runner.run(argv, context);
    if (!('reply' in outcome)) throw new Error('the slow lane did not get to the end of a command');
    const reply = new Uint8Array(outcome.reply);
    port.postMessage({ id, reply, tookMs: runner.tookMs, seen: epochs.takeSeen() } satisfies LaneReply, [reply.buffer]);
  });
});
