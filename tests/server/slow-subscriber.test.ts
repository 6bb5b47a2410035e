// A subscriber that does not read is cut off by its class's output limit; nobody else notices, and the memory comes back.
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ask } from '../support/crowd.js';
import { EventClient } from '../support/event-client.js';
import { latchkeyServerForTest } from '../support/latchkey-server.js';
import type { TestServer } from '../support/redis-server.js';
import { encodeCommands, RespClient } from '../support/resp-client.js';

const LIMIT = { timeout: 120_000 };
const MIB = 1 << 20;
const MESSAGE = 'x'.repeat(64 << 10);

/** A connection that sends commands and reads nothing. */
async function deaf(server: TestServer, ...commands: string[][]): Promise<Socket> {
  const socket = connect(server.port, '127.0.0.1');
  socket.on('error', () => {});
  socket.pause();
  onTestFinished(() => {
    socket.destroy();
  });
  await new Promise((resolve) => socket.once('connect', resolve));
  socket.write(encodeCommands(commands));
  return socket;
}

async function client(server: TestServer): Promise<RespClient> {
  const one = await RespClient.connect(server.port);
  onTestFinished(() => one.close());
  return one;
}

const residentBytes = ({ pid }: TestServer): number =>
  Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) * 1024;

async function subscribers(asking: RespClient, channel: string): Promise<number> {
  return ((await ask(asking, 'PUBSUB', 'NUMSUB', channel)) as [string, number])[1];
}

describe.each([1, 4])('with %i threads', (threads) => {
  const start = (...limit: string[]) =>
    latchkeyServerForTest({
      ...{ threads, shards: threads },
      args: limit.length === 0 ? [] : ['--client-output-buffer-limit', ...limit],
    });

  it(
    'the hard limit cuts those that do not read, the others get every message, the memory comes back',
    LIMIT,
    async () => {
      const server = await start('pubsub', '8mb', '0', '0');
      const publisher = await client(server);
      expect(await ask(publisher, 'CONFIG', 'GET', 'client-output-buffer-limit')).toEqual([
        'client-output-buffer-limit',
        'normal 0 0 0 slave 268435456 67108864 60 pubsub 8388608 0 0',
      ]);
      const reader = await EventClient.connect(server.port);
      await reader.ask('SUBSCRIBE', 'all');
      const before = residentBytes(server);
      let published = 0;
      for (let wave = 0; wave < 3; wave++) {
        for (let i = 0; i < 4; i++) await deaf(server, ['SUBSCRIBE', 'all', 'slow']);
        while ((await subscribers(publisher, 'slow')) !== 4) {}
        while ((await subscribers(publisher, 'slow')) !== 0) {
          await ask(publisher, 'PUBLISH', 'all', `${published++} ${MESSAGE}`);
          // More than the limit and what the system's buffers hold would be more than these.
          expect(published).toBeLessThan((wave + 1) * 1500);
        }
      }
      for (let n = 0; n < published; n++) {
        const [, , message] = (await reader.next()) as string[];
        expect(message.split(' ', 1)[0]).toBe(String(n));
      }
      // Garbage is collected in its own time; it has to be.
      while (residentBytes(server) > before + 128 * MIB) await ask(publisher, 'PUBLISH', 'all', MESSAGE);
      await reader.close();
    },
  );

  it('the soft limit cuts whoever is over it for so many seconds, and not before', LIMIT, async () => {
    const server = await start('pubsub', '0', '1mb', '2');
    const publisher = await client(server);
    await deaf(server, ['SUBSCRIBE', 'slow']);
    while ((await subscribers(publisher, 'slow')) !== 1) {}
    // A pause first: how long a worker has been idle counts for nothing.
    await new Promise((resolve) => setTimeout(resolve, 2500));
    const pending = async () => {
      const line = String(await ask(publisher, 'CLIENT', 'LIST', 'TYPE', 'pubsub'));
      return line === '' ? undefined : Number(/ omem=(\d+)/.exec(line)![1]);
    };
    while (((await pending()) ?? MIB) < MIB) await ask(publisher, 'PUBLISH', 'slow', MESSAGE);
    const overSinceMs = Date.now();
    expect(await subscribers(publisher, 'slow')).toBe(1);
    while ((await subscribers(publisher, 'slow')) !== 0) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(Date.now() - overSinceMs).toBeGreaterThan(1000);
  });

  it('the limit can be set while it is at work, and is not that of normal clients', LIMIT, async () => {
    const server = await start('pubsub', '0', '0', '0');
    const asking = await client(server);
    await deaf(server, ['SUBSCRIBE', 'slow']);
    while ((await subscribers(asking, 'slow')) !== 1) {}
    await ask(asking, 'SET', 'big', 'x'.repeat(2 * MIB));
    const normal = await deaf(
      server,
      ['CLIENT', 'SETNAME', 'normal'],
      ...Array.from({ length: 12 }, () => ['GET', 'big']),
    );
    for (let i = 0; i < 400; i++) await ask(asking, 'PUBLISH', 'slow', MESSAGE);
    expect(await subscribers(asking, 'slow')).toBe(1);
    expect(await ask(asking, 'CONFIG', 'SET', 'client-output-buffer-limit', 'pubsub 1mb 0 0')).toBe('OK');
    expect(await ask(asking, 'CONFIG', 'GET', 'client-output-buffer-limit')).toEqual([
      'client-output-buffer-limit',
      'normal 0 0 0 slave 268435456 67108864 60 pubsub 1048576 0 0',
    ]);
    while ((await subscribers(asking, 'slow')) !== 0) {}
    expect(String(await ask(asking, 'CLIENT', 'LIST', 'TYPE', 'normal'))).toContain(' name=normal ');
    let bytes = 0;
    await new Promise<void>((resolve) => {
      normal.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > 24 * MIB) resolve();
      });
      normal.resume();
    });
  });
});

describe('publishers that are faster than the workers of their subscribers', () => {
  it('wait for them, and the memory stays within bounds', LIMIT, async () => {
    const server = await latchkeyServerForTest({ threads: 4, shards: 4 });
    const readers = await Promise.all(Array.from({ length: 24 }, () => client(server)));
    let received = 0;
    for (const reader of readers) {
      reader.listen((chunk) => {
        received += chunk.length;
      });
      reader.send(encodeCommands([['SUBSCRIBE', 'flood']]));
    }
    const publishers = await Promise.all(Array.from({ length: 4 }, () => client(server)));
    while ((await subscribers(publishers[0], 'flood')) !== readers.length) {}
    const before = residentBytes(server);
    const message = 'y'.repeat(10_000);
    let most = 0;
    const messages = 400;
    await Promise.all(
      publishers.map(async (publisher) => {
        for (let n = 0; n < messages; n += 20) {
          await publisher.pipeline(Array.from({ length: 20 }, () => ['PUBLISH', 'flood', message]));
          most = Math.max(most, residentBytes(server));
        }
      }),
    );
    const expected = publishers.length * messages * readers.length * message.length;
    while (received < expected) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(most - before).toBeLessThan(expected);
  });
});
