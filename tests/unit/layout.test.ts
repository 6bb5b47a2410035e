// A directory's layout at a start: recorded, changed, or refused. Goal: only an explicit wish changes it, and what nobody can
// act upon is one line that names the file and changes nothing. Method: directories of ours, spoiled by hand. Chains of
// layouts are in layout-chain.test.ts, kevy's directories in layout-kevy.test.ts, crashes in tests/crash/layout.test.ts.
import { describe, expect, it } from 'vitest';
import { LatchkeyError } from '../../host/errors.js';
import { encodeJournal } from '../../host/persistence/journal.js';
import { finalize } from '../../host/persistence/layout.js';
import { MemoryStorage } from '../../host/storage/memory.js';
import { differentFiles, type Files, flipped } from '../support/directory-files.js';
import { PASSING_NAME, sampleStore } from '../support/layout-scene.js';
import { contentOf, type StartOptions, startInProcess } from '../support/own-store.js';
import { BUILDS, type Build } from '../support/wasm.js';

/** A start that is refused, and has changed nothing. */
async function refused(build: Build, files: Files, options: StartOptions = {}): Promise<LatchkeyError> {
  const storage = new MemoryStorage(files);
  const error = await startInProcess(build, storage, options).catch((thrown) => thrown);
  expect(error).toBeInstanceOf(LatchkeyError);
  expect(error.message).not.toContain('\n');
  expect(differentFiles(storage.files(), files)).toEqual([]);
  return error;
}

describe.each(BUILDS)('the layout of a directory, $memory $mode', (build) => {
  it('is written into an empty one, and only an explicit wish changes it', async () => {
    const storage = new MemoryStorage();
    const { prepared } = await startInProcess(build, storage, { shards: 3 });
    expect(prepared.layout).toEqual({ shards: 3, routing: 'kevyhash' });
    expect(String(Buffer.from(storage.files().get('shards.meta')!))).toBe('3\nkevyhash\n');
    expect((await startInProcess(build, storage, {})).prepared.layout.shards).toBe(3);
    expect((await startInProcess(build, storage, { routing: 'slots' })).prepared.layout).toEqual({
      shards: 3,
      routing: 'slots',
    });
  });
});

describe.each(BUILDS)('what stops a start, $memory $mode', (build) => {
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
    const { files } = sampleStore(build, 14);
    files.delete('dump-0.rdb');
    for (const [name, text] of Object.entries(more)) files.set(name, Buffer.from(text));
    const error = await refused(build, files, { shards: 4 });
    expect(error.message).toMatch(message);
    expect(error.code).toBe('BAD_LAYOUT');
  });

  it('an old dump does not pass for a new one that is missing', async () => {
    const { files } = sampleStore(build, 14);
    files.set('reshard.journal', Buffer.from(whole));
    files.set('dump-1.rdb.reshard', files.get('dump-1.rdb')!);
    const error = await refused(build, files);
    expect(error.message).toMatch(/reshard\.journal is committed, but dump-0\.rdb\.reshard is missing/);
  });

  it('damage in a source stops the change before anything is written', async () => {
    const { files } = sampleStore(build, 15);
    const dump = files.get('dump-1.rdb')!;
    files.set('dump-1.rdb', flipped(dump, dump.length >> 1, 2));
    const error = await refused(build, files, { shards: 4 });
    expect(error.code).toBe('DAMAGED_FILE');
    expect(error.message).toMatch(/dump-1\.rdb, offset \d+/);
  });

  it.each<[string, StartOptions, (files: Map<string, Uint8Array>) => unknown]>([
    [
      'what a change left that was never committed',
      {},
      (files) => files.set('dump-2.rdb.reshard', Buffer.from('half')),
    ],
    [
      'the same, and another change is wanted',
      { shards: 2 },
      (files) => files.set('shards.meta.tmp', Buffer.from('3')),
    ],
    ['a torn journal', {}, (files) => files.set('reshard.journal', Buffer.from(whole.slice(0, 50)))],
    ['no shards.meta', {}, (files) => files.delete('shards.meta')],
  ])('damage is refused before the directory is tidied up: %s', async (_, options, spoil) => {
    const { files } = sampleStore(build, 15);
    const log = files.get('aof-1.aof')!;
    files.set('aof-1.aof', flipped(log, 12));
    spoil(files);
    expect((await refused(build, files, options)).code).toBe('DAMAGED_FILE');
  });

  it('a torn journal goes with its temps, old backups or not', async () => {
    for (const length of [0, 10, 40, whole.length - 1]) {
      const { files, content } = sampleStore(build, 16);
      files.set('reshard.journal', Buffer.from(whole.slice(0, length)));
      files.set('dump-0.rdb.reshard', Buffer.from('half'));
      files.set('aof-0.aof.premigration.999', Buffer.from('old'));
      const storage = new MemoryStorage(files);
      const { store, prepared } = await startInProcess(build, storage);
      expect(contentOf(store.shards, true)).toBe(content);
      expect(prepared.layout.shards).toBe(3);
      expect([...storage.files().keys()].filter((name) => PASSING_NAME.test(name))).toEqual([]);
      expect(storage.files().has('aof-0.aof.premigration.999')).toBe(true);
    }
  });

  it('logs that the layout before did not know are no logs of the layout after', async () => {
    const { files, content } = sampleStore(build, 17);
    files.set('aof-5.aof', Buffer.from('KEVYAOF2\n'));
    const storage = new MemoryStorage(files);
    const { store } = await startInProcess(build, storage, { shards: 6 });
    expect(contentOf(store.shards, true)).toBe(content);
    expect([...storage.files().keys()].some((name) => name.startsWith('aof-5.aof.premigration.'))).toBe(true);
    expect([...storage.files().keys()].filter((name) => PASSING_NAME.test(name))).toEqual([]);
  });

  it('a change that is finished can be finished again', async () => {
    const { files, content } = sampleStore(build, 18);
    const storage = new MemoryStorage(files);
    const { prepared } = await startInProcess(build, storage, { shards: 2 });
    const after = storage.files();
    await finalize(storage, { ...JOURNAL, stamp: prepared.change!.stamp });
    expect(differentFiles(storage.files(), after)).toEqual([]);
    expect(contentOf((await startInProcess(build, storage)).store.shards, true)).toBe(content);
  });
});
