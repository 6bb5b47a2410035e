// Transactions over many shards and workers, whatever order the machine runs them in: sums are conserved, WATCH lets nobody
// overwrite what it has not seen, and whole histories can be explained by some order of their transactions.
import { describe, expect, it } from 'vitest';
import { ask, crowd } from '../support/crowd.js';
import { latchkeyServerForSuite } from '../support/latchkey-server.js';
import { type Arg, type Decoded, decode, type RespClient } from '../support/resp-client.js';
import { deriveSeed, Random, runSeed } from '../support/seed.js';
import { explains, type Observed } from '../support/serializable.js';

const LONG = process.env.LATCHKEY_TEST_LONG === '1';
const RUN_MS = LONG ? 60_000 : 1_500;
/** "Deadlock hunting with random many-shard commands for a minute." */
const HUNT_MS = LONG ? 300_000 : 60_000;
const CONNECTIONS = 16;
const SEED = runSeed('parallel transactions');
const SETUPS = [
  { threads: 2, shards: 3 },
  { threads: 4, shards: 4 },
];

/** MULTI, the commands, EXEC in one write; EXEC's reply. */
async function transaction(client: RespClient, commands: readonly (readonly Arg[])[]): Promise<Decoded> {
  const replies = await client.pipeline([['MULTI'], ...commands, ['EXEC']]);
  return decode(replies[replies.length - 1]);
}

describe.each(SETUPS)('transactions, $threads threads over $shards shards', ({ threads, shards }) => {
  const server = latchkeyServerForSuite({ threads, shards });
  const { onEach, repeat } = crowd(server, RUN_MS);

  it('conserve a sum that they move between shards', { timeout: RUN_MS + 60_000 }, async () => {
    const accounts = Array.from({ length: 12 }, (_, i) => `account:${i}`);
    const total = accounts.length * 100;
    await onEach(1, (client) => ask(client, 'MSET', ...accounts.flatMap((account) => [account, 100])));
    const sums = await onEach(CONNECTIONS, async (client, me) => {
      const random = new Random(deriveSeed(SEED, me));
      let seen = 0;
      await repeat(async () => {
        if (me % 4 === 0) {
          const values = (await transaction(
            client,
            accounts.map((account) => ['GET', account]),
          )) as string[];
          expect(values.reduce((sum, value) => sum + Number(value), 0)).toBe(total);
          seen++;
          return;
        }
        const [from, to] = random.shuffled(accounts);
        const amount = random.between(1, 9);
        await transaction(client, [
          ['DECRBY', from, amount],
          ['INCRBY', to, amount],
        ]);
      });
      return seen;
    });
    expect(sums.reduce((sum, count) => sum + count, 0)).toBeGreaterThan(0);
    await onEach(1, async (client) => {
      const values = (await ask(client, 'MGET', ...accounts)) as string[];
      expect(values.reduce((sum, value) => sum + Number(value), 0)).toBe(total);
    });
  });

  it('lose no update under WATCH', { timeout: RUN_MS + 60_000 }, async () => {
    const keys = ['watched:a', 'watched:b', 'watched:c'];
    let kept = 0;
    let refused = 0;
    await onEach(CONNECTIONS, async (client, me) => {
      const random = new Random(deriveSeed(SEED, 200 + me));
      await repeat(async () => {
        const key = random.pick(keys);
        await ask(client, 'WATCH', ...keys);
        const value = Number((await ask(client, 'GET', key)) ?? 0);
        const done = await transaction(client, [['SET', key, value + 1]]);
        if (done === null) refused++;
        else kept++;
      });
    });
    expect(kept).toBeGreaterThan(0);
    expect(refused).toBeGreaterThan(0);
    await onEach(1, async (client) => {
      const values = (await ask(client, 'MGET', ...keys)) as (string | null)[];
      expect(values.reduce((sum, value) => sum + Number(value ?? 0), 0)).toBe(kept);
    });
  });

  it('have histories that some order of them explains', { timeout: RUN_MS + 120_000 }, async () => {
    const histories = LONG ? 400 : 25;
    let checked = 0;
    for (let history = 0; history < histories; history++) {
      const keys = Array.from({ length: 4 }, (_, i) => `history:${history}:${i}`);
      const clock = { now: 0 };
      const observed: Observed[] = (
        await onEach(6, async (client, me) => {
          const random = new Random(deriveSeed(SEED, 1000 + history * 10 + me));
          const mine: Observed[] = [];
          for (let i = 0; i < 5; i++) {
            // Each write is of a value that nobody else writes, so a read tells whose it saw.
            const commands = Array.from({ length: random.between(1, 4) }, (_, n): readonly string[] => {
              const key = random.pick(keys);
              return random.oneIn(2) ? ['GET', key] : ['SET', key, `${me}.${i}.${n}`];
            });
            const begun = clock.now++;
            const replies = (await transaction(client, commands)) as Decoded[];
            const ended = clock.now++;
            mine.push({ begun, ended, commands, replies: replies as (string | null)[] });
          }
          return mine;
        })
      ).flat();
      expect(observed).toHaveLength(30);
      expect(explains(observed), `LATCHKEY_SEED=${SEED}, history ${history}: ${JSON.stringify(observed)}`).toBe(true);
      checked++;
    }
    expect(checked).toBe(histories);
  });
});

describe('many-shard commands, 4 threads over 4 shards', () => {
  const server = latchkeyServerForSuite({ threads: 4, shards: 4 });
  const { onEach, repeat } = crowd(server, HUNT_MS);

  it('never wait for each other in a circle', { timeout: HUNT_MS + 120_000 }, async () => {
    const counts = await onEach(24, (client, me) => {
      const random = new Random(deriveSeed(SEED, 5000 + me));
      const key = (kind: string) => `hunt:${kind}:${random.below(30)}`;
      const keys = (kind: string, most: number) => Array.from({ length: random.between(1, most) }, () => key(kind));
      const command = (): readonly Arg[] =>
        random.weighted<() => readonly Arg[]>([
          [4, () => ['MSET', ...keys('s', 6).flatMap((k) => [k, random.below(1000)])]],
          [4, () => ['MGET', ...keys('s', 6)]],
          [2, () => ['DEL', ...keys('s', 3), ...keys('l', 2)]],
          [4, () => ['RPUSH', key('l'), 'x', 'y']],
          [4, () => ['LMOVE', key('l'), key('l'), random.pick(['LEFT', 'RIGHT']), 'RIGHT']],
          [3, () => ['BLMOVE', key('l'), key('l'), 'LEFT', 'RIGHT', '0.02']],
          [3, () => ['BLPOP', ...keys('l', 4), '0.02']],
          [3, () => ['SADD', key('t'), ...keys('m', 5)]],
          [2, () => ['SUNIONSTORE', key('t'), ...keys('t', 4)]],
          [2, () => ['SMOVE', key('t'), key('t'), key('m')]],
          [2, () => ['ZUNIONSTORE', key('z'), 2, key('t'), key('z')]],
          [2, () => ['RENAME', key('s'), key('s')]],
          [2, () => ['COPY', key('s'), key('s'), 'REPLACE']],
          [1, () => ['SORT', key('t'), 'BY', 'hunt:s:*', 'STORE', key('l')]],
          [1, () => ['KEYS', 'hunt:s:*']],
          [1, () => ['WATCH', ...keys('s', 3)]],
        ])();
      return repeat(async () => {
        const some = Array.from({ length: random.between(1, 5) }, command);
        if (random.oneIn(2)) await client.pipeline(some);
        else await transaction(client, some.filter(([name]) => name !== 'WATCH').concat([['PING']]));
        if (random.oneIn(2000)) await ask(client, 'FLUSHALL');
      });
    });
    expect(Math.min(...counts)).toBeGreaterThan(10);
  });
});
