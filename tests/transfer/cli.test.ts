// latchkey import and latchkey export as processes: what they move, what they print, and how they end.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runCli } from '../support/cli.js';
import { directoryForTest } from '../support/directories.js';
import { latchkeyServerForTest } from '../support/latchkey-server.js';
import { MADE } from '../support/payloads.js';
import { freePort } from '../support/ports.js';
import { describeWith } from '../support/programs.js';
import { redisServerForTest, type TestServer } from '../support/redis-server.js';
import { connected, digest, fill, WITH_DEBUG } from '../support/transfer.js';

const KEYS = 2 * MADE.length + 2;

const run = (...args: string[]) => runCli(args);
const address = ({ port }: TestServer): string => `redis://127.0.0.1:${port}`;

describeWith('redis-server', 'latchkey import and export', () => {
  it('take a dump, an append-only directory and a server to latchkey, and back to redis-server', async () => {
    const source = await redisServerForTest({
      args: [...WITH_DEBUG, '--appendonly', 'yes', '--appendfsync', 'always'],
    });
    const client = await connected(source.port);
    await fill(client);
    expect(await client.ask('SAVE')).toBe('OK');
    const wanted = await digest(client);
    expect(wanted.keys).toBe(KEYS);
    const froms = [join(source.directory, 'dump.rdb'), join(source.directory, 'appendonlydir'), address(source)];
    for (const from of froms) {
      const ours = await latchkeyServerForTest({ shards: 3 });
      const imported = await run('import', '--from', from, '--to', address(ours));
      expect(imported).toMatchObject({ status: 0, stderr: '' });
      expect(imported.stdout).toMatch(new RegExp(`^imported ${KEYS} keys from .* to 127.0.0.1:${ours.port} in `));
      const target = await redisServerForTest({ args: WITH_DEBUG });
      const exported = await run('export', '--from', address(ours), '--to', join(target.directory, 'dump.rdb'));
      expect(exported).toMatchObject({ status: 0, stderr: '' });
      expect(exported.stdout).toMatch(new RegExp(`^exported ${KEYS} keys from `));
      const copy = await connected(target.port);
      expect(await copy.ask('DEBUG', 'RELOAD', 'NOSAVE')).toBe('OK');
      expect(await digest(copy)).toEqual(wanted);
      await copy.close();
    }
    await client.close();
  });

  it('leave the target as it was when a dump is damaged at its end', async () => {
    const [source, target] = [await redisServerForTest(), await redisServerForTest()];
    const [a, b] = [await connected(source.port), await connected(target.port)];
    await fill(a);
    await a.call('SAVE');
    const bytes = readFileSync(join(source.directory, 'dump.rdb'));
    const path = join(directoryForTest(), 'damaged.rdb');
    for (const damaged of [bytes.subarray(0, -1), Buffer.from(bytes).fill(1, bytes.length - 8)]) {
      writeFileSync(path, damaged);
      const { status, stderr } = await run('import', '--from', path, '--to', address(target));
      expect(status).toBe(1);
      expect(stderr).toMatch(/^latchkey: .*damaged\.rdb: byte \d+: .*\n$/);
      expect(await b.ask('DBSIZE')).toBe(0);
      expect(await b.ask('INFO', 'keyspace')).not.toMatch(/db\d/);
    }
    await Promise.all([a.close(), b.close()]);
  });

  it('export over no file, and leave none behind when the source ends', async () => {
    const source = await redisServerForTest({ args: ['--requirepass', 'x'] });
    const directory = directoryForTest();
    writeFileSync(join(directory, 'there.rdb'), 'kept');
    const from = `redis://x@127.0.0.1:${source.port}`;
    const over = await run('export', '--from', from, '--to', join(directory, 'there.rdb'));
    expect(over).toMatchObject({ status: 1, stderr: expect.stringMatching(/there\.rdb: the file exists/) });
    const refused = await run('export', '--from', address(source), '--to', join(directory, 'new.rdb'));
    expect(refused).toMatchObject({ status: 1, stderr: expect.stringMatching(/NOAUTH/) });
    expect(readdirSync(directory)).toEqual(['there.rdb']);
    expect(readFileSync(join(directory, 'there.rdb'), 'utf8')).toBe('kept');
  });
});

describe('latchkey import and export end with code 1 and one line', () => {
  it.each([
    [['import'], /import needs --from/],
    [['import', '--from', 'x'], /import needs --to/],
    [['import', '--from', 'x', '--to', 'redis://h/1'], /--to takes no database/],
    [['import', '--from', 'x', '--to', 'file'], /This is no address of a server/],
    [['import', '--from', '/no/such/dump.rdb', '--to', 'redis://h'], /\/no\/such\/dump\.rdb: ENOENT/],
    [['import', '--from', '/', '--to', 'redis://h'], /no manifest of an append-only directory/],
    [['import', '--nosuch'], /'--nosuch'/],
    [['import', '--from', 'x', '--to', 'redis://h', '--aof-load-truncated', 'maybe'], /one of yes, no is expected/],
    [['import', '--from', 'x', '--to', 'redis://h', '--databases', '0'], /a number from 1 to 16384/],
    [['export'], /export needs --from/],
    [['export', '--from', 'redis://h'], /export needs --to/],
  ])('for %j', async (args, pattern) => {
    const { status, stderr, stdout } = await run(...args);
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toMatch(pattern);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  });

  it('for a server that is not there', async () => {
    const { status, stderr } = await run('export', '--from', `redis://127.0.0.1:${await freePort()}`, '--to', 'x.rdb');
    expect(status).toBe(1);
    expect(stderr).toMatch(/^latchkey: 127\.0\.0\.1:\d+: .*ECONNREFUSED.*\n$/);
  });

  it('but print their help', async () => {
    for (const name of ['import', 'export'])
      expect(await run(name, '--help')).toMatchObject({
        status: 0,
        stdout: expect.stringMatching(`^Usage: latchkey ${name}`),
      });
  });
});
