// latchkey import --dir and latchkey export --dir as processes: a Redis's data into a directory and out again, with no
// server of ours; and directories that kevy or we have written, as dumps that redis-server loads.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { encodeLogStart, encodeRecord, encodeRound } from '../../host/persistence/log-format.js';
import { directoryWith, filesIn, ownFiles, runCli, seenOf } from '../support/cli.js';
import { directoryForTest } from '../support/directories.js';
import { differencesOf, expectedOf, fixtureFiles, fixtureNames } from '../support/kevy-expected.js';
import { MADE } from '../support/payloads.js';
import { describeWith } from '../support/programs.js';
import { redisServerForTest, type TestServer } from '../support/redis-server.js';
import { type Decoded, decode } from '../support/resp-client.js';
import { connected, deadlines, digest, fill, WITH_DEBUG } from '../support/transfer.js';

const KEYS = 2 * MADE.length + 2;

describeWith('redis-server', 'a directory of data', () => {
  it('takes in a dump, an append-only directory and a server, and gives back what was there', async () => {
    const source = await redisServerForTest({
      args: [...WITH_DEBUG, '--appendonly', 'yes', '--appendfsync', 'always'],
    });
    const client = await connected(source.port);
    await fill(client);
    expect(await client.ask('SAVE')).toBe('OK');
    const wanted = await digest(client);
    const expires = await deadlines(client, 9);
    const froms = [
      join(source.directory, 'dump.rdb'),
      join(source.directory, 'appendonlydir'),
      `redis://127.0.0.1:${source.port}`,
    ];
    const shapes = [['--shards', '3'], ['--shards', '1', '--routing', 'slots'], []];
    for (const [i, from] of froms.entries()) {
      const path = join(directoryForTest(), 'made', 'data');
      const imported = await runCli(['import', '--from', from, '--dir', path, ...shapes[i]]);
      expect(imported).toMatchObject({ status: 0, stderr: '' });
      expect(imported.stdout).toMatch(new RegExp(`^imported ${KEYS} keys from .* to ${path} in .*\n`));
      const shards = /has (\d+) shards? by (kevyhash|slots), \d+ bytes\n$/.exec(imported.stdout)!;
      expect(readFileSync(join(path, 'shards.meta'), 'latin1')).toBe(`${shards[1]}\n${shards[2]}\n`);
      expect(filesIn(path).size).toBe(Number(shards[1]) + 1);
      expect(await runCli(['check', '--dir', path])).toMatchObject({ status: 0, stderr: '' });
      const before = seenOf(path);
      const target = await redisServerForTest({ args: WITH_DEBUG });
      const exported = await runCli(['export', '--dir', path, '--to', join(target.directory, 'dump.rdb')]);
      expect(exported).toMatchObject({ status: 0, stderr: '' });
      expect(exported.stdout).toMatch(new RegExp(`^exported ${KEYS} keys from ${path} to `));
      expect(seenOf(path)).toEqual(before);
      const copy = await connected(target.port);
      expect(await copy.ask('DEBUG', 'RELOAD', 'NOSAVE')).toBe('OK');
      expect(await digest(copy)).toEqual(wanted);
      expect(await deadlines(copy, 9)).toEqual(expires);
      await copy.close();
    }
    await client.close();
  });

  it.each(fixtureNames())("%s, as a dump, is what kevy's keys are to redis-server", async (name) => {
    const path = directoryWith(fixtureFiles(name));
    const before = seenOf(path);
    const target = await redisServerForTest({ args: WITH_DEBUG });
    const { status, stdout } = await runCli(['export', '--dir', path, '--to', join(target.directory, 'dump.rdb')]);
    expect(status).toBe(0);
    expect(seenOf(path)).toEqual(before);
    const isCut = name.endsWith('-tail');
    expect(/^aof-\d\.aof: what is from offset \d+ on left out, as a start does$/m.test(stdout)).toBe(isCut);
    expect(await differences(target, name)).toEqual([]);
  });

  it('keeps what it has when something is imported over it, or comes from a damaged file', async () => {
    const { files, keys } = ownFiles();
    const path = directoryWith(files);
    const before = seenOf(path, { names: false });
    const rdb = join(directoryForTest(), 'dump.rdb');
    const exported = await runCli(['export', '--dir', path, '--to', rdb]);
    expect(exported.stdout).toMatch(new RegExp(`^exported ${keys} keys from `));
    const over = await runCli(['import', '--from', rdb, '--dir', path]);
    expect(over).toMatchObject({ status: 1, stdout: '' });
    expect(over.stderr).toMatch(/^latchkey: .*: there is data here already \(.*\); name a directory .*\n$/);
    expect(seenOf(path, { names: false })).toEqual(before);
    const bytes = readFileSync(rdb);
    bytes[bytes.length - 3] ^= 1;
    writeFileSync(rdb, bytes);
    const missing = join(directoryForTest(), 'new');
    const damaged = await runCli(['import', '--from', rdb, '--dir', join(missing, 'deep')]);
    expect(damaged).toMatchObject({
      status: 1,
      stdout: '',
      stderr: expect.stringMatching(/^latchkey: .*dump\.rdb: byte /),
    });
    expect(() => mkdirSync(missing)).not.toThrow();
    const again = await runCli(['import', '--from', rdb, '--dir', missing]);
    expect(again.status).toBe(1);
    expect(filesIn(missing).size).toBe(0);
  });

  it('of more databases than it is opened with is called that, and not damaged', async () => {
    const from = join(directoryForTest(), 'from.aof');
    writeFileSync(from, '*2\r\n$6\r\nSELECT\r\n$2\r\n20\r\n*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\nb\r\n');
    const dumped = join(directoryForTest(), 'data');
    const few = await runCli(['import', '--from', from, '--dir', dumped]);
    expect(few).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/database 20, and 16 databases; see --databases/),
    });
    expect(await runCli(['import', '--from', from, '--dir', dumped, '--databases', '21'])).toMatchObject({ status: 0 });
    const record = encodeRecord(['\0DB20', 'SET', 'a', 'b']);
    const round = encodeRound({ number: 1, synced: 0, participants: [{ shard: 0, endLsn: record.length }] });
    const start = encodeLogStart({ birthId: 'a'.repeat(32), firstLsn: 0, firstRound: 1 });
    const logged = directoryWith([['aof-0.aof', Buffer.concat([start, record, round])]]);
    for (const path of [dumped, logged]) {
      const to = join(directoryForTest(), 'dump.rdb');
      for (const command of [
        ['export', '--dir', path, '--to', to],
        ['reshard', '--dir', path, '--shards', '3'],
      ]) {
        const before = seenOf(path, { names: false });
        const { status, stderr } = await runCli(command);
        expect(status).toBe(1);
        expect(stderr).toMatch(/^latchkey: .*: (dump|aof)-0\.(rdb|aof), offset \d+: .* more --databases than .*\n$/);
        expect(seenOf(path, { names: false })).toEqual(before);
        expect(await runCli([...command, '--databases', '21'])).toMatchObject({ status: 0, stderr: '' });
      }
    }
  });

  it('that other files lie in is empty all the same', async () => {
    const from = join(directoryForTest(), 'from.aof');
    writeFileSync(from, '*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\nb\r\n');
    const path = directoryWith([
      ['notes.txt', 'mine'],
      ['dump-0.rdb.reshard', 'left by an import that was ended'],
    ]);
    const { status, stdout } = await runCli(['import', '--from', from, '--dir', path, '--shards', '2']);
    expect(status).toBe(0);
    expect(stdout).toMatch(
      /^imported 1 key from .*\n1 command of append-only files executed\n.* has 2 shards by kevyhash/,
    );
    expect([...filesIn(path).keys()].sort()).toEqual(['dump-0.rdb', 'dump-1.rdb', 'notes.txt', 'shards.meta']);
  });
});

/** A question whose answer has to be fetched first. */
class Unanswered extends Error {
  constructor(readonly args: readonly (string | Buffer)[]) {
    super('unanswered');
  }
}

/** What redis-server makes of the dump in its directory, compared with a fixture's keys. */
async function differences(target: TestServer, name: string): Promise<string[]> {
  const client = await connected(target.port);
  expect(await client.ask('DEBUG', 'RELOAD', 'NOSAVE')).toBe('OK');
  const expected = expectedOf(name);
  expect(await client.ask('DBSIZE')).toBe(expected.length);
  const problems: string[] = [];
  for (const key of expected) {
    // The comparison asks without waiting: it begins anew with each answer, until all of them are there.
    const answers: Decoded[] = [];
    for (let done = false; !done; ) {
      let at = 0;
      try {
        const ask = (...args: (string | Buffer)[]): Decoded => {
          if (at === answers.length) throw new Unanswered(args);
          return answers[at++];
        };
        problems.push(...differencesOf([key], ask));
        done = true;
      } catch (error) {
        if (!(error instanceof Unanswered)) throw error;
        answers.push(decode(await client.call(...error.args), { binary: true }));
      }
    }
  }
  await client.close();
  return problems;
}
