// Entry of a thread that does one job of recovery on one shard: see recovery-crew.ts.
import { parentPort, workerData } from 'node:worker_threads';
import { LatchkeyError } from '../../errors.js';
import { ShardKernel } from '../../kernel/kernel.js';
import { NodeStorage } from '../../storage/node-fs.js';
import { type Storage, StorageError } from '../../storage/port.js';
import { loneShard } from '../../worker/store-parts.js';
import { inspectShard } from '../inspect.js';
import { restoreShard } from '../recover.js';
import { type Batch, pourShard } from '../reshard.js';
import {
  BATCHES_AHEAD,
  type Failure,
  FIGURE_BATCHES_TAKEN,
  FIGURE_BYTES,
  type Job,
  type JobMessage,
} from './recovery-crew.js';

const job = workerData as Job;
const figures = new Int32Array(job.figures);
const say = (message: JobMessage, transfer: ArrayBuffer[] = []): void => parentPort!.postMessage(message, transfer);
const doneBytes = new BigInt64Array(job.figures);
const advance = (bytes: number): void => void Atomics.add(doneBytes, FIGURE_BYTES, BigInt(bytes));

let batches = 0;
/** Posts a copy; waits while too many are under way, so that memory holds few of them. */
function post(batch: Batch): void {
  for (;;) {
    const taken = Atomics.load(figures, FIGURE_BATCHES_TAKEN);
    if (batches - taken < BATCHES_AHEAD) break;
    Atomics.wait(figures, FIGURE_BATCHES_TAKEN, taken);
  }
  batches++;
  const bytes = batch.bytes.slice();
  say({ batch: { ...batch, bytes } }, [bytes.buffer]);
}

async function result(storage: Storage): Promise<unknown> {
  switch (job.kind) {
    case 'inspect':
      return inspectShard(storage, job.shard, loneShard(job.module, job.layout, job.shard), advance);
    case 'restore': {
      const kernel = new ShardKernel(job.module, job.memory, job.plan.shard, 0, job.layout);
      return restoreShard(storage, kernel, job.plan, job.nowMs, advance);
    }
    case 'pour': {
      const kernel = loneShard(job.module, job.layout, job.plan.shard);
      return pourShard(storage, kernel, job.plan, job.to, job.nowMs, post, advance);
    }
  }
}

function failureOf(error: unknown): Failure {
  if (error instanceof LatchkeyError) return { kind: 'ours', code: error.code, message: error.message };
  if (error instanceof StorageError) return { kind: 'storage', code: error.code, message: error.message };
  return { kind: 'bug', message: error instanceof Error ? (error.stack ?? error.message) : String(error) };
}

try {
  say({ done: await result(NodeStorage.open(job.directory, { readOnly: true })) });
} catch (error) {
  say({ failed: failureOf(error) });
}
