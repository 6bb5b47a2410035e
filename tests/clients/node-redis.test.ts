// The `redis` package, in both protocols, against a server with two threads and three shards.
import { createClient, ErrorReply, RESP_TYPES } from 'redis';
import { describe, expect, it, onTestFinished } from 'vitest';
import { latchkeyServerForSuite, latchkeyServerForTest } from '../support/latchkey-server.js';

function clientFor(port: number, RESP: 2 | 3, password?: string) {
  const client = createClient({
    RESP,
    ...(password === undefined ? {} : { password }),
    socket: { host: '127.0.0.1', port, reconnectStrategy: () => 10 },
  });
  // Failures reach the test through the commands' own promises; the event would only repeat them.
  client.on('error', () => {});
  onTestFinished(() => {
    if (client.isOpen) client.destroy();
  });
  return client;
}

describe.each([2, 3] as const)('redis over RESP%i', (protocol) => {
  const server = latchkeyServerForSuite({ threads: 2, shards: 3 });
  const connect = async () => clientFor(server().port, protocol).connect();

  it('speaks the protocol it asked for', async () => {
    const client = await connect();
    expect(await client.sendCommand(['CLIENT', 'INFO'])).toContain(` resp=${protocol}`);
  });

  it('reads back what it writes', async () => {
    const client = await connect();
    expect(await client.set('basic:a', 'one')).toBe('OK');
    expect(await client.get('basic:a')).toBe('one');
    expect(await client.incr('basic:n')).toBe(1);
    expect(await client.incr('basic:n')).toBe(2);
    expect(await client.mSet({ 'basic:b': '2', 'basic:c': '3' })).toBe('OK');
    expect(await client.mGet(['basic:a', 'basic:b', 'basic:c', 'basic:none'])).toEqual(['one', '2', '3', null]);
    expect(await client.expire('basic:a', 100)).toBe(1);
    expect([99, 100]).toContain(await client.ttl('basic:a'));
  });

  it('scans every key exactly once when nothing changes', async () => {
    const client = await connect();
    await client.select(1);
    const names = Array.from({ length: 300 }, (_, i) => `scan:${i}`);
    await client.mSet(names.map((name) => [name, 'x'] as [string, string]));
    const seen: string[] = [];
    for await (const keys of client.scanIterator({ MATCH: 'scan:*', COUNT: 20 })) seen.push(...keys);
    expect(seen.sort()).toEqual(names.sort());
  });

  it('keeps every byte of a binary value', async () => {
    const client = await connect();
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
    await client.set('binary', bytes);
    expect(await client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer }).get('binary')).toEqual(bytes);
  });

  it('answers a pipeline of 1000 commands in order', async () => {
    const client = await connect();
    const replies = await Promise.all(
      Array.from({ length: 500 }, (_, i) => [client.set(`pipe:${i}`, String(i)), client.get(`pipe:${i}`)]).flat(),
    );
    expect(replies).toEqual(Array.from({ length: 1000 }, (_, i) => (i % 2 === 0 ? 'OK' : String((i - 1) / 2))));
  });

  it('turns an error reply into an ErrorReply', async () => {
    const client = await connect();
    await client.set('err:text', 'abc');
    const error = await client.incr('err:text').catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ErrorReply);
    expect((error as Error).message).toBe('ERR value is not an integer or out of range');
  });

  it('keeps the databases apart', async () => {
    const client = await connect();
    await client.set('select:a', 'zero');
    await client.select(2);
    expect(await client.get('select:a')).toBeNull();
    await client.select(0);
    expect(await client.get('select:a')).toBe('zero');
  });

  it('reconnects after CLIENT KILL', async () => {
    const client = await connect();
    const other = await connect();
    await client.set('kill:a', '1');
    const id = await client.clientId();
    // Not events.once: it would reject at the error that tells of the lost connection.
    const ready = new Promise((resolve) => client.once('ready', resolve));
    expect(await other.sendCommand(['CLIENT', 'KILL', 'ID', String(id)])).toBe(1);
    await ready;
    expect(await client.clientId()).not.toBe(id);
    expect(await client.get('kill:a')).toBe('1');
  });
});

describe.each([2, 3] as const)('redis over RESP%i and a password', (protocol) => {
  it('is let in with the right one and told WRONGPASS with a wrong one', async () => {
    const { port } = await latchkeyServerForTest({ threads: 2, shards: 3, args: ['--requirepass', 'secret'] });
    const client = await clientFor(port, protocol, 'secret').connect();
    expect(await client.ping()).toBe('PONG');
    const error = await client.auth({ password: 'nonsense' }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ErrorReply);
    expect((error as Error).message).toMatch(/^WRONGPASS /);
  });
});
