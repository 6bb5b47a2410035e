// A thread of the latch tests: holds its own instances over the store it is given, and does what it is told, one message
// after the other. It answers each message with what the call answered.
import { parentPort, workerData } from 'node:worker_threads';
import { ShardKernel } from '../../dist/host/kernel/kernel.js';
import { Latches } from '../../dist/host/worker/latches.js';

const { store, windowIndex, owner } = workerData;
const shards = store.memories.map((memory, i) => new ShardKernel(store.module, memory, i, windowIndex, store.layout));
const latches = new Latches(shards, owner);

parentPort.on('message', ({ call, argument }) => {
  parentPort.postMessage(latches[call](argument) ?? null);
});
