// A directory with so much in it that a start takes threads for it: everything is there afterwards, also in another layout,
// also values that come in many pieces, and what stops a start stops it as it does without threads.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ask } from '../support/crowd.js';
import { directoryForTest } from '../support/directories.js';
import { startLatchkeyServer } from '../support/latchkey-server.js';
import { RespClient } from '../support/resp-client.js';

/** As host/persistence/threads/recovery-crew.ts has it. */
const PARALLEL_BYTES = 16 << 20;
const KEYS = 60;
const READERS = [
  (key: string) => ['GET', key],
  (key: string) => ['LRANGE', key, '0', '-1'],
  (key: string) => ['HGETALL', key],
  (key: string) => ['ZRANGE', key, '0', '-1', 'WITHSCORES'],
] as const;

async function fill(client: RespClient): Promise<void> {
  for (let i = 0; i < KEYS; i++) {
    const parts = Array.from({ length: 1500 }, (_, n) => `${i}:${n}:${'x'.repeat((n * 7 + i) % 250)}`);
    const writers = [
      ['SET', `key:${i}`, parts.join(' ')],
      ['RPUSH', `key:${i}`, ...parts],
      ['HSET', `key:${i}`, ...parts.flatMap((part, n) => [`field ${n}`, part])],
      ['ZADD', `key:${i}`, ...parts.flatMap((part, n) => [String(n / 3), part])],
    ];
    if (i % 3 === 0) await ask(client, 'SELECT', '5');
    await ask(client, ...(writers[i % 4] as [string, ...string[]]));
    await ask(client, 'SELECT', '0');
    for (let n = 0; n < 50; n++) await ask(client, 'SET', `small:${i}:${n}`, `value ${n}`);
  }
}

async function content(port: number): Promise<string[]> {
  const client = await RespClient.connect(port);
  const all: string[] = [];
  for (let i = 0; i < KEYS; i++) {
    await ask(client, 'SELECT', i % 3 === 0 ? '5' : '0');
    const value = (await ask(client, ...(READERS[i % 4](`key:${i}`) as [string, ...string[]]))) as Buffer | Buffer[];
    const parts = Array.isArray(value) ? value.map(String) : [String(value)];
    if (i % 4 === 2) parts.sort();
    all.push(`key:${i} ${parts.length} ${createHash('sha256').update(parts.join('\0')).digest('hex')}`);
  }
  await ask(client, 'SELECT', '0');
  all.push(`small: ${await ask(client, 'DBSIZE')}`);
  await client.close();
  return all;
}

const start = (dir: string, ...args: string[]) =>
  startLatchkeyServer({ shards: 3, threads: 1, args: ['--dir', dir, ...args] });
const bytesIn = (dir: string): number =>
  readdirSync(dir).reduce((sum, name) => sum + (/^(aof|dump)-\d/.test(name) ? statSync(join(dir, name)).size : 0), 0);

describe('a directory with much data', () => {
  it('comes back from logs, in another layout, and from dumps in a third', { timeout: 120_000 }, async () => {
    expect(availableParallelism(), 'one core recovers without threads').toBeGreaterThan(1);
    const dir = directoryForTest();
    const first = await start(dir);
    const client = await RespClient.connect(first.port);
    // A log holds what was written; so much is written again that it is enough for threads.
    while (bytesIn(dir) < PARALLEL_BYTES * 1.2) {
      await ask(client, 'FLUSHALL');
      await fill(client);
      await ask(client, 'WAITAOF', '1', '0', '0');
    }
    await ask(client, 'SET', 'ballast', 'b'.repeat(PARALLEL_BYTES));
    await client.close();
    const before = await content(first.port);
    await first.stop();
    for (const [shards, routing] of [
      [3, 'kevyhash'],
      [5, 'slots'],
      [2, 'slots'],
      [2, 'kevyhash'],
    ] as const) {
      const args = ['--dir', dir, '--routing', routing];
      const server = await startLatchkeyServer({ shards, threads: 1, args });
      expect(await content(server.port), `${shards} shards by ${routing}`).toEqual(before);
      await server.stop();
    }
  });

  it('stops a start by one line where it is damaged, and stays as it is', { timeout: 60_000 }, async () => {
    const dir = directoryForTest();
    const first = await start(dir, '--appendonly', 'no', '--save', '');
    const client = await RespClient.connect(first.port);
    await ask(client, 'SET', 'ballast', 'b'.repeat(PARALLEL_BYTES));
    await ask(client, 'SAVE');
    await client.close();
    await first.stop();
    const damaged = readdirSync(dir).find(
      (name) => /^dump-\d\.rdb$/.test(name) && statSync(join(dir, name)).size > PARALLEL_BYTES,
    )!;
    const bytes = readFileSync(join(dir, damaged));
    bytes[PARALLEL_BYTES >> 1] ^= 1;
    writeFileSync(join(dir, damaged), bytes);
    await expect(start(dir)).rejects.toThrow(new RegExp(`exit code 1[\\s\\S]*latchkey: .*${damaged}`));
    expect(readFileSync(join(dir, damaged)).equals(bytes)).toBe(true);
  });
});
