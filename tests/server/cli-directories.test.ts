// latchkey reshard and latchkey check as processes, over directories that kevy wrote and such that we write.
import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { encodeJournal } from '../../host/persistence/journal.js';
import { acquireLock } from '../../host/persistence/lock.js';
import { MemoryStorage } from '../../host/storage/memory.js';
import { directoryWith, filesIn, ownFiles, runCli, seenOf } from '../support/cli.js';
import { directoryForTest } from '../support/directories.js';
import { makeReadOnly, smallDisk } from '../support/hostile-disks.js';
import { differencesOf, expectedOf, fixtureFiles, fixtureNames } from '../support/kevy-expected.js';
import { contentOf, startInProcess } from '../support/own-store.js';
import { decode } from '../support/resp-client.js';
import { BUILDS } from '../support/wasm.js';

const [BUILD] = BUILDS.slice(-1);

/** What a start finds in a directory, which stays as it is. */
async function startedOver(path: string) {
  return startInProcess(BUILD, new MemoryStorage(filesIn(path)), { nowMs: Date.now() });
}

const backupsIn = (path: string): string[] =>
  [...filesIn(path).keys()].filter((name) => name.includes('.premigration.')).sort();

describe('latchkey reshard', () => {
  it('takes a store of ours through a chain of layouts, and keeps every key and the files before', async () => {
    const { files, content, keys } = ownFiles();
    const path = directoryWith(files);
    let before = '3 shards by kevyhash';
    for (const [args, after] of [
      [['--shards', '5', '--routing', 'slots'], '5 shards by slots'],
      [['--shards', '1'], '1 shard by slots'],
      [['--routing', 'kevyhash'], '1 shard by kevyhash'],
      [['--shards', '4'], '4 shards by kevyhash'],
    ] as const) {
      const old = filesIn(path);
      const { status, stdout, stderr } = await runCli(['reshard', '--dir', path, ...args]);
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      const lines = stdout.trimEnd().split('\n');
      const shards = Number(before.split(' ')[0]);
      expect(lines).toHaveLength(shards + 1);
      for (let i = 0; i < shards; i++)
        expect(lines[i]).toMatch(new RegExp(`^shard ${i}: a dump of \\d+ bytes.*: whole$`));
      const figures = `${keys} keys, \\d+ bytes, \\d+\\.\\d\\d s`;
      expect(lines[shards]).toMatch(
        new RegExp(
          `^Layout changed from ${before} to ${after}: ${figures}; the old files end in \\.premigration\\.\\d+$`,
        ),
      );
      const stamp = lines[shards].split('.').at(-1);
      for (const [name, bytes] of old)
        if (/^(aof|dump)-\d+\.(aof|rdb)$/.test(name))
          expect(filesIn(path).get(`${name}.premigration.${stamp}`)?.equals(bytes)).toBe(true);
      const { store, prepared } = await startedOver(path);
      expect(contentOf(store.shards, true)).toBe(content);
      expect(prepared).toMatchObject({ change: undefined, finished: undefined });
      expect([...filesIn(path).keys()].filter((name) => /journal|reshard|tmp|latchkey/.test(name))).toEqual([]);
      before = after;
    }
    expect(backupsIn(path).length).toBeGreaterThan(10);
    const checked = await runCli(['check', '--dir', path]);
    expect(checked).toMatchObject({
      status: 0,
      stderr: '',
      stdout: expect.stringMatching(/A start would lose nothing\n$/),
    });
  });

  it('changes nothing where there is nothing to change', async () => {
    const path = directoryWith(ownFiles().files);
    const before = seenOf(path, { names: false });
    const { status, stdout } = await runCli(['reshard', '--dir', path, '--shards', '3', '--routing', 'kevyhash']);
    expect({ status, stdout }).toEqual({
      status: 0,
      stdout: `${path} has 3 shards by kevyhash already: nothing to change\n`,
    });
    expect(seenOf(path, { names: false })).toEqual(before);
  });

  it('finishes a change that a crash has interrupted before it makes its own', async () => {
    const path = directoryWith(fixtureFiles('journal-mid-finalize'));
    const { status, stdout } = await runCli(['reshard', '--dir', path, '--shards', '3', '--routing', 'slots']);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^A change to 2 shards by kevyhash, committed before, has been finished\nshard 0: /);
    const { store } = await startedOver(path);
    const ask = (...args: (string | Buffer)[]) => decode(Buffer.from(store.call(...args), 'latin1'), { binary: true });
    expect(differencesOf(expectedOf('journal-mid-finalize'), ask)).toEqual([]);
  });

  it.each(fixtureNames())('--dry-run says of %s what then happens, and leaves every byte as it is', async (name) => {
    const path = directoryWith(fixtureFiles(name));
    const before = seenOf(path);
    const wanted = ['--shards', '6', '--routing', 'slots'];
    const dry = await runCli(['reshard', '--dir', path, ...wanted, '--dry-run']);
    expect(dry).toMatchObject({ status: 0, stderr: '' });
    expect(seenOf(path)).toEqual(before);
    const real = await runCli(['reshard', '--dir', path, ...wanted]);
    expect(real).toMatchObject({ status: 0, stderr: '' });
    const shardLines = (text: string): string[] => text.split('\n').filter((line) => line.startsWith('shard '));
    expect(shardLines(dry.stdout)).toEqual(shardLines(real.stdout));
    const [, change] = /Layout changed (from .* to .*): \d+ keys/.exec(real.stdout)!;
    expect(dry.stdout).toContain(`Would change ${change}, reading `);
    const stamp = /premigration\.(\d+)/.exec(real.stdout)![1];
    const renamed = [...dry.stdout.matchAll(/^Would rename (\S+) to (\S+)$/gm)].map(([, , to]) =>
      to.replace('<time>', stamp),
    );
    const there = backupsIn(path).filter((file) => !(file in before));
    expect(renamed.filter((file) => file.includes('.premigration.')).sort()).toEqual(there);
    expect(there.length).toBeGreaterThan(0);
    expect(dry.stdout).toMatch(/\nWould write dump-0\.rdb to dump-5\.rdb\n/);
  });
});

describe('latchkey check', () => {
  it.each(fixtureNames())('finds %s as a start does, and leaves every byte as it is', async (name) => {
    const path = directoryWith(fixtureFiles(name));
    const before = seenOf(path);
    const { status, stdout, stderr } = await runCli(['check', '--dir', path]);
    expect(seenOf(path)).toEqual(before);
    const isGarbage = name === 'aof-garbage-tail';
    expect(status).toBe(isGarbage ? 1 : 0);
    if (isGarbage) expect(stderr).toMatch(/^latchkey: .*: aof-2\.aof, offset \d+: bytes that are no command\. .*\n$/);
    else expect({ stderr, end: stdout.split('\n').at(-2) }).toEqual({ stderr: '', end: 'A start would lose nothing' });
    for (const file of fixtureFiles(name).keys())
      if (!name.startsWith('journal') || /journal|reshard/.test(file)) expect(stdout).toContain(`${file}: `);
  });

  it('names every file: those of shards, what earlier changes and recoveries have left, and strange ones', async () => {
    const { files } = ownFiles();
    const cut = files.get('aof-1.aof')!;
    for (const [name, bytes] of [
      ['aof-1.aof', Buffer.concat([cut, Buffer.from('rest')])],
      ['aof-0.aof.premigration.17', Buffer.from('old')],
      ['aof-2.aof.corrupt-quarantine.18', Buffer.from('bad')],
      ['dump-7.rdb.reshard', Buffer.from('half')],
      ['dump-0.rdb.tmp', Buffer.from('half')],
      ['latchkey.lock', Buffer.from('pid 1\n')],
      ['notes.txt', Buffer.from('mine')],
    ] as const)
      files.set(name, bytes);
    const path = directoryWith(files);
    const before = seenOf(path);
    const { status, stdout, stderr } = await runCli(['check', '--dir', path]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(seenOf(path)).toEqual(before);
    const lines = stdout.split('\n');
    const lineOf = (name: string): string | undefined => lines.find((line) => line.startsWith(`${name}: `));
    for (const name of files.keys()) expect(lineOf(name), name).toBeDefined();
    expect(lineOf('dump-0.rdb')).toMatch(/ bytes, whole, up to round 1$/);
    expect(lineOf('aof-0.aof')).toMatch(/ commands, rounds 2 to \d+, whole$/);
    expect(lineOf('aof-1.aof')).toMatch(/, not whole from offset \d+: the header of a record, not whole$/);
    expect(lineOf('aof-0.aof.premigration.17')).toMatch(/what aof-0\.aof was before a change of layout/);
    expect(lineOf('aof-2.aof.corrupt-quarantine.18')).toMatch(/set aside by a recovery/);
    expect(lineOf('dump-7.rdb.reshard')).toBe('dump-7.rdb.reshard: a start removes it');
    expect(lineOf('notes.txt')).toMatch(/no file that a start reads/);
    expect(lineOf('shard 1')).toMatch(/: whole up to an unfinished end, from offset \d+$/);
  });

  it('says of every damaged file what is wrong with it, and ends with the first', async () => {
    const { files } = ownFiles();
    const flipped = (name: string, at: number): Buffer => {
      const bytes = Buffer.from(files.get(name)!);
      bytes[at] ^= 4;
      return bytes;
    };
    files.set('dump-0.rdb', flipped('dump-0.rdb', 100));
    files.set('dump-2.rdb', Buffer.from('garbage'));
    files.set('aof-1.aof', flipped('aof-1.aof', 120));
    files.set('shards.meta', Buffer.from('three\n'));
    const path = directoryWith(files);
    const before = seenOf(path);
    const { status, stdout, stderr } = await runCli(['check', '--dir', path]);
    expect(status).toBe(1);
    expect(seenOf(path)).toEqual(before);
    expect(stderr).toMatch(/^latchkey: .*: shards\.meta begins with "three".*\n$/);
    expect(stdout).toMatch(/^dump-0\.rdb: \d+ bytes, DAMAGED at offset \d+: /m);
    expect(stdout).toMatch(/^dump-2\.rdb: 7 bytes, DAMAGED at offset \d+: /m);
    expect(stdout).toMatch(/^aof-1\.aof: .*, DAMAGED from offset \d+: .*, with \d+ sound commands? behind it$/m);
    expect(stdout).toMatch(/^dump-1\.rdb: \d+ bytes, whole/m);
    expect(stdout).not.toMatch(/lose nothing/);
  });

  it('finds the files of shards that the layout does not have', async () => {
    const { files } = ownFiles();
    files.set('aof-3.aof', files.get('aof-2.aof')!);
    const path = directoryWith(files);
    const { status, stderr, stdout } = await runCli(['check', '--dir', path]);
    expect(status).toBe(1);
    expect(stdout).toMatch(/^aof-3\.aof: of shard 3, which the layout does not have/m);
    expect(stderr).toMatch(
      /^latchkey: .*: aof-3\.aof belongs to shard 3, but the layout is 3 shards by kevyhash: .*\n$/,
    );
  });

  it('looks at what a start will have done about a committed change', async () => {
    const files = fixtureFiles('journal-committed');
    const whole = String(encodeJournal({ stamp: '17', shardsBefore: 4, shards: 2, routing: 'kevyhash' }));
    expect(Buffer.from(files.get('reshard.journal')!).toString()).toMatch(/^kevy-reshard-journal v1\n/);
    files.set('reshard.journal', Buffer.from(whole));
    files.delete('dump-1.rdb.reshard');
    const path = directoryWith(files);
    const { status, stderr } = await runCli(['check', '--dir', path]);
    expect(status).toBe(1);
    expect(stderr).toMatch(/^latchkey: .*: reshard\.journal is committed, but dump-1\.rdb\.reshard is missing: .*\n$/);
  });

  it('and so does a dry run, of a snapshot that is committed and not in its place', async () => {
    const { files, content } = ownFiles();
    for (const name of ['dump-0.rdb', 'dump-2.rdb']) {
      files.set(`${name}.tmp`, files.get(name)!);
      files.set(name, Buffer.from('the one before'));
    }
    const lines = ['rename dump-0.rdb.tmp dump-0.rdb', 'rename dump-2.rdb.tmp dump-2.rdb', 'remove aof-9.aof', 'end'];
    files.set('dump.journal', Buffer.from(['latchkey-dump-journal v1', ...lines, ''].join('\n')));
    files.set('aof-9.aof', Buffer.from('covered'));
    const path = directoryWith(files);
    const before = seenOf(path);
    const checked = await runCli(['check', '--dir', path]);
    expect(checked).toMatchObject({ status: 0, stderr: '' });
    expect(checked.stdout).toMatch(/^dump\.journal: a snapshot is committed; a start puts it into place/m);
    expect(checked.stdout).toMatch(/^dump-0\.rdb: \d+ bytes, whole, up to round 1$/m);
    expect(checked.stdout).toMatch(/^dump-0\.rdb\.tmp: a start renames it to dump-0\.rdb$/m);
    expect(checked.stdout).toMatch(/^aof-9\.aof: a start removes it$/m);
    const dry = await runCli(['reshard', '--dir', path, '--shards', '2', '--dry-run']);
    expect(dry.stdout).toMatch(
      /^A snapshot, committed before, would be finished first\nWould rename dump-0\.rdb\.tmp to /,
    );
    expect(dry.stdout).not.toMatch(/aof-9/);
    expect(seenOf(path)).toEqual(before);
    expect(await runCli(['reshard', '--dir', path, '--shards', '2'])).toMatchObject({ status: 0, stderr: '' });
    expect(contentOf((await startedOver(path)).store.shards, true)).toBe(content);
  });

  it('is not led astray by a number that no shard can have', async () => {
    for (const meta of [undefined, 'three\n']) {
      const files = new Map([['dump-999999999.rdb', 'far']]);
      if (meta !== undefined) files.set('shards.meta', meta);
      const path = directoryWith(files);
      for (const command of [['check'], ['reshard', '--shards', '2']]) {
        const { status, stderr } = await runCli([...command, '--dir', path]);
        expect(status).toBe(1);
        expect(stderr).toMatch(
          /^latchkey: .*: shards\.meta (is missing, and there is a file of shard 999999999|begins).*\n$/,
        );
      }
    }
  });

  it('begins nothing in an empty directory', async () => {
    const path = directoryWith([]);
    const before = seenOf(path);
    expect(await runCli(['check', '--dir', path])).toEqual({
      status: 0,
      stdout: `${path}: there is no data here; a start begins a new store\n`,
      stderr: '',
    });
    expect(seenOf(path)).toEqual(before);
  });

  it('works on a disk that nothing can be written to, and through a link', async () => {
    const disk = smallDisk(1 << 20);
    if (disk === undefined) {
      console.log('no file system may be mounted here: no disk was made read-only');
      return;
    }
    const { files } = ownFiles();
    for (const [name, bytes] of files) writeFileSync(join(disk, name), bytes);
    makeReadOnly(disk);
    const link = join(directoryForTest(), 'link');
    symlinkSync(disk, link);
    for (const path of [disk, link]) {
      expect(await runCli(['check', '--dir', path])).toMatchObject({ status: 0, stderr: '' });
      const dry = await runCli(['reshard', '--dir', path, '--shards', '2', '--dry-run']);
      expect(dry).toMatchObject({ status: 0, stderr: '' });
    }
  });

  it('and whatever else reads or changes refuses a directory that a process holds, by its pid', async () => {
    const path = directoryWith(ownFiles().files);
    const lock = await acquireLock(path);
    const before = seenOf(path, { names: false });
    try {
      for (const args of [
        ['check'],
        ['reshard', '--shards', '2'],
        ['reshard', '--shards', '2', '--dry-run'],
        ['export', '--to', join(path, '..', 'dump.rdb')],
        ['import', '--from', 'tests/fixtures/README.md'],
      ]) {
        const { status, stderr, stdout } = await runCli([...args, '--dir', path]);
        expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
        expect(stderr).toBe(`latchkey: ${path}: in use by process ${process.pid}; stop it, or use another directory\n`);
      }
      expect(seenOf(path, { names: false })).toEqual(before);
    } finally {
      lock.release();
    }
    expect(await runCli(['check', '--dir', path])).toMatchObject({ status: 0 });
  });
});
