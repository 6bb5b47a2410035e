// ioredis, as an application would use it, against a server with two threads and three shards.
import { Redis, ReplyError } from 'ioredis';
import { describe, expect, it, onTestFinished } from 'vitest';
import { latchkeyServerForSuite, latchkeyServerForTest } from '../support/latchkey-server.js';

function connect(port: number, options: object = {}): Redis {
  const client = new Redis({ host: '127.0.0.1', port, ...options });
  // Failures reach the test through the commands' own promises; the event would only repeat them.
  client.on('error', () => {});
  onTestFinished(() => client.disconnect());
  return client;
}

describe.each([2, 3])('ioredis over RESP%i', (protocol) => {
  const server = latchkeyServerForSuite({ threads: 2, shards: 3 });

  it('reads back what it writes', async () => {
    const client = connect(server().port, { protocol });
    expect(await client.set('basic:a', 'one')).toBe('OK');
    expect(await client.get('basic:a')).toBe('one');
    expect(await client.incr('basic:n')).toBe(1);
    expect(await client.incr('basic:n')).toBe(2);
    expect(await client.mset('basic:b', '2', 'basic:c', '3')).toBe('OK');
    expect(await client.mget('basic:a', 'basic:b', 'basic:c', 'basic:none')).toEqual(['one', '2', '3', null]);
    expect(await client.expire('basic:a', 100)).toBe(1);
    expect([99, 100]).toContain(await client.ttl('basic:a'));
  });

  it('scans every key exactly once when nothing changes', async () => {
    const client = connect(server().port, { protocol, db: 1 });
    const names = Array.from({ length: 300 }, (_, i) => `scan:${i}`);
    await client.mset(names.flatMap((name) => [name, 'x']));
    const seen: string[] = [];
    for await (const keys of client.scanStream({ match: 'scan:*', count: 20 })) seen.push(...keys);
    expect(seen.sort()).toEqual(names.sort());
  });

  it('keeps every byte of a binary key and value', async () => {
    const client = connect(server().port, { protocol });
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
    await client.set(bytes, bytes);
    expect(await client.getBuffer(bytes)).toEqual(bytes);
  });

  it('answers a pipeline of 1000 commands in order', async () => {
    const client = connect(server().port, { protocol });
    const pipeline = client.pipeline();
    for (let i = 0; i < 500; i++) pipeline.set(`pipe:${i}`, String(i)).get(`pipe:${i}`);
    const replies = await pipeline.exec();
    expect(replies).toEqual(Array.from({ length: 1000 }, (_, i) => [null, i % 2 === 0 ? 'OK' : String((i - 1) / 2)]));
  });

  it('turns an error reply into a ReplyError', async () => {
    const client = connect(server().port, { protocol });
    await client.set('err:text', 'abc');
    const error = await client.incr('err:text').catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ReplyError);
    expect((error as Error).message).toBe('ERR value is not an integer or out of range');
  });

  it('keeps the databases apart', async () => {
    const client = connect(server().port, { protocol });
    await client.set('select:a', 'zero');
    expect(await client.select(2)).toBe('OK');
    expect(await client.get('select:a')).toBeNull();
    await client.select(0);
    expect(await client.get('select:a')).toBe('zero');
  });

  it('reconnects after CLIENT KILL', async () => {
    const client = connect(server().port, { protocol, retryStrategy: () => 10 });
    const other = connect(server().port, { protocol });
    await client.set('kill:a', '1');
    const id = await client.client('ID');
    // Not events.once: it would reject at the error that tells of the lost connection.
    const reconnected = new Promise((resolve) => {
      client.once('reconnecting', () => client.once('ready', resolve));
    });
    expect(await other.client('KILL', 'ID', id)).toBe(1);
    await reconnected;
    expect(await client.client('ID')).not.toBe(id);
    expect(await client.get('kill:a')).toBe('1');
  });
});

describe('ioredis and a password', () => {
  it('is let in with the right one and told WRONGPASS with a wrong one', async () => {
    const { port } = await latchkeyServerForTest({ threads: 2, shards: 3, args: ['--requirepass', 'secret'] });
    const client = connect(port, { password: 'secret' });
    expect(await client.ping()).toBe('PONG');
    const error = await client.auth('nonsense').catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ReplyError);
    expect((error as Error).message).toMatch(/^WRONGPASS /);
  });
});
