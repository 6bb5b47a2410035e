// Recovery of whole stores. Goal: whatever a crash leaves of a directory comes back as a state that existed, over all
// shards, and nothing that was synced is missing. Method: stores of real kernels whose rounds are written by hand, so that
// every state is known; then files of which tails, bits and names are lost. Crashes in recovery itself are in
// tests/crash/recovery.test.ts, bits and cuts at every byte in start-damage.test.ts.
import { describe, expect, it } from 'vitest';
import { LatchkeyError } from '../../host/errors.js';
import { dumpName, encodeRecord, encodeRound, logName } from '../../host/persistence/log-format.js';
import { shardLine } from '../../host/persistence/recover.js';
import { MemoryStorage } from '../../host/storage/memory.js';
import { differentFiles, flipped } from '../support/directory-files.js';
import { kevyFile } from '../support/dumps.js';
import { differencesOf, expectedOf, fixtureFiles, fixtureNames } from '../support/kevy-expected.js';
import { BIRTH_ID, contentOf, dumpBytes, OwnStore, recoverInProcess, someCommands } from '../support/own-store.js';
import { decode } from '../support/resp-client.js';
import { deriveSeed, Random, runSeed } from '../support/seed.js';
import { BUILDS, type Build } from '../support/wasm.js';

const LONG = process.env.LATCHKEY_TEST_LONG !== undefined;
const [BUILD] = BUILDS.slice(-1);
const QUARANTINE = /^aof-\d+\.aof\.corrupt-quarantine\.\d+$/;

/** A store with a few rounds, each synced as soon as the next one is written. */
function written(build: Build, shardCount: number, random: Random, rounds: number, commands = 6): OwnStore {
  const own = new OwnStore(build, shardCount);
  for (let i = 0; i < rounds; i++) {
    someCommands(own.store, random, random.between(1, commands));
    own.round(own.lastRound);
  }
  return own;
}

async function refused(files: Map<string, Uint8Array>, shardCount: number): Promise<LatchkeyError> {
  const storage = new MemoryStorage(files);
  const error = await recoverInProcess(BUILD, storage, shardCount).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(LatchkeyError);
  expect(differentFiles(storage.files(), files)).toEqual([]);
  const { message } = error as LatchkeyError;
  expect(message).not.toContain('\n');
  return error as LatchkeyError;
}

describe.each(BUILDS)('recovery, $memory $mode', (build) => {
  it('brings a store back as it was, and says where its logs go on', async () => {
    const own = written(build, 3, new Random(1), 12);
    const { store, recovered } = await recoverInProcess(build, new MemoryStorage(own.files()), 3);
    expect(contentOf(store.shards)).toBe(own.states.at(-1));
    expect(recovered.nextRound).toBe(own.lastRound + 1);
    for (const shard of recovered.shards) {
      const bytes = own.logBytes(shard.shard).length;
      expect(shard).toMatchObject({ verdict: 'whole', birthId: BIRTH_ID, endOffset: bytes, quarantined: undefined });
      expect(shard.endLsn).toBe(own.lsn(shard.shard));
      expect(shardLine(shard)).toMatch(
        new RegExp(`^shard ${shard.shard}: 0 keys .* \\d+ commands, \\d+ bytes, .*: whole$`),
      );
    }
    expect(recovered.shards.reduce((sum, { commands }) => sum + commands, 0)).toBeGreaterThan(20);
    expect(store.shards.map(({ calls }) => calls.check())).toEqual([0, 0, 0]);
  });

  it('executes only what a dump does not cover', async () => {
    const random = new Random(2);
    const own = written(build, 3, random, 6);
    own.snapshot([0, 1, 2], [1]);
    for (let i = 0; i < 4; i++) {
      someCommands(own.store, random, 5);
      own.round(own.lastRound);
    }
    const { store, recovered } = await recoverInProcess(build, new MemoryStorage(own.files()), 3);
    expect(contentOf(store.shards)).toBe(own.states.at(-1));
    expect(recovered.shards.every(({ keys, verdict }) => keys > 0 && verdict === 'whole')).toBe(true);
  });

  it('brings back an empty directory as an empty store', async () => {
    const { store, recovered } = await recoverInProcess(build, new MemoryStorage(), 2);
    expect(contentOf(store.shards)).toBe('');
    expect(recovered).toMatchObject({
      nextRound: 1,
      shards: [{ verdict: 'new', birthId: undefined }, { verdict: 'new' }],
    });
  });

  it('nothing expires but by what the log says', async () => {
    const own = new OwnStore(build, 1);
    own.store.call('SET', 'a', '1', 'PX', '1000');
    own.store.call('SET', 'b', '1', 'PX', '1000');
    own.round(0);
    own.store.call('PERSIST', 'a');
    own.store.call('INCR', 'a');
    own.round(1);
    const nowMs = own.store.clock.now + 5000;
    const { store } = await recoverInProcess(build, new MemoryStorage(own.files()), 1, { nowMs });
    expect(store.call('GET', 'a')).toBe('$1\r\n2\r\n');
    expect(store.call('GET', 'b')).toBe('$-1\r\n');
  });
});

describe('what a crash leaves', () => {
  const seed = runSeed('recover');

  it('any tails of the logs, any dumps in place: the longest history that all shards hold, and the rest set aside', async () => {
    const runs = LONG ? 1500 : 120;
    let cuts = 0;
    for (let run = 0; run < runs; run++) {
      const random = new Random(deriveSeed(seed, run));
      const count = random.between(1, 4);
      const own = written(BUILD, count, random, random.between(0, 8));
      const all = own.store.shards.map((_, shard) => shard);
      if (random.oneIn(2)) {
        // In the moment that dumps take their places some shards have theirs and some do not; logs are cut after that.
        const placed = random.oneIn(2) ? all : all.filter(() => random.oneIn(2));
        own.snapshot(placed, placed.length === count ? all.filter(() => random.oneIn(2)) : []);
      }
      const synced = own.lastRound;
      const more = random.between(0, 6);
      for (let i = 0; i < more; i++) {
        someCommands(own.store, random, random.between(1, 6));
        own.round(synced);
      }
      const files = own.files();
      const kept = all.map((shard) => {
        const bytes = files.get(logName(shard))!;
        const safe = Math.max(
          own.logs[shard][0].length,
          ...[...own.ends[shard]].map(([n, end]) => (n <= synced ? end : 0)),
        );
        const length = random.between(safe, bytes.length);
        const left = Buffer.from(bytes.subarray(0, length));
        // What was not synced may hold anything.
        if (length > safe && random.oneIn(3)) left[random.between(safe, length - 1)] ^= 1 << random.below(8);
        files.set(logName(shard), left);
        const sound = (end: number) => end <= length && left.subarray(0, end).equals(bytes.subarray(0, end));
        return new Set([...own.ends[shard]].filter(([, end]) => sound(end)).map(([number]) => number));
      });
      let cut = synced;
      const has = (shard: number, number: number) => own.covered[shard] >= number || kept[shard].has(number);
      while (own.rounds[cut]?.shards.every((shard) => has(shard, cut + 1))) cut++;
      if (cut < own.lastRound) cuts++;

      const storage = new MemoryStorage(files);
      const { store, recovered } = await recoverInProcess(BUILD, storage, count);
      const what = `run ${run}, LATCHKEY_SEED=${seed}`;
      expect(contentOf(store.shards), what).toBe(own.states[cut]);
      expect(recovered.nextRound, what).toBe(cut + 1);
      const after = storage.files();
      for (const { shard, endOffset, quarantined, verdict } of recovered.shards) {
        const before = files.get(logName(shard))!;
        expect(after.get(logName(shard))!.length).toBe(endOffset);
        expect(verdict).toBe(endOffset < before.length ? 'tail' : 'whole');
        const aside = quarantined ? after.get(quarantined.name)! : new Uint8Array();
        expect(Buffer.concat([after.get(logName(shard))!, aside]).equals(before), what).toBe(true);
      }
      const again = await recoverInProcess(BUILD, storage, count);
      expect(contentOf(again.store.shards), what).toBe(own.states[cut]);
      expect(again.recovered.nextRound).toBe(cut + 1);
      expect(differentFiles(storage.files(), after)).toEqual([]);
    }
    expect(cuts).toBeGreaterThan(runs / 5);
  });
});

describe('what no crash does', () => {
  it('damage below a synced round stops the start with file and offset, and two flags go on', async () => {
    const own = written(BUILD, 2, new Random(5), 10, 8);
    const first = own.rounds.find(({ shards, number }) => number > 3 && shards.includes(1))!.number;
    const before = own.rounds.filter(({ shards, number }) => number < first && shards.includes(1)).at(-1)!.number;
    const at = own.ends[1].get(before)! + 20;
    const files = own.files();
    files.set(logName(1), flipped(files.get(logName(1))!, at));
    const error = await refused(files, 2);
    expect(error.code).toBe('DAMAGED_FILE');
    expect(error.message).toMatch(
      new RegExp(`aof-1\\.aof, offset ${at - 20}: .*round ${first}.*--replay-truncate.*--replay-resync`),
    );

    const cutStorage = new MemoryStorage(files);
    const truncated = await recoverInProcess(BUILD, cutStorage, 2, { damage: 'truncate' });
    expect(contentOf(truncated.store.shards)).toBe(own.states[first - 1]);
    expect(truncated.recovered.lost?.round).toBe(first);
    expect(truncated.recovered.shards[1]).toMatchObject({ verdict: 'damaged', birthId: BIRTH_ID });
    expect([...cutStorage.files().keys()].filter((name) => QUARANTINE.test(name))).toHaveLength(2);
    const again = await recoverInProcess(BUILD, cutStorage, 2);
    expect(contentOf(again.store.shards)).toBe(own.states[first - 1]);
    expect(again.recovered.shards.map(({ verdict }) => verdict)).toEqual(['whole', 'whole']);

    const hopped = await recoverInProcess(BUILD, new MemoryStorage(files), 2, { damage: 'resync' });
    expect(hopped.recovered.nextRound).toBe(own.lastRound + 1);
    expect(hopped.recovered.shards).toMatchObject([
      { verdict: 'whole', birthId: undefined },
      { verdict: 'damaged', birthId: undefined },
    ]);
    expect(contentOf(hopped.store.shards.slice(0, 1))).toBe(contentOf(own.store.shards.slice(0, 1)));
  });

  it('a whole log that has lost synced rounds is missed', async () => {
    const own = written(BUILD, 2, new Random(6), 8);
    const files = own.files();
    const [lost] = own.rounds.filter(({ shards, number }) => shards.includes(0) && number > 2);
    const before = own.rounds.filter(({ shards, number }) => number < lost.number && shards.includes(0)).at(-1)!;
    files.set(logName(0), files.get(logName(0))!.subarray(0, own.ends[0].get(before.number)!));
    const error = await refused(files, 2);
    expect(error.message).toMatch(new RegExp(`round ${lost.number}, which had been synced`));
  });

  it.each<[string, RegExp, string, (files: Map<string, Uint8Array>, own: OwnStore) => unknown]>([
    ['a log that is missing', /aof-1\.aof is missing/, 'DAMAGED_FILE', (files) => files.delete(logName(1))],
    ['a dump that is missing', /dump-0\.rdb is missing/, 'DAMAGED_FILE', (files) => files.delete(dumpName(0))],
    [
      'a dump without a log, of another store',
      /dump-0\.rdb and .* are of different stores/,
      'DAMAGED_FILE',
      (files, own) => files.set(dumpName(0), dumpBytes(own.store.shards[0], 3, 'ff'.repeat(16))),
    ],
    [
      "a dump of kevy's beside logs of ours",
      /dump-0\.rdb and aof-0\.aof are of different stores/,
      'DAMAGED_FILE',
      (files) => files.set(dumpName(0), kevyFile(Buffer.alloc(0)).bytes),
    ],
    [
      "a log of kevy's in the place of ours",
      /aof-1\.aof and the other files are of different stores/,
      'DAMAGED_FILE',
      (files) => files.set(logName(1), Buffer.concat([Buffer.from('KEVYAOF2\n'), encodeRecord(['SET', 'a', 'b'])])),
    ],
    [
      'a dump of a newer version',
      /dump-1\.rdb has version 9 of the format/,
      'NEWER_FILE',
      (files) => {
        const bytes = Buffer.from(files.get(dumpName(1))!);
        bytes[8] = 9;
        files.set(dumpName(1), bytes);
      },
    ],
    [
      'a record of a newer version',
      /aof-0\.aof holds "\\u0000?SHARD"|aof-0\.aof holds "SHARD"/,
      'NEWER_FILE',
      (files) => files.set(logName(0), Buffer.concat([files.get(logName(0))!, encodeRecord(['\0SHARD', '1'])])),
    ],
    [
      'a log of a newer version',
      /aof-0\.aof holds "KEVYAOF3"/,
      'NEWER_FILE',
      (files) => files.set(logName(0), Buffer.from('KEVYAOF3\n')),
    ],
    [
      'rounds of shards that the layout does not have',
      /aof-0\.aof: round 99 is of shard 7/,
      'BAD_LAYOUT',
      (files, own) => {
        const participants = [
          { shard: 0, endLsn: own.lsn(0) },
          { shard: 7, endLsn: 1 },
        ];
        const round = encodeRound({ number: 99, synced: 0, participants });
        files.set(logName(0), Buffer.concat([files.get(logName(0))!, round]));
      },
    ],
    [
      'garbage for a log',
      /aof-1\.aof, offset 0/,
      'DAMAGED_FILE',
      (files) => files.set(logName(1), Buffer.from('garbage that is long enough to be looked at')),
    ],
    [
      'garbage for a dump',
      /dump-1\.rdb, offset 0/,
      'DAMAGED_FILE',
      (files) => files.set(dumpName(1), Buffer.from('garbage that is long enough to be looked at')),
    ],
  ])('%s is one clear line, and nothing is changed', async (_, message, code, spoil) => {
    const random = new Random(7);
    const own = written(BUILD, 2, random, 5);
    own.snapshot([0, 1], [0, 1]);
    someCommands(own.store, random, 10);
    own.round(own.lastRound);
    const files = own.files();
    spoil(files, own);
    const error = await refused(files, 2);
    expect(error.message).toMatch(message);
    expect(error.code).toBe(code);
  });
});

describe("kevy's directories", () => {
  const plain = fixtureNames().filter((name) => !name.startsWith('journal-'));
  it('there are nine that need no journal', () => expect(plain).toHaveLength(9));

  it.each(plain)('%s comes back as kevy says', async (name) => {
    const files = fixtureFiles(name);
    const storage = new MemoryStorage(files);
    const count = [...files.keys()].filter((file) => file.endsWith('.aof')).length;
    const routing = name.startsWith('slots') ? 1 : 0;
    const { store, recovered } = await recoverInProcess(BUILD, storage, count, { routing, nowMs: Date.now() });
    const expected = expectedOf(name);
    const ask = (...args: (string | Buffer)[]) => decode(Buffer.from(store.call(...args), 'latin1'), { binary: true });
    expect(differencesOf(expected, ask)).toEqual([]);
    expect(store.keys()).toBe(expected.length);
    const damaged = recovered.shards.filter(({ verdict }) => verdict !== 'whole');
    expect(damaged.map(({ shard, verdict }) => [shard, verdict])).toEqual(
      name === 'aof-torn-tail' ? [[1, 'tail']] : name === 'aof-garbage-tail' ? [[2, 'tail']] : [],
    );
    for (const shard of damaged) expect(shard.quarantined!.bytes).toBeGreaterThan(0);
    expect(recovered.shards.every(({ birthId, errors }) => birthId === undefined && errors === 0)).toBe(true);
    const after = storage.files();
    await recoverInProcess(BUILD, storage, count, { routing, nowMs: Date.now() });
    expect(differentFiles(storage.files(), after)).toEqual([]);
  });
});
