// Clients that wait, on several workers, for keys on several shards: each element is taken by one of them, in the order in
// which they came, and who goes away takes nothing.
import { describe, expect, it } from 'vitest';
import { ask } from '../support/crowd.js';
import { latchkeyServerForSuite } from '../support/latchkey-server.js';
import { type Decoded, RespClient } from '../support/resp-client.js';
import { deriveSeed, Random, runSeed } from '../support/seed.js';

const LONG = process.env.LATCHKEY_TEST_LONG === '1';
const ELEMENTS = LONG ? 100_000 : 4_000;
const SEED = runSeed('parallel waiting');

describe('clients that wait, 4 threads over 4 shards', () => {
  const server = latchkeyServerForSuite({ threads: 4, shards: 4 });
  const connect = () => RespClient.connect(server().port);

  /** Resolves when so many clients wait. */
  async function waiting(count: number): Promise<void> {
    const asker = await connect();
    try {
      for (let tries = 0; ; tries++) {
        const list = String(await ask(asker, 'CLIENT', 'LIST'));
        if (list.split('\n').filter((line) => / flags=[^ ]*b/.test(line)).length === count) return;
        if (tries > 2000) throw new Error(`no ${count} clients came to wait:\n${list}`);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    } finally {
      await asker.close();
    }
  }

  it.each([
    ['BLPOP', (keys: string[]) => ['BLPOP', ...keys, '0'], 'RPUSH', 1],
    ['BLMPOP', (keys: string[]) => ['BLMPOP', '0', String(keys.length), ...keys, 'LEFT'], 'RPUSH', 1],
    ['BZPOPMIN', (keys: string[]) => ['BZPOPMIN', ...keys, '0'], 'ZADD', 1],
    ['BLMOVE', (keys: string[]) => ['BLMOVE', keys[0], `${keys[0]}:taken`, 'LEFT', 'RIGHT', '0'], 'RPUSH', 0],
  ])('%s takes each element once, with 50 clients waiting', { timeout: 120_000 }, async (name, command, push) => {
    const keys = Array.from({ length: 6 }, (_, i) => `${name}:${i}`);
    const takers = await Promise.all(Array.from({ length: 50 }, connect));
    const taken: string[] = [];
    const ends: Promise<void>[] = [];
    const wrong: string[] = [];
    let ended = false;
    for (const [i, taker] of takers.entries()) {
      const random = new Random(deriveSeed(SEED, i));
      const take = async (): Promise<void> => {
        for (;;) {
          const wanted = random.shuffled(keys).slice(0, random.between(1, keys.length));
          // Somebody always waits for each key, so that nothing is left in the end.
          if (i < keys.length) wanted[0] = keys[i];
          const reply = await taker.ask(...command([...new Set(wanted)]));
          const element = /element:\d+/.exec(JSON.stringify(reply))?.[0];
          if (!element) throw new Error(`${name} answered ${JSON.stringify(reply)}`);
          taken.push(element);
        }
      };
      const end = take();
      end.catch((error: Error) => {
        if (!ended) wrong.push(error.message);
      });
      ends.push(end);
    }
    const givers = await Promise.all(Array.from({ length: 8 }, connect));
    await Promise.all(
      givers.map(async (giver, g) => {
        const random = new Random(deriveSeed(SEED, 100 + g));
        for (let i = g; i < ELEMENTS; ) {
          const some: string[][] = [];
          for (let n = random.between(1, 8); n > 0 && i < ELEMENTS; n--, i += givers.length) {
            some.push([push, random.pick(keys), ...(push === 'ZADD' ? ['1'] : []), `element:${i}`]);
          }
          const inMulti = random.oneIn(3);
          const replies = await giver.pipeline(inMulti ? [['MULTI'], ...some, ['EXEC']] : some);
          for (const reply of replies) expect(String(reply)).toMatch(/^[:+*][^-]/);
        }
      }),
    );
    for (let tries = 0; taken.length < ELEMENTS && tries < 2000; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    ended = true;
    expect(wrong).toEqual([]);
    const asker = await connect();
    for (const key of keys) expect(await ask(asker, 'EXISTS', key), `${key}, ${taken.length} taken`).toBe(0);
    await Promise.all([...takers, ...givers].map((client) => client.close()));
    await Promise.allSettled(ends);
    expect(taken.length).toBe(ELEMENTS);
    expect(new Set(taken).size).toBe(ELEMENTS);
    if (name === 'BLMOVE') {
      const moved = await Promise.all(keys.map((key) => ask(asker, 'LLEN', `${key}:taken`)));
      expect(moved.reduce((sum: number, count) => sum + Number(count), 0)).toBe(ELEMENTS);
    }
    await asker.close();
  });

  it('serves them in the order in which they came, whichever worker they are on', { timeout: 60_000 }, async () => {
    const COUNT = 24;
    const giver = await connect();
    for (let round = 0; round < (LONG ? 50 : 6); round++) {
      const order: number[] = [];
      const takers: RespClient[] = [];
      for (let i = 0; i < COUNT; i++) {
        const taker = await connect();
        takers.push(taker);
        // The order of arrival is that of asking, since each waits before the next one asks.
        const reply = taker.ask('BLPOP', 'order:a', 'order:b', '0');
        void reply.then((pair) => {
          order[Number((pair as string[])[1])] = i;
        });
        await waiting(i + 1);
      }
      for (let i = 0; i < COUNT; i++) await ask(giver, 'RPUSH', i % 2 === 0 ? 'order:a' : 'order:b', i);
      await Promise.all(takers.map((taker) => taker.ask('PING')));
      expect(order).toEqual(Array.from({ length: COUNT }, (_, i) => i));
      await Promise.all(takers.map((taker) => taker.close()));
    }
    await giver.close();
  });

  it('leaves nothing of those that went away, and gives them nothing', { timeout: 60_000 }, async () => {
    const giver = await connect();
    const random = new Random(deriveSeed(SEED, 7));
    const stay = await connect();
    for (let round = 0; round < (LONG ? 200 : 20); round++) {
      const gone = await Promise.all(Array.from({ length: 20 }, connect));
      for (const client of gone) {
        const keys = Array.from({ length: random.between(1, 5) }, () => `gone:${random.below(8)}`);
        client.send(`BLPOP ${keys.join(' ')} 0\r\n`);
      }
      await waiting(20);
      await Promise.all(gone.map((client) => client.close()));
      await waiting(0);
      for (let i = 0; i < 8; i++) expect(await ask(giver, 'RPUSH', `gone:${i}`, `x${i}`)).toBe(1);
      for (let i = 0; i < 8; i++) expect(await ask(stay, 'BLPOP', `gone:${i}`, '1')).toEqual([`gone:${i}`, `x${i}`]);
    }
    await Promise.all([giver.close(), stay.close()]);
  });

  it('answers a pipelined LPUSH; LLEN with 1 and 0 while somebody waits', { timeout: 60_000 }, async () => {
    const giver = await connect();
    const taker = await connect();
    for (let round = 0; round < 200; round++) {
      const key = `llen:${round % 16}`;
      const reply = taker.ask('BRPOP', key, '0');
      await waiting(1);
      const replies = await giver.pipeline([
        ['SET', 'other:1', 'x'],
        ['LPUSH', key, round],
        ['LLEN', key],
        ['GET', 'other:1'],
      ]);
      expect(replies.map(String)).toEqual(['+OK\r\n', ':1\r\n', ':0\r\n', '$1\r\nx\r\n']);
      expect(await reply).toEqual([key, String(round)]);
    }
    await Promise.all([giver.close(), taker.close()]);
  });

  it('ends a wait by time and by element never both', { timeout: 60_000 }, async () => {
    const giver = await connect();
    const takers = await Promise.all(Array.from({ length: 16 }, connect));
    let taken = 0;
    let given = 0;
    let inVain = 0;
    let over = false;
    const ends = takers.map(async (taker, i) => {
      const random = new Random(deriveSeed(SEED, 300 + i));
      while (!over) {
        const reply = (await ask(taker, 'BLPOP', 'race:a', 'race:b', String(random.between(1, 6) / 1000))) as Decoded;
        if (reply === null) inVain++;
        else taken++;
      }
    });
    const endMs = Date.now() + (LONG ? 30_000 : 2_000);
    const random = new Random(deriveSeed(SEED, 400));
    while (Date.now() < endMs) {
      await giver.pipeline(Array.from({ length: 4 }, () => ['RPUSH', random.pick(['race:a', 'race:b']), 'x']));
      given += 4;
      await new Promise((resolve) => setTimeout(resolve, random.below(4)));
    }
    over = true;
    await Promise.all(ends);
    const left = Number(await ask(giver, 'LLEN', 'race:a')) + Number(await ask(giver, 'LLEN', 'race:b'));
    expect(taken + left).toBe(given);
    expect(taken).toBeGreaterThan(0);
    expect(inVain).toBeGreaterThan(0);
    await Promise.all([giver, ...takers].map((client) => client.close()));
  });
});
