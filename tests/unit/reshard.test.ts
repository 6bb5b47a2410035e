// Pouring one shard into others. Goal: the batches that a source hands over can be put together, whatever other sources hand
// over between them. Method: a shard with values around and above the size of a batch; its batches are looked at, and those
// of two sources are mixed and read back.
import { describe, expect, it } from 'vitest';
import type { Layout } from '../../host/persistence/meta.js';
import { type Batch, NewDumps, pourKernel, reshardTemp } from '../../host/persistence/reshard.js';
import { MemoryStorage } from '../../host/storage/memory.js';
import { contentOf, OwnStore, someCommands, startInProcess } from '../support/own-store.js';
import { Random } from '../support/seed.js';
import { BUILDS, type Build } from '../support/wasm.js';

const TO: Layout = { shards: 3, routing: 'slots' };
const NOW_MS = 1_700_000_000_000;

/** Two shards with small and long values, in two databases; a long one may end exactly where a batch does. */
function source(build: Build, seed: number): OwnStore {
  const random = new Random(seed);
  const own = new OwnStore(build, 2);
  for (let i = 0; i < 40; i++) {
    own.store.db = random.oneIn(4) ? 3 : 0;
    const length = random.pick([10, 1000, 30_000, 65_536, 65_536 - random.below(40), 131_072, 200_000]);
    own.store.call('SET', `long:${i}`, 'v'.repeat(length));
    someCommands(own.store, random, 4);
  }
  own.store.db = 0;
  own.store.call('RPUSH', 'list', ...Array.from({ length: 2000 }, (_, i) => `${i}`.padEnd(90)));
  own.round(0);
  return own;
}

/** All batches of one source, each with bytes of its own. */
function poured(own: OwnStore, shard: number): Batch[] {
  const batches: Batch[] = [];
  pourKernel(own.store.shards[shard], TO, NOW_MS, (batch) => batches.push({ ...batch, bytes: batch.bytes.slice() }));
  return batches;
}

describe.each(BUILDS)('the batches of a source, $memory $mode', (build) => {
  it('go on in the same target until a long entry is whole', () => {
    const own = source(build, 1);
    let open = 0;
    for (const shard of [0, 1]) {
      const batches = poured(own, shard);
      for (const [i, batch] of batches.entries()) {
        expect(batch.bytes.length).toBeGreaterThan(0);
        if (!batch.open) continue;
        open++;
        expect(batches[i + 1]).toMatchObject({ target: batch.target, database: batch.database });
      }
    }
    expect(open).toBeGreaterThan(10);
  });

  it('can be mixed with those of another source wherever no entry is open, and nothing is lost', async () => {
    const own = source(build, 2);
    const content = contentOf(own.store.shards, true);
    const keys = [0, 3].reduce((sum, database) => sum + own.store.keys(database), 0);
    const waiting = [poured(own, 0), poured(own, 1)];
    const random = new Random(3);
    const storage = new MemoryStorage();
    const dumps = new NewDumps(storage);
    await dumps.create(TO.shards);
    let turns = 0;
    for (let last = -1, from = 0; waiting.some((batches) => batches.length > 0); last = from) {
      from = random.below(2);
      if (waiting[from].length === 0) from = 1 - from;
      if (from !== last) turns++;
      for (let open = true; open; ) {
        const batch = waiting[from].shift()!;
        dumps.take(batch);
        open = batch.open;
      }
    }
    await dumps.finish();
    dumps.close();
    expect(turns).toBeGreaterThan(5);
    expect(dumps.keys).toBe(keys);
    for (let shard = 0; shard < TO.shards; shard++)
      await storage.rename(reshardTemp(shard), reshardTemp(shard).replace('.reshard', ''));
    await (await storage.open('shards.meta', 'create')).write(Buffer.from('3\nslots\n'), 0);
    const { store } = await startInProcess(build, storage, { nowMs: NOW_MS });
    expect(contentOf(store.shards, true)).toBe(content);
    expect(store.shards.map(({ calls }) => calls.check())).toEqual([0, 0, 0]);
  });
});
