// A thread of the epoch tests: takes steps on one, two or three shards, drawn from its seed, until it has taken so many or
// is told to stop, and answers with what it did. `tickets` is a clock that all threads share.
import { parentPort, workerData } from 'node:worker_threads';
import { Latches } from '../../dist/host/worker/latches.js';
import { openShards } from '../../dist/host/worker/store-parts.js';

const { store, windowIndex, owner, seed, stepsMax, tickets, stop } = workerData;
const shards = openShards(store, windowIndex);
const latches = new Latches(shards, owner);
const clock = new Int32Array(tickets);
const stopped = new Int32Array(stop);
const ticket = () => Atomics.add(clock, 0, 1);

let state = seed | 1;
/** A whole number below `limit`. */
function below(limit) {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return (state >>> 0) % limit;
}

function frame(...args) {
  return Buffer.from(`*${args.length}\r\n${args.map((arg) => `$${Buffer.byteLength(arg)}\r\n${arg}\r\n`).join('')}`);
}

/** Executes a command on a shard whose latch is held. */
function on(shard, ...args) {
  const bytes = frame(...args);
  shard.bytes.set(bytes, shard.input);
  shard.stamp(1_700_000_000_000, 0, 0, 2, 0, 1, 1 << 20);
  shard.calls.exec(shard.window, shard.input, bytes.length, shard.output, shard.layout.outBytes);
}

const steps = [];
for (let i = 0; i < stepsMax && Atomics.load(stopped, 0) === 0; i++) {
  const name = `${owner}-${i}`;
  const first = below(shards.length);
  const all = new Set([first]);
  for (let more = below(3); more > 0; more--) all.add(below(shards.length));
  const touched = [...all].sort();
  const writes = touched.filter(() => below(3) !== 0);
  const padding = below(20) === 0 ? 'x'.repeat(3000) : '';
  const began = ticket();
  latches.takeAllBlocking(touched);
  for (const index of writes) on(shards[index], 'SET', `last${below(50)}`, `${name} ${padding}`);
  const moment = ticket();
  const entered = touched.map((index) => shards[index].calls.entered());
  latches.releaseAll(touched);
  const over = ticket();
  steps.push({ name, touched, writes, entered, began, moment, over });
  // Threads that never rest leave the engine no latch: there are more of them than processors.
  if (below(20) === 0) Atomics.wait(stopped, 0, 0, 1);
}
parentPort.postMessage(steps);
