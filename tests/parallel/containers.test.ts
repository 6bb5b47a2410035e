// Commands on containers of several shards, from many connections over several workers: each is one step, so what they
// move about is never lost, never doubled and never seen half moved.
import { describe, expect, it } from 'vitest';
import { ask, crowd } from '../support/crowd.js';
import { latchkeyServerForSuite } from '../support/latchkey-server.js';
import { type Arg, type Decoded, ReplyError } from '../support/resp-client.js';
import { deriveSeed, Random, runSeed } from '../support/seed.js';

const LONG = process.env.LATCHKEY_TEST_LONG === '1';
const RUN_MS = LONG ? 60_000 : 1_000;
const CONNECTIONS = 12;
const SEED = runSeed('parallel containers');

const SETUPS = [2, 4].flatMap((threads) => [1, 3].map((shards) => ({ threads, shards })));
const sorted = (items: Decoded): string[] => [...(items as Iterable<Decoded>)].map(String).sort();

describe.each(SETUPS)('$threads threads over $shards shards', ({ threads, shards }) => {
  const { onEach, repeat } = crowd(latchkeyServerForSuite({ threads, shards }), RUN_MS);
  const numbered = (name: string, count: number) => Array.from({ length: count }, (_, i) => `${name}:${i}`);

  it('conserves the elements that LMOVE and RPOPLPUSH pass on', { timeout: RUN_MS + 60_000 }, async () => {
    const lists = numbered('list', 5);
    const elements = numbered('element', 60);
    await onEach(1, (client) => ask(client, 'RPUSH', lists[0], ...elements));
    await onEach(CONNECTIONS, (client, me) => {
      const random = new Random(deriveSeed(SEED, me));
      return repeat(async () => {
        const [from, to] = random.shuffled(lists);
        if (random.oneIn(3)) await ask(client, 'RPOPLPUSH', from, to);
        else await ask(client, 'LMOVE', from, to, random.pick(['LEFT', 'RIGHT']), random.pick(['LEFT', 'RIGHT']));
      });
    });
    await onEach(1, async (client) => {
      const left: Decoded[] = [];
      for (const list of lists) left.push(...((await ask(client, 'LRANGE', list, 0, -1)) as Decoded[]));
      expect(sorted(left)).toEqual([...elements].sort());
    });
  });

  it('never shows a member that SMOVE moves in no set or in two', { timeout: RUN_MS + 60_000 }, async () => {
    const sets = numbered('set', 3);
    const members = numbered('member', 30);
    await onEach(1, (client) => ask(client, 'SADD', sets[0], ...members));
    await onEach(CONNECTIONS, (client, me) => {
      const random = new Random(deriveSeed(SEED, 50 + me));
      return repeat(async () => {
        const [a, b] = random.shuffled(sets);
        if (me % 3 !== 0) await ask(client, 'SMOVE', a, b, random.pick(members));
        else if (random.oneIn(2)) expect(await ask(client, 'SINTERCARD', 2, a, b)).toBe(0);
        else expect(sorted(await ask(client, 'SUNION', ...sets))).toEqual([...members].sort());
      });
    });
  });

  it('pops each element once', { timeout: RUN_MS + 60_000 }, async () => {
    const lists = numbered('queue', 4);
    const elements = numbered('job', LONG ? 40_000 : 2_000);
    await onEach(1, async (client) => {
      for (const [i, element] of elements.entries()) await ask(client, 'RPUSH', lists[i % lists.length], element);
    });
    const popped = await onEach(CONNECTIONS, async (client, me) => {
      const mine: string[] = [];
      for (;;) {
        const order = [...lists.slice(me % lists.length), ...lists.slice(0, me % lists.length)];
        const reply = await ask(client, 'LMPOP', order.length, ...order, 'LEFT', 'COUNT', 3);
        if (reply === null) return mine;
        mine.push(...((reply as Decoded[])[1] as Decoded[]).map(String));
      }
    });
    expect(popped.flat().sort()).toEqual([...elements].sort());
  });

  it('stores what the sources were at one moment', { timeout: RUN_MS + 60_000 }, async () => {
    // Members move between two sets, so a union that is stored has all of them, and an intersection none.
    const [left, right] = numbered('half', 2);
    const members = numbered('m', 20);
    await onEach(1, (client) => ask(client, 'SADD', left, ...members));
    await onEach(CONNECTIONS, (client, me) => {
      const random = new Random(deriveSeed(SEED, 100 + me));
      const target = `stored:${me}`;
      return repeat(async () => {
        if (me % 2 === 0) {
          const [from, to] = random.shuffled([left, right]);
          await ask(client, 'SMOVE', from, to, random.pick(members));
          return;
        }
        expect(await ask(client, 'SUNIONSTORE', target, left, right)).toBe(members.length);
        expect(await ask(client, 'SINTERSTORE', target, left, right)).toBe(0);
        expect(await ask(client, 'ZUNIONSTORE', target, 2, left, right)).toBe(members.length);
        expect(await ask(client, 'ZINTERSTORE', target, 2, left, right)).toBe(0);
      });
    });
  });

  it('gets through any mixture of commands over several keys', { timeout: 2 * RUN_MS + 60_000 }, async () => {
    await onEach(CONNECTIONS, (client, me) => {
      const random = new Random(deriveSeed(SEED, 200 + me));
      const key = () => `mix:${random.below(12)}`;
      const keys = () => Array.from({ length: random.between(1, 4) }, key);
      const counted = (name: string, ...rest: Arg[]) => {
        const list = keys();
        return [name, list.length, ...list, ...rest] as Arg[];
      };
      const member = () => String(random.below(50));
      const commands: (() => Arg[])[] = [
        () => ['SADD', key(), member(), member()],
        () => ['ZADD', key(), random.below(10), member()],
        () => ['RPUSH', key(), member(), member()],
        () => ['HSET', key(), member(), member()],
        () => ['SUNIONSTORE', key(), ...keys()],
        () => ['SDIFFSTORE', key(), ...keys()],
        () => ['ZUNIONSTORE', key(), ...counted('').slice(1)],
        () => ['ZRANGESTORE', key(), key(), 0, -1],
        () => counted('ZINTER', 'WITHSCORES'),
        () => counted('LMPOP', 'LEFT'),
        () => counted('ZMPOP', 'MIN'),
        () => ['LMOVE', key(), key(), 'LEFT', 'RIGHT'],
        () => ['SMOVE', key(), key(), member()],
        () => ['SORT', key(), 'BY', 'mix:*', 'ALPHA', 'STORE', key()],
        () => ['RENAME', key(), key()],
        () => ['COPY', key(), key(), 'REPLACE'],
        () => ['DEL', ...keys()],
      ];
      return repeat(async () => {
        const batch = Array.from({ length: random.between(1, 6) }, () => random.pick(commands)());
        for (const [i, reply] of (await client.pipeline(batch)).entries()) {
          if (reply[0] !== 0x2d) continue;
          expect(reply.toString(), String(batch[i])).toMatch(
            /^-WRONGTYPE|no such key|source and destination objects are the same/,
          );
        }
      });
    });
    // The store is sound: every key answers as what it is.
    await onEach(1, async (client) => {
      for (const key of (await ask(client, 'KEYS', '*')) as string[]) {
        const type = await ask(client, 'TYPE', key);
        expect(await client.ask('OBJECT', 'ENCODING', key), `${key}: ${type}`).not.toBeInstanceOf(ReplyError);
        expect(await client.ask('DUMP', key), `${key}: ${type}`).not.toBeInstanceOf(ReplyError);
      }
    });
  });
});
