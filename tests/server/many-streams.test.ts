// XREADGROUP over streams of several shards, one of them too long for a worker's own time.
import { expect, it } from 'vitest';
import { ask } from '../support/crowd.js';
import { latchkeyServerForTest } from '../support/latchkey-server.js';
import { type Decoded, RespClient } from '../support/resp-client.js';

/** More than a worker delivers by itself. */
const ENTRIES = 60_000;

it('delivers each entry once when a later stream belongs into the slow lane', { timeout: 60_000 }, async () => {
  const server = await latchkeyServerForTest({ shards: 3, threads: 1 });
  const client = await RespClient.connect(server.port, 50_000);
  try {
    // Whatever the routing, some of these keys lie on other shards than the long stream.
    const short = Array.from({ length: 8 }, (_, i) => `short:${i}`);
    for (const key of [...short, 'long']) await ask(client, 'XGROUP', 'CREATE', key, 'group', '0', 'MKSTREAM');
    for (const key of short) await ask(client, 'XADD', key, '1-1', 'field', 'value');
    for (let i = 0; i < ENTRIES; i += 1000) {
      await client.pipeline(Array.from({ length: 1000 }, (_, n) => ['XADD', 'long', `${i + n + 1}-1`, 'f', 'v']));
    }
    const keys = [...short, 'long'];
    const reply = await ask(client, 'XREADGROUP', 'GROUP', 'group', 'me', 'STREAMS', ...keys, ...keys.map(() => '>'));
    const counts = (reply as [string, Decoded[]][]).map(([key, entries]) => [key, entries.length]);
    expect(counts).toEqual([...short.map((key) => [key, 1]), ['long', ENTRIES]]);
  } finally {
    await client.close();
  }
});
