// shards.meta and reshard.journal: what they say, and what is not understood.
import { describe, expect, it } from 'vitest';
import { LatchkeyError } from '../../host/errors.js';
import {
  backupName,
  backupOf,
  encodeJournal,
  type Journal,
  newStamp,
  parseJournal,
  readJournal,
  writeJournal,
} from '../../host/persistence/journal.js';
import {
  encodeMeta,
  inferLayout,
  type Layout,
  parseMeta,
  readLayout,
  shardOfName,
  writeMeta,
} from '../../host/persistence/meta.js';
import { MemoryStorage } from '../../host/storage/memory.js';
import { fixtureFiles, fixtureNames } from '../support/kevy-expected.js';

const storage = (files: Record<string, string>) =>
  new MemoryStorage(Object.entries(files).map(([name, text]) => [name, Buffer.from(text)] as const));

describe('shards.meta', () => {
  it.each<[string, Layout]>([
    ['4\nkevyhash\n', { shards: 4, routing: 'kevyhash' }],
    ['4\nslots\n', { shards: 4, routing: 'slots' }],
    ['4', { shards: 4, routing: 'kevyhash' }],
    ['4\n', { shards: 4, routing: 'kevyhash' }],
    ['256\r\nslots\r\n\n', { shards: 256, routing: 'slots' }],
  ])('%j is read', (text, layout) => expect(parseMeta(text)).toEqual(layout));

  it.each([
    ['', /number of shards/],
    ['\n', /number of shards/],
    ['four\nkevyhash\n', /number of shards/],
    ['-4\nkevyhash\n', /number of shards/],
    ['0\nkevyhash\n', /0 shards/],
    ['257\nkevyhash\n', /257 shards/],
    ['99999999999999999999', /number of shards/],
    ['4\nmaglev\n', /"maglev"/],
    ['4\nkevyhash\nreplicas\n', /"replicas"/],
    ['kevyhash\n4\n', /"kevyhash"/],
  ])('%j is refused by name', (text, reason) => expect(parseMeta(text)).toMatch(reason));

  it('is written as kevy writes it', async () => {
    expect(String(encodeMeta({ shards: 4, routing: 'slots' }))).toBe('4\nslots\n');
    const files = storage({});
    await writeMeta(files, { shards: 7, routing: 'kevyhash' });
    expect([...files.files()].map(([name, bytes]) => [name, String(Buffer.from(bytes))])).toEqual([
      ['shards.meta', '7\nkevyhash\n'],
    ]);
    expect(await readLayout(files)).toEqual({ shards: 7, routing: 'kevyhash' });
  });

  it('without it the highest index of a dump or a log counts, by kevyhash', async () => {
    expect(inferLayout([])).toBeUndefined();
    expect(inferLayout(['aof-0.aof', 'dump-5.rdb', 'aof-3.aof', 'notes.txt'])).toEqual({
      shards: 6,
      routing: 'kevyhash',
    });
    for (const other of ['aof-9.aof.premigration.1', 'dump-9.rdb.reshard', 'dump-9.rdb.tmp', 'aof-09.aof', 'aof-.aof'])
      expect(shardOfName(other), other).toBeUndefined();
    expect(await readLayout(storage({ 'aof-2.aof': '' }))).toEqual({ shards: 3, routing: 'kevyhash' });
    expect(await readLayout(storage({ 'readme.txt': '' }))).toBeUndefined();
    await expect(readLayout(storage({ 'aof-300.aof': '' }))).rejects.toMatchObject({ code: 'BAD_LAYOUT' });
  });

  it('what is not understood is an error that names the file, and nothing is changed', async () => {
    const files = storage({ 'shards.meta': '4\nmaglev\n', 'aof-0.aof': '' });
    const before = files.files();
    const error = await readLayout(files).catch((caught) => caught);
    expect(error).toBeInstanceOf(LatchkeyError);
    expect(error).toMatchObject({ code: 'BAD_LAYOUT', message: expect.stringMatching(/shards\.meta.*maglev/) });
    expect(files.files()).toEqual(before);
  });
});

const JOURNAL: Journal = { stamp: '1795436268032050422', shardsBefore: 4, shards: 2, routing: 'kevyhash' };
const TEXT = String(encodeJournal(JOURNAL));

describe('reshard.journal', () => {
  it('is read and written as kevy has it', async () => {
    expect(TEXT).toBe('kevy-reshard-journal v1\nstamp=1795436268032050422\nprev_n=4\nn=2\nrouting=kevyhash\n');
    expect(parseJournal(TEXT)).toEqual({ kind: 'complete', journal: JOURNAL });
    const files = storage({});
    expect(await readJournal(files)).toBeUndefined();
    await writeJournal(files, { ...JOURNAL, routing: 'slots' });
    expect([...files.files().keys()]).toEqual(['reshard.journal']);
    expect(await readJournal(files)).toEqual({ kind: 'complete', journal: { ...JOURNAL, routing: 'slots' } });
  });

  it('each proper prefix of one is torn', () => {
    for (const routing of ['kevyhash', 'slots'] as const) {
      const text = String(encodeJournal({ ...JOURNAL, routing }));
      for (let length = 0; length < text.length; length++) {
        const state = parseJournal(text.slice(0, length));
        expect(state.kind, text.slice(0, length)).toBe('torn');
        if (state.kind !== 'torn') continue;
        expect(JOURNAL.stamp.startsWith(state.stamp)).toBe(true);
        expect(state.stampWhole).toBe(length > text.indexOf('\nprev_n'));
      }
    }
  });

  it('anything else is unreadable: each byte changed, each byte too many', () => {
    for (let at = 0; at < TEXT.length; at++) {
      const changed = `${TEXT.slice(0, at)}\x01${TEXT.slice(at + 1)}`;
      expect(parseJournal(changed).kind, JSON.stringify(changed)).toBe('unreadable');
    }
    expect(parseJournal(`${TEXT}\n`).kind).toBe('unreadable');
    expect(parseJournal(`${TEXT}${TEXT}`).kind).toBe('unreadable');
    for (const [from, to] of [
      ['v1', 'v2'],
      ['n=2', 'n=0'],
      ['n=2', 'n=300'],
      ['prev_n=4', 'prev_n=999999999'],
      ['kevyhash', 'maglev'],
      ['stamp=1795436268032050422', 'stamp='],
    ])
      expect(parseJournal(TEXT.replace(from, to)).kind, to).toBe('unreadable');
  });

  it('backups are named after what they were', () => {
    expect(backupName('aof-3.aof', '17')).toBe('aof-3.aof.premigration.17');
    expect(backupOf('aof-3.aof.premigration.17')).toEqual({ name: 'aof-3.aof', stamp: '17' });
    for (const other of ['aof-3.aof', '.premigration.17', 'aof-3.aof.corrupt-quarantine.17'])
      expect(backupOf(other)).toBeUndefined();
  });

  it('a stamp is the time in nanoseconds, and never one that a file bears', () => {
    expect(newStamp([], 1_795_436_268_032)).toBe('1795436268032000000');
    const names = ['aof-0.aof.premigration.1795436268032000000', 'aof-0.aof.corrupt-quarantine.1795436268032000001'];
    expect(newStamp(names, 1_795_436_268_032)).toBe('1795436268032000002');
  });
});

describe("kevy's own files", () => {
  it('are all read as what they are', async () => {
    const found = new Map<string, string>();
    for (const name of fixtureNames()) {
      const files = new MemoryStorage(fixtureFiles(name));
      const layout = await readLayout(files);
      const journal = await readJournal(files);
      found.set(name, `${layout?.shards} ${layout?.routing} ${journal?.kind ?? 'no journal'}`);
    }
    expect(Object.fromEntries(found)).toEqual({
      'aof-garbage-tail': '4 kevyhash no journal',
      'aof-torn-tail': '4 kevyhash no journal',
      'journal-committed': '4 kevyhash complete',
      'journal-mid-finalize': '4 kevyhash complete',
      'journal-torn': '4 kevyhash torn',
      'kevyhash-1-aof': '1 kevyhash no journal',
      'kevyhash-3-snapshot-then-aof': '3 kevyhash no journal',
      'kevyhash-4-aof': '4 kevyhash no journal',
      'kevyhash-5-rewritten': '5 kevyhash no journal',
      'meta-v1-4': '4 kevyhash no journal',
      'no-meta-4': '4 kevyhash no journal',
      'slots-4-snapshot-then-aof': '4 slots no journal',
    });
  });
});
