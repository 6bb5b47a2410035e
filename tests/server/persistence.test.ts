// The persistence of a real server, from the outside: what a restart finds, and what the commands about it answer.
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ask } from '../support/crowd.js';
import { directoryForTest } from '../support/directories.js';
import { type LatchkeyOptions, startLatchkeyServer } from '../support/latchkey-server.js';
import { RespClient } from '../support/resp-client.js';

interface Open {
  client: RespClient;
  /** Ends the server in order; resolves with what it wrote. */
  stop(): Promise<string>;
  kill(): Promise<void>;
}

async function open(dir: string, args: readonly string[] = [], options: LatchkeyOptions = {}): Promise<Open> {
  const server = await startLatchkeyServer({ shards: 3, threads: 2, ...options, args: ['--dir', dir, ...args] });
  const client = await RespClient.connect(server.port);
  return {
    client,
    async stop() {
      await client.close();
      await server.stop();
      return server.output();
    },
    async kill() {
      await server.kill();
    },
  };
}

/** A value of each type, in small and large forms, in two databases, some with an expiry. */
async function fill(client: RespClient): Promise<void> {
  for (const db of [0, 3]) {
    await ask(client, 'SELECT', db);
    for (let i = 0; i < 50; i++) await ask(client, 'SET', `string:${i}`, `value ${i}`, 'EX', 1000 + i);
    await ask(client, 'SET', 'number', 12345);
    await ask(client, 'SET', 'long', 'x'.repeat(100_000));
    for (const [name, size] of [['small', 5] as const, ['large', 2000] as const]) {
      const range = Array.from({ length: size }, (_, i) => i);
      await ask(client, 'RPUSH', `list:${name}`, ...range);
      await ask(client, 'SADD', `set:${name}`, ...range.map((i) => `member ${i}`));
      await ask(client, 'SADD', `intset:${name}`, ...range);
      await ask(client, 'HSET', `hash:${name}`, ...range.flatMap((i) => [`field ${i}`, `value ${i}`]));
      await ask(client, 'ZADD', `zset:${name}`, ...range.flatMap((i) => [i * 1.5, `member ${i}`]));
      for (const i of range.slice(0, 200)) await ask(client, 'XADD', `stream:${name}`, `${i + 1}-1`, 'field', i);
    }
    await ask(client, 'HPEXPIREAT', 'hash:large', Date.now() + 1_000_000, 'FIELDS', 2, 'field 1', 'field 2');
    await ask(client, 'XGROUP', 'CREATE', 'stream:large', 'group', 0);
    await ask(client, 'XREADGROUP', 'GROUP', 'group', 'alice', 'COUNT', 10, 'STREAMS', 'stream:large', '>');
    await ask(client, 'PFADD', 'hll', 'a', 'b', 'c');
    await ask(client, 'GEOADD', 'geo', 13.361389, 38.115556, 'Palermo');
  }
  await ask(client, 'SELECT', 0);
}

/** Everything there is, in a form that can be compared. */
async function content(client: RespClient): Promise<unknown> {
  const all: unknown[] = [];
  for (const db of [0, 3]) {
    await ask(client, 'SELECT', db);
    const keys = ((await ask(client, 'KEYS', '*')) as Buffer[]).map(String).sort();
    for (const key of keys) {
      const type = String(await ask(client, 'TYPE', key));
      const value = await ask(client, ...(READERS[type](key) as [string, ...string[]]));
      const isOrdered = type === 'list' || type === 'zset' || type === 'stream' || type === 'string';
      const parts = Array.isArray(value) ? value.map((part) => JSON.stringify(part)) : [JSON.stringify(value)];
      all.push([db, key, type, Number(await ask(client, 'PEXPIRETIME', key)), isOrdered ? parts : parts.sort()]);
    }
    const pending = (await ask(client, 'XPENDING', 'stream:large', 'group', '-', '+', 100, 'alice')) as unknown[][];
    // How long they have been idle goes on.
    all.push([
      db,
      'pending',
      JSON.stringify(pending.map(([id, consumer, , deliveries]) => [id, consumer, deliveries])),
    ]);
    all.push([db, 'fields', await ask(client, 'HPEXPIRETIME', 'hash:large', 'FIELDS', 2, 'field 1', 'field 3')]);
  }
  await ask(client, 'SELECT', 0);
  return all;
}
const READERS: Record<string, (key: string) => string[]> = {
  string: (key) => ['GET', key],
  list: (key) => ['LRANGE', key, '0', '-1'],
  set: (key) => ['SMEMBERS', key],
  zset: (key) => ['ZRANGE', key, '0', '-1', 'WITHSCORES'],
  hash: (key) => ['HGETALL', key],
  stream: (key) => ['XRANGE', key, '-', '+'],
};

async function info(client: RespClient): Promise<Map<string, string>> {
  const text = String(await ask(client, 'INFO', 'persistence'));
  return new Map([...text.matchAll(/^(\w+):(.*)\r$/gm)].map(([, name, value]) => [name, value]));
}

/** Asks until it is so. */
async function until(what: () => Promise<boolean>): Promise<void> {
  while (!(await what())) await new Promise((resolve) => setTimeout(resolve, 10));
}

describe('a server with a directory', () => {
  it('finds after SHUTDOWN what it had, from the log alone', async () => {
    const dir = join(directoryForTest(), 'made', 'by', 'it');
    const first = await open(dir);
    await fill(first.client);
    const before = await content(first.client);
    expect(readdirSync(dir).filter((name) => name.startsWith('dump-'))).toEqual([]);
    await first.stop();
    const second = await open(dir);
    expect(await content(second.client)).toEqual(before);
    await second.stop();
  });

  it('finds after SIGKILL what it had, from the log alone', async () => {
    const dir = directoryForTest();
    const first = await open(dir);
    await fill(first.client);
    const before = await content(first.client);
    expect(await ask(first.client, 'WAITAOF', 1, 0, 0)).toEqual([1, 0]);
    await first.kill();
    const second = await open(dir);
    expect(await content(second.client)).toEqual(before);
    await second.stop();
  });

  it('finds snapshot and log together after a rewrite, and the log has shrunk', async () => {
    const dir = directoryForTest();
    const first = await open(dir);
    await fill(first.client);
    for (let i = 0; i < 2000; i++) await ask(first.client, 'SET', 'again', `${i} ${'y'.repeat(100)}`);
    await ask(first.client, 'WAITAOF', 1, 0, 0);
    const size = () =>
      readdirSync(dir).reduce((sum, name) => sum + (/^aof-/.test(name) ? statSync(join(dir, name)).size : 0), 0);
    const full = size();
    expect(String(await ask(first.client, 'BGREWRITEAOF'))).toBe('Background append only file rewriting started');
    await until(async () => (await info(first.client)).get('aof_rewrite_in_progress') === '0');
    expect((await info(first.client)).get('aof_last_bgrewrite_status')).toBe('ok');
    expect(size()).toBeLessThan(full / 10);
    await ask(first.client, 'SET', 'after', 'the rewrite');
    const before = await content(first.client);
    await first.stop();
    const second = await open(dir);
    expect(await content(second.client)).toEqual(before);
    await second.stop();
  });

  it('keeps what SAVE saved, and nothing else, without a log', async () => {
    const dir = directoryForTest();
    const first = await open(dir, ['--appendonly', 'no', '--save', '']);
    await fill(first.client);
    const before = await content(first.client);
    const lastSave = Number(await ask(first.client, 'LASTSAVE'));
    await until(async () => Math.floor(Date.now() / 1000) > lastSave);
    expect(String(await ask(first.client, 'SAVE'))).toBe('OK');
    expect(Number(await ask(first.client, 'LASTSAVE'))).toBeGreaterThan(lastSave);
    expect((await info(first.client)).get('rdb_changes_since_last_save')).toBe('0');
    await ask(first.client, 'SET', 'unsaved', 1);
    expect((await info(first.client)).get('rdb_changes_since_last_save')).toBe('1');
    await first.kill();
    const second = await open(dir, ['--appendonly', 'no', '--save', '']);
    expect(await content(second.client)).toEqual(before);
    await second.stop();
  });

  it('takes a snapshot at SHUTDOWN if there are save points, unless NOSAVE says otherwise', async () => {
    const dir = directoryForTest();
    const first = await open(dir, ['--appendonly', 'no', '--save', '3600 1']);
    await ask(first.client, 'SET', 'key', 'saved');
    await first.stop();
    const second = await open(dir, ['--appendonly', 'no', '--save', '3600 1']);
    expect(String(await ask(second.client, 'GET', 'key'))).toBe('saved');
    await ask(second.client, 'SET', 'key', 'not saved');
    await second.client.ask('SHUTDOWN', 'NOSAVE').catch(() => {});
    const third = await open(dir, ['--appendonly', 'no', '--save', '3600 1']);
    expect(String(await ask(third.client, 'GET', 'key'))).toBe('saved');
    await third.stop();
  });

  it('takes a snapshot by itself when a save point is reached', async () => {
    const dir = directoryForTest();
    const first = await open(dir, ['--appendonly', 'no', '--save', '1 5']);
    for (let i = 0; i < 10; i++) await ask(first.client, 'SET', `key:${i}`, i);
    await until(async () => (await info(first.client)).get('rdb_saves') !== '0');
    await first.kill();
    const second = await open(dir, ['--appendonly', 'no', '--save', '']);
    expect(await ask(second.client, 'DBSIZE')).toBe(10);
    await second.stop();
  });

  it('logs from the moment that appendonly is turned on, and what was there before', async () => {
    const dir = directoryForTest();
    const first = await open(dir, ['--appendonly', 'no', '--save', '']);
    await fill(first.client);
    expect(await ask(first.client, 'WAITAOF', 0, 0, 0)).toEqual([0, 0]);
    expect(String(await ask(first.client, 'CONFIG', 'SET', 'appendonly', 'yes'))).toBe('OK');
    await until(async () => (await info(first.client)).get('aof_enabled') === '1');
    await ask(first.client, 'SET', 'later', 1);
    expect(await ask(first.client, 'WAITAOF', 1, 0, 0)).toEqual([1, 0]);
    const before = await content(first.client);
    await first.kill();
    const second = await open(dir);
    expect(await content(second.client)).toEqual(before);
    await second.stop();
  });

  it('never loads a log that was turned off over newer data', async () => {
    const dir = directoryForTest();
    const first = await open(dir);
    await ask(first.client, 'SET', 'key', 'logged');
    await ask(first.client, 'CONFIG', 'SET', 'appendonly', 'no');
    await ask(first.client, 'SET', 'key', 'saved');
    await ask(first.client, 'SAVE');
    await first.kill();
    const second = await open(dir);
    expect(String(await ask(second.client, 'GET', 'key'))).toBe('saved');
    await second.stop();
  });

  it('is changed to another layout by a flag, and keeps its own without one', async () => {
    const dir = directoryForTest();
    const first = await open(dir);
    await fill(first.client);
    const before = await content(first.client);
    await first.stop();
    const second = await open(dir, ['--shards', '5', '--routing', 'slots']);
    expect(await content(second.client)).toEqual(before);
    await second.stop();
    expect(readFileSync(join(dir, 'shards.meta'), 'utf8').trim().split('\n')).toEqual(['5', 'slots']);
  });

  it('keeps a second server out, in one line', async () => {
    const dir = directoryForTest();
    const first = await open(dir);
    await expect(open(dir)).rejects.toThrow(/exit code 1[\s\S]*latchkey: .*in use/);
    await first.stop();
    const second = await open(dir);
    await second.stop();
  });

  it('refuses a directory that it does not understand, and changes nothing in it', async () => {
    const dir = directoryForTest();
    writeFileSync(join(dir, 'shards.meta'), '3\nrendezvous\n');
    await expect(open(dir)).rejects.toThrow(/exit code 1[\s\S]*latchkey: .*shards\.meta/);
    expect(readdirSync(dir)).toEqual(['shards.meta']);
    expect(existsSync(join(dir, 'aof-0.aof'))).toBe(false);
  });
});

describe('a server without a directory', () => {
  it('says so where something is to be written', async () => {
    const server = await startLatchkeyServer();
    const client = await RespClient.connect(server.port);
    try {
      for (const command of ['SAVE', 'BGSAVE', 'BGREWRITEAOF']) {
        await expect(ask(client, command)).rejects.toThrow('without --dir');
      }
      await expect(ask(client, 'CONFIG', 'SET', 'appendonly', 'yes')).rejects.toThrow('without --dir');
      await expect(ask(client, 'WAITAOF', 1, 0, 0)).rejects.toThrow('appendonly is disabled');
      expect(await ask(client, 'WAITAOF', 0, 0, 0)).toEqual([0, 0]);
    } finally {
      await client.close();
      await server.stop();
    }
  });
});
