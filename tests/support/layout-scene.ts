// Stores whose layout changes, and what has to be true of the directory afterwards.
import { expect } from 'vitest';
import type { Layout } from '../../host/persistence/meta.js';
import { shardOfName } from '../../host/persistence/meta.js';
import type { Storage } from '../../host/storage/port.js';
import { type Files, sameBytes } from './directory-files.js';
import { contentOf, OwnStore, someCommands, startInProcess } from './own-store.js';
import { Random } from './seed.js';
import { BUILDS, type Build } from './wasm.js';

/** Crash tests of whole starts take one build: the kernel's own tests take all. */
export const [BUILD] = BUILDS.slice(-1);
/** When the keys of stores of ours, and of kevy's, have not expired yet. */
export const OUR_MS = 1_700_000_000_000;
export const KEVY_MS = 1_795_436_300_000;
const LONG = process.env.LATCHKEY_TEST_LONG !== undefined;
/** Of a test that crashes a start in every call. */
export const CRASH_TIMEOUT_MS = LONG ? 7_200_000 : 300_000;

export type Started = Awaited<ReturnType<typeof startInProcess>>;

export interface Scene {
  readonly files: Map<string, Uint8Array>;
  /** See contentOf: wherever the keys lie. */
  readonly content: string;
  readonly own: OwnStore;
}

/** A store of ours with every type in it, in two databases, its last rounds behind a snapshot. Some hundred keys. */
export function sampleStore(build: Build, seed: number, shards = 3): Scene {
  return written(new OwnStore(build, shards), new Random(seed));
}

/** The same, and values that are longer than any window or batch. */
export function largeStore(own: OwnStore, seed: number): Scene {
  own.store.db = 0;
  own.store.call('SET', 'large', 'x'.repeat(100_000));
  own.store.call('RPUSH', 'long list', ...Array.from({ length: 3000 }, (_, i) => `element ${i} ${'y'.repeat(i % 90)}`));
  return written(own, new Random(seed));
}

/** Puts every type into a store, and writes a snapshot and rounds behind it. */
function written(own: OwnStore, random: Random): Scene {
  own.store.db = 0;
  own.store.call('HSET', 'hash', 'f', 'v', 'g', 'w');
  own.store.call('HPEXPIRE', 'hash', '900000000', 'FIELDS', '1', 'f');
  own.store.call('XADD', 'stream', '1-1', 'f', 'v');
  own.store.call('XGROUP', 'CREATE', 'stream', 'g', '0');
  own.store.call('XREADGROUP', 'GROUP', 'g', 'consumer', 'STREAMS', 'stream', '>');
  someCommands(own.store, random, 60);
  own.round(0);
  const all = own.store.shards.map((_, shard) => shard);
  own.snapshot(all, all);
  for (let i = 0; i < 3; i++) {
    someCommands(own.store, random, 15);
    own.round(own.lastRound);
  }
  const files = own.files();
  files.set('shards.meta', Buffer.from(`${own.shardCount}\nkevyhash\n`));
  return { files, content: contentOf(own.store.shards, true), own };
}

/** Names that no start may leave. */
export const PASSING_NAME = /journal|reshard|tmp/;

/**
 * Old files that were moved away in one change are there, whole and unchanged; and so are the backups of earlier ones.
 * @param isSource Which of the files were dumps and logs of the old layout.
 */
export function expectBackups(before: Files, after: Files, isSource = (_: string): boolean => true): void {
  const names = [...before.keys()].filter((name) => shardOfName(name) && isSource(name));
  const stamps = new Set([...after.keys()].flatMap((name) => /\.premigration\.(\d+)$/.exec(name)?.[1] ?? []));
  const whole = [...stamps].filter((stamp) =>
    names.every((name) => sameBytes(after.get(`${name}.premigration.${stamp}`), before.get(name))),
  );
  expect(names.length).toBeGreaterThan(0);
  expect(whole, `backups of ${names} among ${[...after.keys()]}`).toHaveLength(1);
  const earlier = [...before.keys()].filter((name) => name.includes('.premigration.'));
  expect(earlier.filter((name) => !sameBytes(before.get(name), after.get(name)))).toEqual([]);
}

/** What a start that came through has to have come to. */
export function expectMoved(started: Started, layout: Layout, content: string, files: Files): void {
  expect(started.prepared.layout).toEqual(layout);
  expect(contentOf(started.store.shards, true)).toBe(content);
  expect([...files.keys()].filter((name) => PASSING_NAME.test(name))).toEqual([]);
  expect(started.store.shards.map(({ calls }) => calls.check())).toEqual(started.store.shards.map(() => 0));
  expect(String(Buffer.from(files.get('shards.meta')!))).toBe(`${layout.shards}\n${layout.routing}\n`);
}

/** The content of a directory as a start finds it that nothing interrupts; `merged` as for contentOf. */
export async function contentAsItIs(build: Build, storage: Storage, nowMs: number, merged = true): Promise<string> {
  return contentOf((await startInProcess(build, storage, { nowMs })).store.shards, merged);
}
