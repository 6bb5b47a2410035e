// Writes a store that is in memory, and that nobody uses, into a directory that has none. It takes the way of a change of
// layout (layout.ts) without anything to change from: new dumps under passing names, a journal as the commit, finalize. A
// crash leaves a directory without data, or one that the next start finishes.
import type { ShardKernel } from '../kernel/kernel.js';
import type { Storage } from '../storage/port.js';
import { removeIfThere } from './commit-set.js';
import { type Journal, newStamp, writeJournal } from './journal.js';
import { finalize, settle } from './layout.js';
import type { Layout } from './meta.js';
import { NewDumps, pourKernel, reshardTemp } from './reshard.js';

/** What was written. */
export interface NewStore {
  readonly keys: number;
  readonly bytes: number;
}

/**
 * @param storage Has no data; what a commit that was never reached has left goes.
 * @param kernels The shards of the layout, in order; of no more use afterwards.
 * @throws StorageError: there is no data then, or all of it is committed and the next start goes on.
 */
export async function writeNewStore(
  storage: Storage,
  kernels: readonly ShardKernel[],
  layout: Layout,
  nowMs: number,
): Promise<NewStore> {
  await settle(storage);
  const { shards, routing } = layout;
  const written = await writeDumps(storage, kernels, layout, nowMs);
  const stamp = newStamp(await storage.list(), nowMs);
  const journal: Journal = { stamp, shardsBefore: shards, shards, routing };
  await writeJournal(storage, journal);
  await finalize(storage, journal);
  return written;
}

async function writeDumps(
  storage: Storage,
  kernels: readonly ShardKernel[],
  layout: Layout,
  nowMs: number,
): Promise<NewStore> {
  const dumps = new NewDumps(storage);
  try {
    await dumps.create(layout.shards);
    for (const kernel of kernels) pourKernel(kernel, layout, nowMs, (batch) => dumps.take(batch));
    await dumps.finish();
    // Their names have to be there whenever the journal is.
    await storage.syncDirectory();
    return { keys: dumps.keys, bytes: dumps.bytes };
  } catch (error) {
    dumps.close();
    // A full disk gets its room back. What stays all the same is cleared away at the next start.
    for (let shard = 0; shard < layout.shards; shard++)
      await removeIfThere(storage, reshardTemp(shard)).catch(() => {});
    throw error;
  } finally {
    dumps.close();
  }
}
