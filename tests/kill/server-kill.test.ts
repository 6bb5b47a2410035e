// SIGKILL of the real server under parallel load, again and again over one directory, with a log of what was acknowledged.
// What a killed process may lose: nothing under `always`; the last few milliseconds otherwise. What it may never do: leave
// a keyspace that never existed, invent, or apply twice.
import { describe, expect, it } from 'vitest';
import { loadUntilGone, lookAt, nothingAcknowledged } from '../support/acknowledged.js';
import { directoryForTest } from '../support/directories.js';
import { startLatchkeyServer } from '../support/latchkey-server.js';
import { RespClient } from '../support/resp-client.js';
import { Random, runSeed } from '../support/seed.js';

const ROUNDS = 50;
const CLIENTS = 13;
const LOAD_MS_MAX = 250;

const seed = runSeed('tests/kill/server-kill.test.ts');

describe.each(['always', 'everysec', 'no'])('a server with appendfsync %s', (policy) => {
  it(`keeps its promise over ${ROUNDS} kills`, { timeout: 300_000 }, async () => {
    const random = new Random(seed);
    const dir = directoryForTest();
    const log = nothingAcknowledged(CLIENTS - 1);
    const args = ['--dir', dir, '--appendfsync', policy];
    let acknowledged = 0;
    let lost = 0;
    for (let round = 0; round <= ROUNDS; round++) {
      const server = await startLatchkeyServer({ shards: 3, threads: 2, args });
      try {
        const client = await RespClient.connect(server.port);
        const found = await lookAt(client, log);
        expect(found.problems, `round ${round}, LATCHKEY_SEED=${seed}`).toEqual([]);
        if (policy === 'always') expect(found.lost, `lost in round ${round}, LATCHKEY_SEED=${seed}`).toBe(0);
        lost += found.lost;
        await client.close();
        if (round === ROUNDS) break;
        const before = log.baton;
        const clients = await Promise.all(Array.from({ length: CLIENTS }, () => RespClient.connect(server.port)));
        const gone = loadUntilGone(clients, log);
        // Some rounds have a snapshot, or a rewrite of the log, under way.
        if (round % 3 === 1) await lateAsk(server.port, round % 2 === 0 ? 'BGSAVE' : 'BGREWRITEAOF');
        await new Promise((resolve) => setTimeout(resolve, 20 + random.below(LOAD_MS_MAX)));
        await server.kill();
        await gone;
        acknowledged += log.baton - before;
      } finally {
        await server.kill();
      }
    }
    console.log(
      `appendfsync ${policy}: ${acknowledged} of the baton acknowledged, ${lost} changes lost in ${ROUNDS} kills`,
    );
    expect(acknowledged).toBeGreaterThan(ROUNDS);
  });
});

async function lateAsk(port: number, command: string): Promise<void> {
  const client = await RespClient.connect(port);
  await client.ask(command);
  await client.close();
}
