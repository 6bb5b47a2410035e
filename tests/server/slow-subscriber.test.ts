// A subscriber that does not read: it is cut at its output limit, the others go on, and nothing is held for it.
import { connect } from 'node:net';
import { expect, it } from 'vitest';
import { latchkeyServerForTest } from '../support/latchkey-server.js';
import { RespClient } from '../support/resp-client.js';

const MESSAGE = 'x'.repeat(16_384);
const LIMIT_BYTES = 1 << 20;

it.each([1, 2])('a subscriber that does not read is cut, with %i workers', { timeout: 60_000 }, async (threads) => {
  const server = await latchkeyServerForTest({ threads, shards: 2 });
  const publisher = await RespClient.connect(server.port);
  const limit = `pubsub ${LIMIT_BYTES} 0 0`;
  expect(await publisher.ask('CONFIG', 'SET', 'client-output-buffer-limit', limit)).toBe('OK');
  expect(String(await publisher.ask('CONFIG', 'GET', 'client-output-buffer-limit'))).toContain(limit);
  const slow = connect(server.port, '127.0.0.1');
  slow.on('error', () => {});
  const closed = new Promise((resolve) => slow.once('close', resolve));
  slow.write('SUBSCRIBE news\r\n');
  await new Promise((resolve) => slow.once('data', resolve));
  slow.pause();
  const reader = await RespClient.connect(server.port);
  await reader.ask('SUBSCRIBE', 'news');
  const clients = async () =>
    Number(/connected_clients:(\d+)/.exec(String(await publisher.ask('INFO', 'clients')))?.[1]);
  expect(await clients()).toBe(3);
  let sent = 0;
  // What the system's own buffers hold comes on top of the limit.
  while ((await clients()) === 3 && sent < 20_000) {
    await publisher.pipeline(Array.from({ length: 50 }, () => ['PUBLISH', 'news', MESSAGE]));
    sent += 50;
  }
  expect(await clients()).toBe(2);
  // The one that reads has been sent everything, whatever became of the other one.
  expect(await publisher.ask('PUBLISH', 'news', 'last')).toBe(1);
  for (let i = 0; i < sent; i++) expect((await reader.nextPush()).length).toBeGreaterThan(MESSAGE.length);
  expect(String(await reader.nextPush())).toContain('last');
  slow.resume();
  await closed;
  await Promise.all([publisher.close(), reader.close()]);
});
