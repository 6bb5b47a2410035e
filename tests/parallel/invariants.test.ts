// What must hold however commands from many connections interleave over several workers and shards. The interleaving is
// the machine's; every claim here is true of all of them.
import { describe, expect, it } from 'vitest';
import { ask, crowd } from '../support/crowd.js';
import { latchkeyServerForSuite } from '../support/latchkey-server.js';
import { type Arg, type Decoded, ReplyError } from '../support/resp-client.js';
import { deriveSeed, Random, runSeed } from '../support/seed.js';

const LONG = process.env.LATCHKEY_TEST_LONG === '1';
/** How long each claim is worked at. */
const RUN_MS = LONG ? 60_000 : 1_000;
const CONNECTIONS = 16;
const SEED = runSeed('parallel invariants');

const SETUPS = [2, 4].flatMap((threads) => [1, 2, 3].map((shards) => ({ threads, shards })));

describe.each(SETUPS)('$threads threads over $shards shards', ({ threads, shards }) => {
  const server = latchkeyServerForSuite({ threads, shards });

  const { onEach, repeat } = crowd(server, RUN_MS);

  it('loses no INCR', { timeout: RUN_MS + 60_000 }, async () => {
    const keys = ['count:a', 'count:b', 'count:c', 'count:d'];
    const rounds = await onEach(CONNECTIONS, (client) =>
      repeat(async () => {
        await client.pipeline(keys.map((key) => ['INCR', key]));
      }),
    );
    const total = String(rounds.reduce((sum, count) => sum + count, 0));
    await onEach(1, async (client) => expect(await ask(client, 'MGET', ...keys)).toEqual(keys.map(() => total)));
  });

  it(
    'lets one SETNX win per key',
    async () => {
      const keys = LONG ? 20_000 : 500;
      const wins = await onEach(CONNECTIONS, async (client, me) => {
        const won: number[] = [];
        for (let i = 0; i < keys; i++) if ((await ask(client, 'SETNX', `once:${i}`, me)) === 1) won.push(i);
        return won;
      });
      expect(wins.flat().sort((a, b) => a - b)).toEqual(Array.from({ length: keys }, (_, i) => i));
      await onEach(1, async (client) => {
        for (const [me, won] of wins.entries()) {
          for (const i of won) expect(await ask(client, 'GET', `once:${i}`)).toBe(String(me));
        }
      });
    },
    RUN_MS + 60_000,
  );

  it('never shows a torn MSET or MSETNX to MGET', { timeout: RUN_MS + 60_000 }, async () => {
    const group = Array.from({ length: 6 }, (_, i) => `group:${i}`);
    let generation = 0;
    await onEach(CONNECTIONS, (client, me) =>
      repeat(async () => {
        if (me % 4 === 0) {
          const mark = ++generation;
          await ask(client, 'MSET', ...group.flatMap((key) => [key, mark]));
        } else if (me % 4 === 1) {
          const mark = ++generation;
          await ask(client, 'DEL', ...group);
          await ask(client, 'MSETNX', ...group.flatMap((key) => [key, mark]));
        } else {
          const seen = (await ask(client, 'MGET', ...group)) as Decoded[];
          expect(new Set(seen).size, JSON.stringify(seen)).toBe(1);
        }
      }),
    );
  });

  it('conserves what RENAME and COPY move back and forth', { timeout: RUN_MS + 60_000 }, async () => {
    // Each token lies under one of its names; several connections move each, and none may vanish or double.
    const names = (token: number) => Array.from({ length: 3 }, (_, place) => `token:${token}:${place}`);
    const TOKENS = 4;
    await onEach(1, async (client) => {
      for (let token = 0; token < TOKENS; token++) await ask(client, 'SET', names(token)[0], `value ${token}`);
    });
    await onEach(CONNECTIONS, (client, me) => {
      const random = new Random(deriveSeed(SEED, me));
      const token = me % TOKENS;
      return repeat(async () => {
        const [from, to] = random.shuffled(names(token));
        const moved = await client.ask('RENAME', from, to);
        if (moved instanceof ReplyError) expect(moved.message).toBe('ERR no such key');
        expect(await ask(client, 'EXISTS', ...names(token))).toBe(1);
        // A copy beside the names is whole or absent; absent only if the token had moved on.
        const copied = await ask(client, 'COPY', to, `copy:${me}`, 'REPLACE');
        if (copied === 1) expect(await ask(client, 'GET', `copy:${me}`)).toBe(`value ${token}`);
      });
    });
    await onEach(1, async (client) => {
      for (let token = 0; token < TOKENS; token++) {
        const left = ((await ask(client, 'MGET', ...names(token))) as Decoded[]).filter((value) => value !== null);
        expect(left).toEqual([`value ${token}`]);
      }
    });
  });

  it('gets through any mixture of many-key commands', { timeout: 2 * RUN_MS + 60_000 }, async () => {
    await onEach(CONNECTIONS, (client, me) => {
      const random = new Random(deriveSeed(SEED, 100 + me));
      const key = () => `mix:${random.below(40)}`;
      const keys = () => Array.from({ length: random.between(1, 8) }, key);
      const commands: [number, () => Arg[]][] = [
        [8, () => ['MSET', ...keys().flatMap((k) => [k, random.bytes(random.below(200))])]],
        [4, () => ['DEL', ...keys()]],
        [4, () => ['RENAME', key(), key()]],
        [4, () => ['COPY', key(), key(), 'REPLACE']],
        [4, () => ['BITOP', random.pick(['AND', 'OR', 'XOR']), key(), ...keys()]],
        [2, () => ['LCS', key(), key(), 'LEN']],
        [4, () => ['EXISTS', ...keys()]],
        [4, () => ['MGET', ...keys()]],
      ];
      return repeat(async () => {
        const batch = Array.from({ length: random.between(1, 6) }, () =>
          random.oneIn(500) ? ['FLUSHDB'] : random.weighted(commands)(),
        );
        for (const [i, reply] of (await client.pipeline(batch)).entries()) {
          if (reply[0] !== 0x2d) continue;
          // COPY onto itself and RENAME of nothing are the only refusals that these commands have.
          expect(reply.toString(), String(batch[i][0])).toMatch(
            /no such key|source and destination objects are the same/,
          );
        }
      });
    });
    await onEach(1, async (client) => {
      const found = new Set<string>();
      let cursor = '0';
      do {
        const [next, page] = (await ask(client, 'SCAN', cursor, 'COUNT', 1000)) as [string, string[]];
        for (const k of page) found.add(k);
        cursor = next;
      } while (cursor !== '0');
      expect(await ask(client, 'DBSIZE')).toBe(found.size);
      if (found.size > 0) expect(await ask(client, 'EXISTS', ...found)).toBe(found.size);
    });
  });
});
