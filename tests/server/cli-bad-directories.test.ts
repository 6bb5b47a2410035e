// Directories that cannot be worked on, by every command that works on one: each ends with code 1 and one line that names
// the file and says what to do, and leaves the directory as it was.
import { chmodSync, existsSync, mkdirSync, readdirSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { encodeLogStart, encodeRecord } from '../../host/persistence/log-format.js';
import { directoryWith, type Ended, ownFiles, runCli, seenOf } from '../support/cli.js';
import { directoryForTest } from '../support/directories.js';
import { forbidWriting, makeReadOnly, ORDINARY_USER, smallDisk } from '../support/hostile-disks.js';

const RESHARD = ['reshard', '--shards', '2', '--routing', 'slots'];
const COMMANDS: readonly (readonly string[])[] = [['check'], RESHARD, [...RESHARD, '--dry-run'], ['export']];

/** Runs a command over a directory; an export goes to a file beside it, which must not be there afterwards. */
async function over(path: string, command: readonly string[], user = {}): Promise<Ended> {
  const to = join(directoryForTest(), 'dump.rdb');
  const ended = await runCli([...command, '--dir', path, ...(command[0] === 'export' ? ['--to', to] : [])], user);
  if (ended.status !== 0) expect(existsSync(to)).toBe(false);
  return ended;
}

function expectRefusal({ status, stderr }: Ended, ...patterns: RegExp[]): void {
  expect(status).toBe(1);
  expect(stderr).toMatch(/^latchkey: [^\n]+\n$/);
  for (const pattern of patterns) expect(stderr).toMatch(pattern);
}

/** What is done to a store's files, and what has to be said of it. */
type Case = readonly [what: string, pattern: RegExp, change: (files: Map<string, Uint8Array>) => void];
const put =
  (name: string, bytes: Uint8Array | string) =>
  (files: Map<string, Uint8Array>): void =>
    void files.set(name, Buffer.from(bytes as Uint8Array));
const flip =
  (name: string, at: number) =>
  (files: Map<string, Uint8Array>): void => {
    const bytes = Buffer.from(files.get(name)!);
    bytes[at < 0 ? bytes.length + at : at] ^= 4;
    files.set(name, bytes);
  };

const CASES: readonly Case[] = [
  [
    'a meta with a routing that is not known',
    /shards\.meta names the routing "maglev"/,
    put('shards.meta', '3\nmaglev\n'),
  ],
  [
    'a meta that begins with garbage',
    /shards\.meta begins with .*; write the layout into it/,
    put('shards.meta', '\0\x01\x02'),
  ],
  ['a meta with more shards than there can be', /shards\.meta says 99999 shards/, put('shards.meta', '99999\n')],
  [
    'a journal that is garbage',
    /reshard\.journal makes no sense: .*remove the journal/,
    put('reshard.journal', 'garbage'),
  ],
  [
    'a journal of a newer version',
    /reshard\.journal makes no sense/,
    put('reshard.journal', 'kevy-reshard-journal v2\n'),
  ],
  [
    'a journal of dumps that is garbage',
    /dump\.journal cannot be followed; move it away/,
    put('dump.journal', 'garbage'),
  ],
  [
    'a dump that is garbage',
    /dump-1\.rdb, offset 0: .*Bring it back from a backup/,
    put('dump-1.rdb', 'g'.repeat(500)),
  ],
  ['a dump that is empty', /dump-1\.rdb, offset 0: .*Bring it back from a backup/, put('dump-1.rdb', '')],
  ['a dump with a bit flipped', /dump-0\.rdb, offset \d+: /, flip('dump-0.rdb', 300)],
  [
    'a dump of a newer version',
    /dump-2\.rdb has version 9 of the format: a newer release/,
    put('dump-2.rdb', 'KEVYSNAP\x09\0'),
  ],
  [
    'a dump that is missing',
    /dump-0\.rdb is missing: aof-0\.aof goes on from it\. Bring it back/,
    (files) => files.delete('dump-0.rdb'),
  ],
  ['a log that is garbage', /aof-1\.aof(, offset 0)?: .*--replay-truncate/, put('aof-1.aof', 'g'.repeat(500))],
  [
    'a log of a newer format',
    /aof-1\.aof holds "KEVYAOF7", which a newer release has written/,
    put('aof-1.aof', 'KEVYAOF7\n'),
  ],
  [
    'a log with a record of a newer version',
    /aof-1\.aof holds "LATER", which a newer release has written/,
    (files) => files.set('aof-1.aof', Buffer.concat([files.get('aof-1.aof')!, encodeRecord(['\0LATER', '1'])])),
  ],
  ['a log that is missing', /aof-2\.aof is missing\. Bring it back/, (files) => files.delete('aof-2.aof')],
  [
    'a log with a bit flipped in front of what was synced',
    /aof-0\.aof, offset \d+: .*--replay-truncate.*--replay-resync/,
    flip('aof-0.aof', 130),
  ],
  [
    'a log of another store',
    /aof-1\.aof.* of different stores/,
    put('aof-1.aof', encodeLogStart({ birthId: 'f'.repeat(32), firstLsn: 0, firstRound: 1 })),
  ],
];

describe.each(CASES)('%s', (_, pattern, change) => {
  it('stops every command by one line, and stays as it is', async () => {
    const { files } = ownFiles();
    change(files);
    const path = directoryWith(files);
    for (const command of COMMANDS) {
      const changes = command === RESHARD;
      const before = seenOf(path, { names: !changes });
      const ended = await over(path, command);
      expectRefusal(ended, pattern, new RegExp(`^latchkey: ${path}: `));
      if (command[0] !== 'check') expect(ended.stdout).toBe('');
      expect(seenOf(path, { names: !changes })).toEqual(before);
    }
  });
});

describe('a directory', () => {
  it('that is missing, or is a file, is named by every command, and nothing is made', async () => {
    const path = join(directoryForTest(), 'missing');
    for (const command of COMMANDS)
      expectRefusal(await over(path, command), new RegExp(`${path}: .*; name a directory`));
    expect(existsSync(path)).toBe(false);
    writeFileSync(path, 'a file');
    for (const command of COMMANDS)
      expectRefusal(await over(path, command), /: it is not a directory; name a directory/);
    expectRefusal(await runCli(['import', '--from', path, '--dir', path]), /: it is not a directory; name a directory/);
    expectRefusal(
      await runCli(['import', '--from', path, '--dir', join(path, 'below')]),
      /ENOTDIR.*; name a directory/,
    );
    expect(readdirSync(join(path, '..'))).toEqual(['missing']);
  });

  it('without data is named by those that need some, and stays empty', async () => {
    const path = directoryWith([['notes.txt', 'mine']]);
    const before = seenOf(path, { names: false });
    for (const command of COMMANDS.slice(1))
      expectRefusal(await over(path, command), new RegExp(`${path}: there is no data here: .*; name the directory`));
    expect(seenOf(path, { names: false })).toEqual(before);
  });

  it('that may not be written to is read, and refused by those that would change it', async () => {
    const path = directoryWith(ownFiles().files);
    open(path);
    forbidWriting(path);
    const before = seenOf(path);
    expectRefusal(
      await over(path, RESHARD, ORDINARY_USER),
      new RegExp(`${path}: the directory cannot be written to: EACCES.*; run this as a user who may`),
    );
    for (const command of COMMANDS.filter((command) => command !== RESHARD && command[0] !== 'export'))
      expect(await over(path, command, ORDINARY_USER)).toMatchObject({ status: 0, stderr: '' });
    expect(seenOf(path)).toEqual(before);
    const empty = directoryWith([]);
    open(empty);
    forbidWriting(empty);
    const from = join(empty, '..', 'from.aof');
    writeFileSync(from, '*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\nb\r\n');
    for (const dir of [empty, join(empty, 'new')])
      expectRefusal(
        await runCli(['import', '--from', from, '--dir', dir], ORDINARY_USER),
        /EACCES.*; run this as a user/,
      );
    expect(readdirSync(empty)).toEqual([]);
  });

  it('with a file that may not be read is refused by all of them', async () => {
    const path = directoryWith(ownFiles().files);
    open(path);
    chmodSync(path, 0o777);
    for (const name of ['dump-1.rdb', 'aof-0.aof', 'shards.meta']) {
      chmodSync(join(path, name), 0);
      const before = seenOf(path, { names: false });
      for (const command of COMMANDS)
        expectRefusal(
          await over(path, command, ORDINARY_USER),
          new RegExp(`${path}/${name}: EACCES.*; run this as a user who may`),
        );
      expect(seenOf(path, { names: false })).toEqual(before);
      chmodSync(join(path, name), 0o644);
    }
  });

  it('on a disk that is read-only, or full, keeps what it has', async () => {
    const disk = smallDisk(600 << 10);
    if (disk === undefined) {
      console.log('no file system may be mounted here: no disk was filled or made read-only');
      return;
    }
    const path = join(disk, 'data');
    mkdirSync(path);
    for (const [name, bytes] of ownFiles().files) writeFileSync(join(path, name), bytes);
    const { bavail, bsize } = statfsSync(disk);
    writeFileSync(join(disk, 'ballast'), new Uint8Array(bavail * bsize - (64 << 10)));
    const before = seenOf(path, { names: false });
    expectRefusal(await over(path, RESHARD), /dump-\d+\.rdb\.reshard: ENOSPC.*; make room, and run this again/);
    expect(seenOf(path, { names: false })).toEqual(before);
    const rdb = join(directoryForTest(), 'dump.rdb');
    expect(await runCli(['export', '--dir', path, '--to', rdb])).toMatchObject({ status: 0 });
    const made = join(disk, 'new', 'deep');
    expectRefusal(await runCli(['import', '--from', rdb, '--dir', made]), /ENOSPC.*; make room, and run this again/);
    expect(existsSync(join(disk, 'new'))).toBe(false);
    makeReadOnly(disk);
    expectRefusal(await over(path, RESHARD), /the directory cannot be written to: EROFS.*; run this as a user who may/);
    expectRefusal(await runCli(['import', '--from', rdb, '--dir', made]), /EROFS/);
    for (const command of COMMANDS.filter((command) => command !== RESHARD))
      expect(await over(path, command)).toMatchObject({ status: 0, stderr: '' });
    expect(seenOf(path, { names: false })).toEqual(before);
  });
});

/** Lets every user reach a directory of this test's. */
function open(path: string): void {
  const above = join(path, '..');
  chmodSync(above, 0o755);
  onTestFinished(() => chmodSync(above, 0o700));
}

describe('options that make no sense', () => {
  it.each([
    [['check'], /check needs --dir/],
    [['check', '--dir', ''], /check needs --dir/],
    [['check', '--dir', 'x', '--shards', '2'], /'--shards'/],
    [['reshard', '--shards', '2'], /reshard needs --dir/],
    [['reshard', '--dir', 'x'], /reshard needs --shards or --routing/],
    [['reshard', '--dir', 'x', '--shards', '0'], /--shards 0: a number from 1 to 256 is expected/],
    [['reshard', '--dir', 'x', '--routing', 'maglev'], /--routing maglev: one of kevyhash, slots is expected/],
    [['export', '--from', 'redis://h', '--dir', 'x', '--to', 'y'], /not both/],
    [['export', '--dir', 'x'], /export needs --to/],
    [['import', '--from', 'x', '--dir', 'y', '--to', 'redis://h'], /not both/],
    [['import', '--from', 'x', '--dir', 'y', '--replace'], /--replace is for a server/],
    [['import', '--from', 'x', '--to', 'redis://h', '--shards', '2'], /--shards and --routing go with --dir/],
  ])('%j', async (args, pattern) => {
    expectRefusal(await runCli(args), pattern);
  });

  it('but help is given, and names every sub-command', async () => {
    const { stdout } = await runCli(['--help']);
    for (const name of ['import', 'export', 'reshard', 'check']) {
      expect(stdout).toMatch(new RegExp(`^ +${name} +\\w`, 'm'));
      const help = await runCli([name, '--help']);
      expect(help).toMatchObject({ status: 0, stderr: '', stdout: expect.stringMatching(`^Usage: latchkey ${name} `) });
    }
  });
});
