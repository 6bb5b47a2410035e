// Chains of layouts. Goal: a store that is moved from layout to layout keeps all that commands say of it. Method: a store of
// ours with every type, databases, expiries, deadlines of hash fields and groups of streams; asked before and after each
// change, and compared by its digests too.
import { describe, expect, it } from 'vitest';
import type { Layout } from '../../host/persistence/meta.js';
import { MemoryStorage } from '../../host/storage/memory.js';
import { keyFacts } from '../support/key-facts.js';
import { largeStore, PASSING_NAME, type Scene, sampleStore } from '../support/layout-scene.js';
import { contentOf, OwnStore, startInProcess } from '../support/own-store.js';
import { BUILDS } from '../support/wasm.js';

const CHAIN: readonly Layout[] = [
  { shards: 4, routing: 'kevyhash' },
  { shards: 7, routing: 'slots' },
  { shards: 2, routing: 'slots' },
  { shards: 3, routing: 'kevyhash' },
  { shards: 3, routing: 'slots' },
  { shards: 1, routing: 'kevyhash' },
];

describe.each(BUILDS)('a chain of layouts, $memory $mode', (build) => {
  it.each<[string, Scene]>([
    ['a store of every type', sampleStore(build, 11, 1)],
    ['a store with values longer than any window', largeStore(new OwnStore(build, 1), 12)],
  ])('%s keeps every key, type, value and expiry, in every database', async (_, { files, content, own }) => {
    const { lines, types } = keyFacts(own.store);
    expect(types).toEqual(['hash', 'list', 'set', 'stream', 'string', 'zset']);
    expect(lines.length).toBeGreaterThan(30);
    expect(new Set(lines.map((line) => line.split(' ')[0]))).toEqual(new Set(['0', '3']));
    const subjects: Record<string, RegExp> = {
      'a key that expires': / string 17\d{11} /,
      'a field that expires': / hash -1 .*",17\d{11}\]/,
      'a group of a stream': / stream -1 .*\["name","group \d/,
    };
    for (const [what, pattern] of Object.entries(subjects))
      expect(lines.filter((line) => pattern.test(line)).length, what).toBeGreaterThan(0);
    const storage = new MemoryStorage(files);
    for (const layout of CHAIN) {
      const { store, prepared } = await startInProcess(build, storage, layout);
      const what = `${layout.shards} ${layout.routing}`;
      expect(prepared.change?.keys, what).toBe(lines.length);
      expect(prepared.change?.quarantined, what).toEqual([]);
      expect(contentOf(store.shards, true), what).toBe(content);
      expect(keyFacts(store).lines, what).toEqual(lines);
      expect(store.shards.map(({ calls }) => calls.check())).toEqual(store.shards.map(() => 0));
      // Keys are where the layout has them, so that commands find them; and no shard is left out.
      if (lines.length > 40)
        expect(
          store.shards.every(({ calls }) => calls.databaseKeys(0) > 0),
          what,
        ).toBe(true);
    }
    const names = [...storage.files().keys()];
    expect(names.filter((name) => PASSING_NAME.test(name))).toEqual([]);
    const stamps = new Set(names.flatMap((name) => /\.premigration\.(\d+)$/.exec(name)?.[1] ?? []));
    expect(stamps.size).toBe(CHAIN.length);
  });
});
