// Changes of layout. Goal: from any number of shards and routing to any other nothing is lost and nothing invented, whatever
// call the process ends in. Method: kevy's directories under every layout, chains of layouts over a store with every type,
// and a crash in every call of the change, of its finalizing, and of the start after it.
import { describe, expect, it } from 'vitest';
import { LatchkeyError } from '../../host/errors.js';
import { encodeJournal } from '../../host/persistence/journal.js';
import { changeLine, finalize } from '../../host/persistence/layout.js';
import type { Layout } from '../../host/persistence/meta.js';
import { MemoryStorage } from '../../host/storage/memory.js';
import { CrashStorage } from '../support/crash-storage.js';
import { everyCrash, everyFault } from '../support/every-crash.js';
import { differencesOf, expectedOf, fixtureFiles, fixtureNames } from '../support/kevy-expected.js';
import { contentOf, OwnStore, someCommands, startInProcess } from '../support/own-store.js';
import { decode } from '../support/resp-client.js';
import { Random } from '../support/seed.js';
import type { StoreInProcess } from '../support/store-in-process.js';
import { BUILDS } from '../support/wasm.js';

const LONG = process.env.LATCHKEY_TEST_LONG !== undefined;
const [BUILD] = BUILDS.slice(-1);
const LAYOUTS: readonly Layout[] = [1, 2, 4, 7].flatMap((shards) =>
  (['kevyhash', 'slots'] as const).map((routing) => ({ shards, routing })),
);

const asker =
  (store: StoreInProcess) =>
  (...args: (string | Buffer)[]) =>
    decode(Buffer.from(store.call(...args), 'latin1'), { binary: true });

/** A store of three shards with every type in it, the last rounds behind a snapshot. */
function sample(seed: number, shards = 3): { files: Map<string, Uint8Array>; content: string; own: OwnStore } {
  const random = new Random(seed);
  const own = new OwnStore(BUILD, shards);
  own.store.db = 0;
  own.store.call('SET', 'large', 'x'.repeat(100_000));
  own.store.call('RPUSH', 'long list', ...Array.from({ length: 3000 }, (_, i) => `element ${i} ${'y'.repeat(i % 90)}`));
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
  files.set('shards.meta', Buffer.from(`${shards}\nkevyhash\n`));
  return { files, content: contentOf(own.store.shards, true), own };
}

describe("kevy's directories", () => {
  it('are twelve', () => expect(fixtureNames()).toHaveLength(12));

  it.each(fixtureNames())('%s is what kevy says, at 1, 2, 4 and 7 shards, under both routings', async (name) => {
    const expected = expectedOf(name);
    for (const layout of LAYOUTS) {
      const files = fixtureFiles(name);
      const storage = new MemoryStorage(files);
      const nowMs = Date.now();
      const { store, prepared } = await startInProcess(BUILD, storage, { ...layout, nowMs });
      expect(prepared.layout).toEqual(layout);
      expect(differencesOf(expected, asker(store)), `${layout.shards} ${layout.routing}`).toEqual([]);
      expect(store.keys()).toBe(expected.length);
      expect(store.shards.map(({ calls }) => calls.check())).toEqual(store.shards.map(() => 0));
      const { change, finished } = prepared;
      const after = storage.files();
      if (change) {
        expect(changeLine(change)).toMatch(
          new RegExp(`to ${layout.shards} shards? by ${layout.routing}: ${expected.length} keys`),
        );
        for (const [file, bytes] of files)
          if (!finished && /^(aof|dump)-\d+\.(aof|rdb)$/.test(file))
            expect(Buffer.compare(after.get(`${file}.premigration.${change.stamp}`)!, bytes)).toBe(0);
      }
      expect([...after.keys()].filter((file) => /journal|reshard|tmp/.test(file))).toEqual([]);
      const again = await startInProcess(BUILD, storage, { nowMs });
      expect(again.prepared).toEqual({ layout, change: undefined, finished: undefined });
      expect(again.store.keys()).toBe(expected.length);
    }
  });
});

describe.each(BUILDS)('a chain of layouts, $memory $mode', (build) => {
  it('keeps every key, type and expiry, in every database', async () => {
    const { files, content, own } = sample(11);
    let storage = new MemoryStorage(files);
    const chain: Layout[] = [
      { shards: 5, routing: 'kevyhash' },
      { shards: 5, routing: 'slots' },
      { shards: 1, routing: 'slots' },
      { shards: 4, routing: 'kevyhash' },
      { shards: 2, routing: 'kevyhash' },
    ];
    for (const layout of chain) {
      const { store, prepared } = await startInProcess(build, storage, layout);
      expect(contentOf(store.shards, true), JSON.stringify(layout)).toBe(content);
      expect(prepared.change?.keys).toBe(own.store.shards.reduce((sum, { calls }) => sum + keysOf(calls), 0));
      storage = new MemoryStorage([...storage.files()].filter(([name]) => !name.includes('premigration')));
    }
  });
});

function keysOf(calls: { databaseKeys(db: number): number }): number {
  return Array.from({ length: 16 }, (_, db) => calls.databaseKeys(db) >>> 0).reduce((a, b) => a + b, 0);
}

describe('the layout of a directory', () => {
  it('is written into an empty one, and only an explicit wish changes it', async () => {
    const storage = new MemoryStorage();
    const { prepared } = await startInProcess(BUILD, storage, { shards: 3 });
    expect(prepared.layout).toEqual({ shards: 3, routing: 'kevyhash' });
    expect(String(Buffer.from(storage.files().get('shards.meta')!))).toBe('3\nkevyhash\n');
    expect((await startInProcess(BUILD, storage, {})).prepared.layout.shards).toBe(3);
    expect((await startInProcess(BUILD, storage, { routing: 'slots' })).prepared.layout).toEqual({
      shards: 3,
      routing: 'slots',
    });
  });

  it('a change makes these calls, and no others', async () => {
    const own = new OwnStore(BUILD, 1);
    own.store.call('SET', 'a', 'b');
    own.round(0);
    const files = own.files();
    files.set('shards.meta', Buffer.from('1\nkevyhash\n'));
    const storage = new CrashStorage(files);
    await startInProcess(BUILD, storage, { shards: 2, routing: 'slots', nowMs: 1_700_000_000_123 });
    const stamp = '1700000000123000000';
    expect(storage.trace.map((line) => line.replace(/^(write .*) \d+$/, '$1'))).toEqual([
      'create dump-0.rdb.reshard',
      'write dump-0.rdb.reshard',
      'create dump-1.rdb.reshard',
      'write dump-1.rdb.reshard',
      'write dump-0.rdb.reshard',
      'write dump-0.rdb.reshard',
      'write dump-1.rdb.reshard',
      'write dump-1.rdb.reshard',
      'sync dump-0.rdb.reshard',
      'sync dump-1.rdb.reshard',
      'sync-dir',
      'create reshard.journal.tmp',
      'write reshard.journal.tmp',
      'sync reshard.journal.tmp',
      'rename reshard.journal.tmp reshard.journal',
      'sync-dir',
      `rename aof-0.aof aof-0.aof.premigration.${stamp}`,
      'sync-dir',
      'rename dump-0.rdb.reshard dump-0.rdb',
      'rename dump-1.rdb.reshard dump-1.rdb',
      'create shards.meta.tmp',
      'write shards.meta.tmp',
      'sync shards.meta.tmp',
      'rename shards.meta.tmp shards.meta',
      'sync-dir',
      'remove reshard.journal',
      'sync-dir',
    ]);
  });
});

describe('a crash in a change of layout', () => {
  const wanted = { shards: 4, routing: 'slots' } as const;

  it.each([3, 6])(
    'every call can be the last: from %i shards to 4, all keys are there at the next start',
    async (shards) => {
      const { files, content } = sample(12, shards);
      const seen = new Set<string>();
      await everyCrash(
        {
          title: `crashes in a change from ${shards} shards`,
          notes: () => ({}),
          files: () => files,
          draws: LONG ? 3 : 1,
        },
        (storage) => startInProcess(BUILD, storage, wanted),
        async (found: CrashStorage) => {
          const { store, prepared } = await startInProcess(BUILD, found);
          seen.add(`${prepared.layout.shards} ${prepared.finished ? 'finished' : 'as it was'}`);
          expect(contentOf(store.shards, true)).toBe(content);
          const again = await startInProcess(BUILD, found, wanted);
          expect(again.prepared.layout).toEqual(wanted);
          expect(contentOf(again.store.shards, true)).toBe(content);
          expect([...found.files().keys()].filter((name) => /journal|reshard|tmp/.test(name))).toEqual([]);
        },
      );
      expect([...seen].sort()).toEqual([`${shards} as it was`, '4 as it was', '4 finished'].sort());
    },
  );

  it('so can every call of finishing it at a later start', async () => {
    const files = fixtureFiles('journal-mid-finalize');
    const expected = expectedOf('journal-mid-finalize');
    const nowMs = Date.now();
    await everyCrash(
      { title: 'crashes in finalizing', notes: () => ({}), files: () => files, draws: LONG ? 4 : 1 },
      (storage) => startInProcess(BUILD, storage, { nowMs }),
      async (found: CrashStorage) => {
        const { store, prepared } = await startInProcess(BUILD, found, { nowMs });
        expect(prepared.layout).toEqual({ shards: 2, routing: 'kevyhash' });
        expect(store.keys()).toBe(expected.length);
        expect(differencesOf(expected, asker(store))).toEqual([]);
      },
    );
  });

  it('a call that fails leaves the old layout, or a change that the next start finishes', async () => {
    const { files, content } = sample(13);
    await everyFault(
      { title: 'failures in a change', notes: () => ({}), files: () => files },
      (storage) => startInProcess(BUILD, storage, wanted),
      async (storage) => {
        const { store } = await startInProcess(BUILD, storage);
        expect(contentOf(store.shards, true)).toBe(content);
      },
    );
  });
});

describe('what stops a start', () => {
  const JOURNAL = { stamp: '123', shardsBefore: 3, shards: 2, routing: 'kevyhash' } as const;
  const whole = String(encodeJournal(JOURNAL));

  it.each<[string, RegExp, Record<string, string>]>([
    ['an unknown routing', /shards\.meta names the routing "maglev"/, { 'shards.meta': '3\nmaglev\n' }],
    ['a count that is none', /shards\.meta begins with "three"/, { 'shards.meta': 'three\n' }],
    ['an unreadable journal', /reshard\.journal makes no sense/, { 'reshard.journal': 'garbage' }],
    [
      'a journal of another version',
      /reshard\.journal makes no sense/,
      { 'reshard.journal': whole.replace('v1', 'v2') },
    ],
    [
      'a journal without its dumps',
      /reshard\.journal .*dump-0\.rdb\.reshard is missing/,
      { 'reshard.journal': whole, 'dump-0.rdb': '' },
    ],
    [
      'a torn journal whose work has begun',
      /reshard\.journal is not whole, and yet there is aof-2\.aof\.premigration\.123/,
      { 'reshard.journal': whole.slice(0, -4), 'aof-2.aof.premigration.123': '' },
    ],
    [
      'a backup that would be overwritten',
      /would move aof-1\.aof to aof-1\.aof\.premigration\.123, which exists/,
      {
        'reshard.journal': whole,
        'dump-0.rdb.reshard': '',
        'dump-1.rdb.reshard': '',
        'aof-1.aof.premigration.123': '',
      },
    ],
    ['an unreadable journal of dumps', /dump\.journal cannot be followed/, { 'dump.journal': 'garbage' }],
  ])('%s: one line that names the file, and nothing is changed', async (_, message, more) => {
    const { files } = sample(14);
    files.delete('dump-0.rdb');
    for (const [name, text] of Object.entries(more)) files.set(name, Buffer.from(text));
    const storage = new MemoryStorage(files);
    const before = storage.files();
    const error = await startInProcess(BUILD, storage, { shards: 4 }).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(LatchkeyError);
    expect(error.message).toMatch(message);
    expect(error.message).not.toContain('\n');
    expect(error.code).toBe('BAD_LAYOUT');
    expect(storage.files()).toEqual(before);
  });

  it('damage in a source stops the change before anything is written', async () => {
    const { files } = sample(15);
    const dump = Buffer.from(files.get('dump-1.rdb')!);
    dump[dump.length >> 1] ^= 4;
    files.set('dump-1.rdb', dump);
    const storage = new MemoryStorage(files);
    const before = storage.files();
    await expect(startInProcess(BUILD, storage, { shards: 4 })).rejects.toMatchObject({
      code: 'DAMAGED_FILE',
      message: expect.stringMatching(/dump-1\.rdb, offset \d+/),
    });
    expect(storage.files()).toEqual(before);
  });

  it('a torn journal goes with its temps, old backups or not', async () => {
    for (const length of [0, 10, 40, whole.length - 1]) {
      const { files, content } = sample(16);
      files.set('reshard.journal', Buffer.from(whole.slice(0, length)));
      files.set('dump-0.rdb.reshard', Buffer.from('half'));
      files.set('aof-0.aof.premigration.999', Buffer.from('old'));
      const storage = new MemoryStorage(files);
      const { store, prepared } = await startInProcess(BUILD, storage);
      expect(contentOf(store.shards, true)).toBe(content);
      expect(prepared.layout.shards).toBe(3);
      expect([...storage.files().keys()].filter((name) => /journal|reshard/.test(name))).toEqual([]);
      expect(storage.files().has('aof-0.aof.premigration.999')).toBe(true);
    }
  });

  it('logs that the layout before did not know are no logs of the layout after', async () => {
    const { files, content } = sample(17);
    files.set('aof-5.aof', Buffer.from('KEVYAOF2\n'));
    const storage = new MemoryStorage(files);
    const { store } = await startInProcess(BUILD, storage, { shards: 6 });
    expect(contentOf(store.shards, true)).toBe(content);
    expect([...storage.files().keys()].some((name) => name.startsWith('aof-5.aof.premigration.'))).toBe(true);
    await expect(finalize(storage, JOURNAL)).resolves.toBeUndefined();
  });
});
