// Crashes in changes of layout. Goal: whatever call a start ends in, and the one after it, the next start has every key, each
// once, in the layout that was asked for, and the old files as backups. Method: support/every-start.ts over stores of ours
// and of kevy's, by each way in which a start changes a layout or finishes an earlier change.
import { describe, expect, it } from 'vitest';
import type { Layout } from '../../host/persistence/meta.js';
import { MemoryStorage } from '../../host/storage/memory.js';
import { everyFault } from '../support/every-crash.js';
import { everyStart, type StartFigures } from '../support/every-start.js';
import { fixtureFiles } from '../support/kevy-expected.js';
import {
  BUILD,
  CRASH_TIMEOUT_MS,
  contentAsItIs,
  expectBackups,
  expectMoved,
  KEVY_MS,
  largeStore,
  OUR_MS,
  sampleStore,
} from '../support/layout-scene.js';
import { OwnStore, startInProcess } from '../support/own-store.js';

interface Case {
  readonly title: string;
  readonly files: () => Map<string, Uint8Array>;
  readonly wanted: Partial<Layout>;
  readonly layout: Layout;
  readonly nowMs: number;
  /** Which of the files of before have to be there as backups. */
  readonly moves?: (name: string) => boolean;
  /** Whether a copy of a damaged end has to be there. */
  readonly aside?: boolean;
}

function ofOurs(shards: number, meta = true): Map<string, Uint8Array> {
  const { files } = sampleStore(BUILD, 12, shards);
  if (!meta) files.delete('shards.meta');
  return files;
}

/** Of a change that is half finished: the dumps that are in place are new ones. */
const isLog = (name: string): boolean => name.endsWith('.aof');

const CASES: readonly Case[] = [
  {
    title: 'a change of shards',
    files: () => ofOurs(3),
    nowMs: OUR_MS,
    wanted: { shards: 4 },
    layout: { shards: 4, routing: 'kevyhash' },
    moves: () => true,
  },
  {
    title: 'a change of routing',
    files: () => ofOurs(3),
    nowMs: OUR_MS,
    wanted: { routing: 'slots' },
    layout: { shards: 3, routing: 'slots' },
    moves: () => true,
  },
  {
    title: 'a change of both',
    files: () => ofOurs(5),
    nowMs: OUR_MS,
    wanted: { shards: 2, routing: 'slots' },
    layout: { shards: 2, routing: 'slots' },
    moves: () => true,
  },
  {
    title: 'a change of a directory without shards.meta',
    files: () => ofOurs(3, false),
    nowMs: OUR_MS,
    wanted: { shards: 2 },
    layout: { shards: 2, routing: 'kevyhash' },
    moves: () => true,
  },
  {
    title: 'a directory without shards.meta that stays as it is',
    files: () => fixtureFiles('no-meta-4'),
    nowMs: KEVY_MS,
    wanted: {},
    layout: { shards: 4, routing: 'kevyhash' },
  },
  {
    title: "a change of kevy's directory with a damaged log",
    files: () => fixtureFiles('aof-garbage-tail'),
    nowMs: KEVY_MS,
    wanted: { shards: 2 },
    layout: { shards: 2, routing: 'kevyhash' },
    moves: () => true,
    aside: true,
  },
  {
    title: 'a change that was committed',
    files: () => fixtureFiles('journal-committed'),
    nowMs: KEVY_MS,
    wanted: {},
    layout: { shards: 2, routing: 'kevyhash' },
    moves: () => true,
  },
  {
    title: 'a change that was half finished',
    files: () => fixtureFiles('journal-mid-finalize'),
    nowMs: KEVY_MS,
    wanted: {},
    layout: { shards: 2, routing: 'kevyhash' },
    moves: isLog,
  },
  {
    title: 'a change that was half finished, and another one',
    files: () => fixtureFiles('journal-mid-finalize'),
    nowMs: KEVY_MS,
    wanted: { shards: 3, routing: 'slots' },
    layout: { shards: 3, routing: 'slots' },
  },
  {
    title: 'a journal that is torn',
    files: () => fixtureFiles('journal-torn'),
    nowMs: KEVY_MS,
    wanted: {},
    layout: { shards: 4, routing: 'kevyhash' },
  },
];

describe('a crash in a start, and in the start after it', () => {
  it.each(CASES)(
    '$title: any call of both can be the last, and all keys are there, once, in the layout that was asked for',
    async ({ title, files: make, wanted, layout, nowMs, moves, aside = false }) => {
      const files = make();
      const content = await contentAsItIs(BUILD, new MemoryStorage(files), nowMs);
      const figures: StartFigures = await everyStart({
        title,
        files,
        start: (storage) => startInProcess(BUILD, storage, { ...wanted, nowMs }),
        check: (started, after) => {
          expectMoved(started, layout, content, after);
          if (moves) expectBackups(files, after, moves);
          expect([...after.keys()].some((name) => name.includes('.corrupt-quarantine.'))).toBe(aside);
        },
      });
      expect(figures.points).toBeGreaterThan(figures.calls);
      expect(figures.secondPoints).toBeGreaterThan(0);
    },
    CRASH_TIMEOUT_MS,
  );
});

describe('a disk that fails in a change', () => {
  it(
    'leaves the old layout, or a change that the next start finishes, whatever call fails',
    async () => {
      const { files, content } = largeStore(new OwnStore(BUILD, 3), 13);
      const wanted = { shards: 4, routing: 'slots' } as const;
      await everyFault(
        { title: 'failures in a change', notes: () => ({}), files: () => files },
        (storage) => startInProcess(BUILD, storage, wanted),
        async (storage) => {
          expectMoved(await startInProcess(BUILD, storage, wanted), wanted, content, storage.files());
          expectBackups(files, storage.files());
        },
      );
    },
    CRASH_TIMEOUT_MS,
  );
});
