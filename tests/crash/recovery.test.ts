// Crashes in recovery. Goal: a start that sets aside what a crash has left behind the last complete round, or behind the good
// part of a log of kevy's, can end in any of its calls, and so can the start after it: the keyspace is always the same state,
// and no byte that was in a log is gone. Method: support/every-start.ts over stores with damaged ends.
import { describe, expect, it } from 'vitest';
import { logName } from '../../host/persistence/log-format.js';
import { MemoryStorage } from '../../host/storage/memory.js';
import { type Files, flipped, sameBytes } from '../support/directory-files.js';
import { everyFault } from '../support/every-crash.js';
import { everyStart } from '../support/every-start.js';
import { fixtureFiles } from '../support/kevy-expected.js';
import { BUILD, CRASH_TIMEOUT_MS, contentAsItIs, KEVY_MS, OUR_MS } from '../support/layout-scene.js';
import { contentOf, OwnStore, someCommands, startInProcess } from '../support/own-store.js';
import { Random } from '../support/seed.js';

interface Case {
  readonly title: string;
  readonly nowMs: number;
  readonly files: Map<string, Uint8Array>;
  readonly content: string;
  readonly nextRound: number;
  /** Logs that are cut. */
  readonly cut: readonly string[];
}

/** Three shards: five rounds that were synced, four that were not, of which a crash has cut one off in the middle. */
function unfinished(): Case {
  const random = new Random(8);
  const own = new OwnStore(BUILD, 3);
  const rounds = (count: number, synced: (round: number) => number): void => {
    for (let i = 0; i < count; i++) {
      someCommands(own.store, random, 8);
      own.round(synced(own.lastRound));
    }
  };
  rounds(5, (last) => last);
  const synced = own.lastRound;
  own.snapshot([0, 1, 2], [1]);
  rounds(4, () => synced);
  const files = own.files();
  files.set('shards.meta', Buffer.from('3\nkevyhash\n'));
  const [lost] = own.rounds[synced + 1].shards;
  files.set(logName(lost), files.get(logName(lost))!.subarray(0, own.ends[lost].get(synced + 2)! - 3));
  const behind = own.rounds.slice(synced + 1).flatMap(({ shards }) => shards);
  const cut = [...new Set(behind)].sort().map(logName);
  return {
    title: 'rounds that are not whole',
    nowMs: OUR_MS,
    files,
    content: own.states[synced + 1],
    nextRound: synced + 2,
    cut,
  };
}

/** One shard whose last round, which nothing says was synced, has a bit that is another. */
function garbled(): Case {
  const random = new Random(9);
  const own = new OwnStore(BUILD, 1);
  for (let i = 0; i < 4; i++) {
    someCommands(own.store, random, 6);
    own.round(own.lastRound);
  }
  const files = own.files();
  files.set('shards.meta', Buffer.from('1\nkevyhash\n'));
  const name = logName(0);
  files.set(name, flipped(files.get(name)!, own.ends[0].get(own.lastRound - 1)! + 11, 3));
  return {
    title: 'a last round with garbage',
    nowMs: OUR_MS,
    files,
    content: own.states.at(-2)!,
    nextRound: own.lastRound,
    cut: [name],
  };
}

async function ofKevy(name: string, cut: string): Promise<Case> {
  const files = fixtureFiles(name);
  const content = await contentAsItIs(BUILD, new MemoryStorage(files), KEVY_MS, false);
  return { title: `kevy's ${name}`, nowMs: KEVY_MS, files, content, nextRound: 1, cut: [cut] };
}

/** Every log that is cut and one of its copies make up the log of before; nothing else has changed. */
function expectNothingGone({ files: before, cut }: Case, after: Files): void {
  for (const [name, bytes] of before) {
    const now = after.get(name)!;
    if (!cut.includes(name)) {
      expect(sameBytes(now, bytes), name).toBe(true);
      continue;
    }
    const copies = [...after.keys()].filter((copy) => copy.startsWith(`${name}.corrupt-quarantine.`));
    const whole = copies.filter((copy) => sameBytes(Buffer.concat([now, after.get(copy)!]), bytes));
    expect(now.length, name).toBeLessThan(bytes.length);
    expect(whole.length, `${name} and one of ${copies}`).toBeGreaterThan(0);
  }
}

const CASES = [
  unfinished(),
  garbled(),
  await ofKevy('aof-torn-tail', 'aof-1.aof'),
  await ofKevy('aof-garbage-tail', 'aof-2.aof'),
];

describe('a crash in a recovery that sets damage aside, and in the start after it', () => {
  it.each(CASES)(
    '$title: any call of both can be the last, the state is the same, and no byte is gone',
    async (scene) => {
      const { title, nowMs, files, content, nextRound } = scene;
      const { calls, points, secondPoints } = await everyStart({
        title,
        files,
        start: (storage) => startInProcess(BUILD, storage, { nowMs }),
        check: ({ store, recovered }, after) => {
          expect(recovered.nextRound).toBe(nextRound);
          expect(contentOf(store.shards)).toBe(content);
          expectNothingGone(scene, after);
        },
      });
      expect(calls).toBeGreaterThan(4);
      expect(points).toBeGreaterThan(calls);
      expect(secondPoints).toBeGreaterThan(0);
    },
    CRASH_TIMEOUT_MS,
  );
});

describe('a disk that fails in a recovery', () => {
  it.each(CASES)('$title: the logs stay whole, or are cut with a copy beside them', async (scene) => {
    const { title, nowMs, files, content } = scene;
    await everyFault(
      { title, notes: () => ({}), files: () => files },
      (storage) => startInProcess(BUILD, storage, { nowMs }),
      async (storage) => {
        const { store } = await startInProcess(BUILD, storage, { nowMs });
        expect(contentOf(store.shards)).toBe(content);
        expectNothingGone(scene, storage.files());
      },
    );
  });
});
