// A thread of the slow lane: runs one command after the other, waiting for latches on the futex.
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { commandOf } from '../commands/index.js';
import { decodeRequest } from '../resp/request.js';
import { Attendant } from './attendant.js';
import { Claims } from './claims.js';
import { SystemClock } from './clock.js';
import { Evictor } from './evictor.js';
import { FrameRunner } from './frame-runner.js';
import { Latches } from './latches.js';
import { Later } from './later.js';
import { openMailbox } from './mailbox.js';
import { relay } from './pubsub.js';
import type { LaneFrame, LaneReply, LaneRequest } from './slow-lane.js';
import { openShards, type StoreParts } from './store-parts.js';
import { trackingRelay } from './tracking.js';
import { type Watched, Watches } from './watches.js';

/** What is executed to serve a client has been accepted already. */
const BULK_BYTES_MAX = 0x7fffffff;

export interface LaneData {
  readonly store: StoreParts;
  readonly windowIndex: number;
  /** Id in latch words. */
  readonly owner: number;
  readonly workers: number;
}

const { store, windowIndex, owner, workers } = workerData as LaneData;
const shards = openShards(store, windowIndex);
const [{ epochs }] = shards;
const latches = new Latches(shards, owner);
const clock = new SystemClock(shards[0]);
const runner = new FrameRunner(shards, latches, clock, true, new Evictor(shards, latches, clock));

const watches = new Watches(shards, runner, new Later(latches));
const mailbox = openMailbox(store.post, windowIndex);
latches.attendant = new Attendant(
  shards,
  latches,
  runner,
  new Claims(store.claims),
  mailbox,
  epochs,
  () => BULK_BYTES_MAX,
  { publish: relay(mailbox, epochs), ...trackingRelay(mailbox, epochs, workers) },
);
mailbox.open();

function execute({ frame, context }: LaneFrame): Uint8Array {
  const argv = decodeRequest(Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength));
  const outcome = runner.run(argv, context);
  if (!('reply' in outcome)) throw new Error('the slow lane did not get to the end of a command');
  return new Uint8Array(outcome.reply);
}

/** Several frames as one step; undefined: a watched key has changed. */
function together(frames: readonly LaneFrame[], watched: readonly Watched[]): Uint8Array[] | undefined {
  const needed = new Set(watched.map(({ shard }) => shard));
  for (const { frame } of frames) {
    const argv = decodeRequest(Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength));
    for (const shard of runner.shardsTogether(commandOf(argv)!, argv)) needed.add(shard);
  }
  const outcome = runner.together(
    [...needed].sort((a, b) => a - b),
    () => (watches.hold(watched) ? frames.map(execute) : undefined),
  );
  if ('busy' in outcome) throw new Error('the slow lane did not wait for a latch');
  return outcome.value;
}

parentPort!.on('message', (port: MessagePort) => {
  port.on('message', ({ id, frames, watched }: LaneRequest) => {
    const replies = watched ? together(frames, keysBack(watched)) : frames.map(execute);
    const reply: LaneReply = { id, replies, tookMs: runner.tookMs, seen: epochs.takeSeen() };
    port.postMessage(reply, replies?.map(({ buffer }) => buffer as ArrayBuffer) ?? []);
  });
});

/** Buffers arrive as plain arrays of bytes. */
function keysBack(watched: readonly Watched[]): Watched[] {
  return watched.map((each) => ({ ...each, key: Buffer.from(each.key) }));
}
