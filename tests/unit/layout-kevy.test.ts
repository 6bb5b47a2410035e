// Directories of kevy's at a start, in every layout. Goal: what a real kevy wrote, half migrated and damaged ones included,
// holds what kevy says, wherever its keys go. Method: copies of the fixtures started as a server starts them, asked key by
// key, and the old files looked for.
import { describe, expect, it } from 'vitest';
import { changeLine } from '../../host/persistence/layout.js';
import type { Layout } from '../../host/persistence/meta.js';
import { MemoryStorage } from '../../host/storage/memory.js';
import { differentFiles, sameBytes } from '../support/directory-files.js';
import { differencesOf, expectedOf, fixtureFiles, fixtureNames } from '../support/kevy-expected.js';
import { readKevyLog } from '../support/kevy-log.js';
import { expectBackups, PASSING_NAME } from '../support/layout-scene.js';
import { startInProcess } from '../support/own-store.js';
import { decode } from '../support/resp-client.js';
import type { StoreInProcess } from '../support/store-in-process.js';
import { BUILDS } from '../support/wasm.js';

const LAYOUTS: readonly Layout[] = [1, 2, 4, 7].flatMap((shards) =>
  (['kevyhash', 'slots'] as const).map((routing) => ({ shards, routing })),
);

const asker =
  (store: StoreInProcess) =>
  (...args: (string | Buffer)[]) =>
    decode(Buffer.from(store.call(...args), 'latin1'), { binary: true });

/** The log that is damaged, and what stands behind its last good record. */
function damagedEnd(files: ReadonlyMap<string, Uint8Array>): { name: string; tail: Buffer } | undefined {
  for (const [name, content] of files) {
    if (!/^aof-\d+\.aof$/.test(name)) continue;
    const bytes = Buffer.from(content);
    const { goodBytes } = readKevyLog(bytes);
    if (goodBytes < bytes.length) return { name, tail: bytes.subarray(goodBytes) };
  }
  return undefined;
}

describe("kevy's directories", () => {
  it('are twelve, of which two have a damaged log', () => {
    expect(fixtureNames()).toHaveLength(12);
    const damaged = fixtureNames().filter((name) => damagedEnd(fixtureFiles(name)));
    expect(damaged).toEqual(['aof-garbage-tail', 'aof-torn-tail']);
  });
});

describe.each(BUILDS)("kevy's directories, $memory $mode", (build) => {
  it.each(fixtureNames())('%s is what kevy says, at 1, 2, 4 and 7 shards, under both routings', async (name) => {
    const expected = expectedOf(name);
    const files = fixtureFiles(name);
    const nowMs = Date.now();
    for (const layout of LAYOUTS) {
      const what = `${layout.shards} ${layout.routing}`;
      const storage = new MemoryStorage(files);
      const { store, prepared, recovered } = await startInProcess(build, storage, { ...layout, nowMs });
      expect(prepared.layout).toEqual(layout);
      expect(differencesOf(expected, asker(store)), what).toEqual([]);
      expect(store.keys()).toBe(expected.length);
      expect(store.shards.map(({ calls }) => calls.check())).toEqual(store.shards.map(() => 0));
      expect(recovered.shards.every(({ errors }) => errors === 0)).toBe(true);
      const { change, finished } = prepared;
      expect(finished !== undefined, what).toBe(/^journal-(committed|mid-finalize)$/.test(name));
      const after = storage.files();
      if (change) {
        const figures = `to ${layout.shards} shards? by ${layout.routing}: ${expected.length} keys`;
        expect(changeLine(change)).toMatch(new RegExp(figures));
        if (!finished) expectBackups(files, after);
      }
      // What could not be read is set aside, once, whether the log was cut or is a backup now.
      const aside = [...after.keys()].filter((file) => file.includes('.corrupt-quarantine.'));
      const damaged = damagedEnd(files);
      expect(aside, what).toHaveLength(damaged ? 1 : 0);
      if (damaged) {
        expect(aside[0].startsWith(`${damaged.name}.`)).toBe(true);
        expect(sameBytes(after.get(aside[0]), damaged.tail)).toBe(true);
        if (change) expect(changeLine(change)).toContain(`${damaged.tail.length} bytes set aside in ${aside[0]}`);
      }
      expect([...after.keys()].filter((file) => PASSING_NAME.test(file))).toEqual([]);
      const again = await startInProcess(build, storage, { nowMs });
      expect(again.prepared).toEqual({ layout, change: undefined, finished: undefined });
      expect(again.store.keys()).toBe(expected.length);
      expect(differentFiles(after, storage.files()), what).toEqual([]);
    }
  });
});
