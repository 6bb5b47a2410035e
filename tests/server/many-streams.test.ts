// XREADGROUP over streams of several shards, one of them too long for a worker's own time.
import { expect, it } from 'vitest';
import { ask } from '../support/crowd.js';
import { latchkeyServerForTest } from '../support/latchkey-server.js';
import { type Decoded, RespClient } from '../support/resp-client.js';

/** More than a worker delivers by itself; and a part that it does deliver, but not twice as many. */
const ENTRIES = 60_000;
const PART = 300;

/** Commands that have left the workers for the slow lane so far. */
async function slowCommands(client: RespClient): Promise<number> {
  const info = String(await ask(client, 'INFO', 'latchkey'));
  return Number(/^slow_commands:(\d+)/m.exec(info)?.[1]);
}

/** Appends entries of its own numbers, from `first` on. */
async function append(client: RespClient, key: string, first: number, count: number): Promise<void> {
  for (let i = first; i < first + count; i += 100) {
    await client.pipeline(Array.from({ length: 100 }, (_, n) => ['XADD', key, `${i + n}-1`, 'f', 'v']));
  }
}

it('delivers each entry once when a later stream belongs into the slow lane', { timeout: 60_000 }, async () => {
  const server = await latchkeyServerForTest({ shards: 3, threads: 1 });
  const client = await RespClient.connect(server.port, 50_000);
  try {
    // Whatever the routing, some of these keys lie on other shards than the long stream.
    const short = Array.from({ length: 8 }, (_, i) => `short:${i}`);
    for (const key of [...short, 'long']) await ask(client, 'XGROUP', 'CREATE', key, 'group', '0', 'MKSTREAM');
    for (const key of short) await ask(client, 'XADD', key, '1-1', 'field', 'value');
    await append(client, 'long', 1, ENTRIES);
    const keys = [...short, 'long'];
    const slowBefore = await slowCommands(client);
    const reply = await ask(client, 'XREADGROUP', 'GROUP', 'group', 'me', 'STREAMS', ...keys, ...keys.map(() => '>'));
    const counts = (reply as [string, Decoded[]][]).map(([key, entries]) => [key, entries.length]);
    expect(counts).toEqual([...short.map((key) => [key, 1]), ['long', ENTRIES]]);
    expect(await slowCommands(client), 'commands in the slow lane').toBe(slowBefore + 1);
  } finally {
    await client.close();
  }
});

it('delivers each entry once when a stream that is named twice becomes slow by its own deliveries', async () => {
  const server = await latchkeyServerForTest({ shards: 3, threads: 1 });
  const client = await RespClient.connect(server.port);
  try {
    const short = Array.from({ length: 8 }, (_, i) => `short:${i}`);
    for (const key of [...short, 'twice']) await ask(client, 'XGROUP', 'CREATE', key, 'group', '0', 'MKSTREAM');
    for (const key of short) await ask(client, 'XADD', key, '1-1', 'field', 'value');
    await append(client, 'twice', 1, PART);
    await ask(client, 'XREADGROUP', 'GROUP', 'group', 'me', 'COUNT', PART, 'STREAMS', 'twice', '>');
    await append(client, 'twice', PART + 1, PART);
    const slowBefore = await slowCommands(client);
    const [keys, ids] = [
      [...short, 'twice', 'twice'],
      [...short.map(() => '>'), '>', '0'],
    ];
    const reply = await ask(client, 'XREADGROUP', 'GROUP', 'group', 'me', 'STREAMS', ...keys, ...ids);
    const counts = (reply as [string, Decoded[]][]).map(([, entries]) => entries.length);
    expect(counts).toEqual([...short.map(() => 1), PART, 2 * PART]);
    expect(await slowCommands(client), 'commands in the slow lane').toBe(slowBefore);
  } finally {
    await client.close();
  }
});
