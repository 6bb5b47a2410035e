// Messages between four workers: who gets them, how often, in which order, and what PUBLISH says of it.
import { describe, expect, it, onTestFinished } from 'vitest';
import { ask, crowd } from '../support/crowd.js';
import { EventClient } from '../support/event-client.js';
import { latchkeyServerForSuite } from '../support/latchkey-server.js';
import { type Arg, type Decoded, decode, RespClient } from '../support/resp-client.js';
import { deriveSeed, Random, runSeed } from '../support/seed.js';

const LONG = process.env.LATCHKEY_TEST_LONG === '1';
const SCALE = LONG ? 20 : 1;
const SEED = runSeed('parallel pubsub');
const THREADS = 4;
const LIMIT = { timeout: 120_000 * SCALE };
const PUBLISHERS = 8;

describe('messages between four workers', () => {
  const server = latchkeyServerForSuite({ threads: THREADS, shards: THREADS });
  const { onEach } = crowd(server, 0);
  const listeners = async (count: number): Promise<EventClient[]> => {
    const clients = await Promise.all(
      Array.from({ length: count }, (_, i) => EventClient.connect(server().port, i % 2 === 0 ? 2 : 3)),
    );
    onTestFinished(async () => {
      await Promise.all(clients.map((client) => client.close()));
    });
    return clients;
  };
  /** Subscribes, and waits for each confirmation. */
  const subscribe = async (client: EventClient, verb: 'SUBSCRIBE' | 'PSUBSCRIBE', ...names: string[]) => {
    client.send(verb, ...names);
    for (const name of names) expect((await client.next()) as Decoded[]).toContain(name);
  };

  it('come once for each subscription, in the order of each publisher, and are counted exactly', LIMIT, async () => {
    const messages = 300 * SCALE;
    const channels = ['news:0', 'news:1', 'news:2', 'talk:3', 'talk:4'];
    const patterns: [string, (channel: string) => boolean][] = [
      ['news:*', (channel) => channel.startsWith('news:')],
      ['*:[34]', (channel) => channel.startsWith('talk:')],
      ['t?lk:4', (channel) => channel === 'talk:4'],
    ];
    const subscribers = await listeners(40);
    const receivers = new Map(channels.map((channel) => [channel, 0]));
    const wants = await Promise.all(
      subscribers.map(async (client, i) => {
        const random = new Random(deriveSeed(SEED, i));
        const direct = random.shuffled(channels).slice(0, random.between(0, 2));
        const matching = random.shuffled(patterns).slice(0, random.between(direct.length === 0 ? 1 : 0, 1));
        for (const channel of channels) {
          const count = Number(direct.includes(channel)) + matching.filter(([, matches]) => matches(channel)).length;
          receivers.set(channel, receivers.get(channel)! + count);
        }
        await subscribe(client, 'SUBSCRIBE', ...direct, 'end');
        if (matching.length !== 0) await subscribe(client, 'PSUBSCRIBE', ...matching.map(([pattern]) => pattern));
        return { direct, matching };
      }),
    );
    const sent = await onEach(PUBLISHERS, async (client, me) => {
      const random = new Random(deriveSeed(SEED, 100 + me));
      const own: string[] = [];
      for (let round = 0; round < messages / 50; round++) {
        const some = Array.from({ length: 50 }, () => random.pick(channels));
        const replies = await client.pipeline(
          some.map((channel, i) => ['PUBLISH', channel, `${me} ${own.length + i}`]),
        );
        expect(replies.map((reply) => decode(reply))).toEqual(some.map((channel) => receivers.get(channel)));
        own.push(...some);
      }
      expect(await ask(client, 'PUBLISH', 'end', me)).toBe(subscribers.length);
      return own;
    });
    for (const [i, client] of subscribers.entries()) {
      const came: string[] = [];
      for (let ends = 0; ends < PUBLISHERS; ) {
        const event = (await client.next()) as string[];
        if (event[1] === 'end') ends++;
        else came.push(event.join(' '));
      }
      let expectedCount = 0;
      for (let me = 0; me < PUBLISHERS; me++) {
        for (const channel of wants[i].direct) {
          const expected = sent[me].flatMap((to, n) => (to === channel ? [`message ${channel} ${me} ${n}`] : []));
          expect(came.filter((line) => line.startsWith(`message ${channel} ${me} `))).toEqual(expected);
          expectedCount += expected.length;
        }
        for (const [pattern, matches] of wants[i].matching) {
          const expected = sent[me].flatMap((to, n) => (matches(to) ? [`pmessage ${pattern} ${to} ${me} ${n}`] : []));
          const own = came.filter((line) => line.startsWith('pmessage') && line.split(' ')[3] === String(me));
          expect(own).toEqual(expected);
          expectedCount += expected.length;
        }
      }
      expect(came).toHaveLength(expectedCount);
    }
  });

  it('arrive in the order in which publishers, one after the other, were answered', LIMIT, async () => {
    const rounds = 2000 * SCALE;
    const subscribers = await listeners(8);
    for (const client of subscribers) await subscribe(client, 'SUBSCRIBE', 'chain', 'noise');
    let isOver = false;
    const noise = onEach(2, async (client) => {
      while (!isOver) await client.pipeline(Array.from({ length: 20 }, () => ['PUBLISH', 'noise', 'x']));
    });
    await onEach(PUBLISHERS, async (client, me) => {
      if (me !== 0) return;
      const others = [
        client,
        ...(await Promise.all(Array.from({ length: 7 }, () => RespClient.connect(server().port)))),
      ];
      const random = new Random(deriveSeed(SEED, 200));
      for (let n = 0; n < rounds; n++) expect(await ask(random.pick(others), 'PUBLISH', 'chain', n)).toBe(8);
      await Promise.all(others.map((each) => each.close()));
    });
    isOver = true;
    await noise;
    for (const client of subscribers) {
      const events = (await client.until((event) => (event as string[])[2] === String(rounds - 1))) as string[][];
      const chain = events.filter(([, channel]) => channel === 'chain').map(([, , message]) => Number(message));
      expect(chain).toEqual(Array.from({ length: rounds }, (_, n) => n));
    }
  });

  it(
    'reach whoever has been told that he subscribes, and nobody who has been told that he does not',
    LIMIT,
    async () => {
      const rounds = 400 * SCALE;
      let isOver = false;
      const noise = onEach(2, async (client) => {
        while (!isOver) await client.pipeline(Array.from({ length: 10 }, (_, i) => ['PUBLISH', `pair:${i}`, 'noise']));
      });
      const pairs = await listeners(10);
      await Promise.all(
        pairs.map(async (subscriber, me) => {
          const publisher = await RespClient.connect(server().port);
          const channel = `pair:${me}`;
          const [verb, name] = me % 3 === 0 ? ['PSUBSCRIBE', `pair:[${me}]`] : ['SUBSCRIBE', channel];
          const isNoise = (event: Decoded) => (event as string[]).at(-1) === 'noise';
          for (let round = 0; round < rounds; round++) {
            // Nothing but the confirmation may come: this connection has been told that it has no subscription.
            const confirmed = (await subscriber.ask(verb, name)) as Decoded[];
            expect(confirmed).toEqual([verb.toLowerCase(), name, 1]);
            expect(await ask(publisher, 'PUBLISH', channel, round)).toBe(1);
            const got = await subscriber.until((event) => !isNoise(event));
            expect((got.at(-1) as string[]).at(-1)).toBe(String(round));
            subscriber.send(`${verb.replace('SUB', 'UNSUB')}`, name);
            const last = await subscriber.until((event) => !isNoise(event));
            expect(last.at(-1)).toEqual([verb.toLowerCase().replace('sub', 'unsub'), name, 0]);
            expect(await ask(publisher, 'PUBLISH', channel, 'nobody')).toBe(0);
            expect(subscriber.take()).toEqual([]);
          }
          await publisher.close();
        }),
      );
      isOver = true;
      await noise;
    },
  );

  it('leave nothing behind of subscribers that come and go, however they go', LIMIT, async () => {
    let isOver = false;
    const load = onEach(3, async (client) => {
      while (!isOver) {
        await client.pipeline(
          Array.from({ length: 20 }, (_, i): Arg[] => ['PUBLISH', `come:${i % 6}`, 'x'.repeat(100)]),
        );
        await client.pipeline([['SPUBLISH', 'shard:1', 'y']]);
      }
    });
    await Promise.all(
      Array.from({ length: 24 }, async (_, me) => {
        const random = new Random(deriveSeed(SEED, 300 + me));
        for (let round = 0; round < 25 * SCALE; round++) {
          const client = await EventClient.connect(server().port, random.oneIn(2) ? 2 : 3);
          const names = () => Array.from({ length: random.between(1, 4) }, () => `come:${random.below(6)}`);
          client.send('SUBSCRIBE', ...names());
          client.send('PSUBSCRIBE', ...names().map((name) => name.replace(':', '*')));
          if (random.oneIn(2)) client.send('SSUBSCRIBE', 'shard:1', 'shard:2');
          if (random.oneIn(2)) client.send('UNSUBSCRIBE', ...names());
          // Some go before they are answered.
          if (random.oneIn(3)) await client.next();
          const how = random.below(4);
          if (how === 0) client.send('QUIT');
          else if (how === 1) client.send('RESET');
          else if (how === 2) client.client.end();
          if (how === 1) await client.until((event) => event === 'RESET');
          if (how === 0 || how === 2) await client.client.closed;
          await client.close();
        }
      }),
    );
    isOver = true;
    await load;
    await onEach(8, async (client) => {
      // The end of a connection is told to the other workers in their own time.
      for (;;) {
        const counts = [
          await ask(client, 'PUBSUB', 'CHANNELS'),
          await ask(client, 'PUBSUB', 'SHARDCHANNELS'),
          await ask(client, 'PUBSUB', 'NUMPAT'),
        ];
        if (JSON.stringify(counts) === '[[],[],0]') break;
      }
      const names = Array.from({ length: 6 }, (_, i) => `come:${i}`);
      expect(await ask(client, 'PUBSUB', 'NUMSUB', ...names)).toEqual(names.flatMap((name) => [name, 0]));
      expect(await ask(client, 'PUBSUB', 'SHARDNUMSUB', 'shard:1')).toEqual(['shard:1', 0]);
      expect(await ask(client, 'PUBLISH', 'come:1', 'x')).toBe(0);
    });
  });

  it('of a transaction come together with its other replies, in its order', LIMIT, async () => {
    const rounds = 100 * SCALE;
    const subscribers = await listeners(6);
    for (const client of subscribers) await subscribe(client, 'SUBSCRIBE', 'multi:a', 'multi:b', 'end');
    await onEach(PUBLISHERS, async (client, me) => {
      for (let n = 0; n < rounds; n++) {
        const replies = await client.pipeline([
          ['MULTI'],
          ['PUBLISH', 'multi:a', `${me} ${n}`],
          ['INCR', `multi:${me}`],
          ['PUBLISH', 'multi:b', `${me} ${n}`],
          ['EXEC'],
        ]);
        expect(decode(replies[4])).toEqual([6, n + 1, 6]);
      }
      await ask(client, 'PUBLISH', 'end', me);
    });
    for (const client of subscribers) {
      const came: string[][] = [];
      for (let ends = 0; ends < PUBLISHERS; ) {
        const event = (await client.next()) as string[];
        if (event[1] === 'end') ends++;
        else came.push(event);
      }
      for (let me = 0; me < PUBLISHERS; me++) {
        const own = came
          .filter(([, , message]) => message.startsWith(`${me} `))
          .map(([, channel, message]) => `${channel} ${message}`);
        expect(own).toEqual(
          Array.from({ length: rounds }, (_, n) => [`multi:a ${me} ${n}`, `multi:b ${me} ${n}`]).flat(),
        );
      }
    }
  });
});

describe('keyspace notifications between four workers', () => {
  const server = latchkeyServerForSuite({
    threads: THREADS,
    shards: THREADS,
    args: ['--notify-keyspace-events', 'KEA'],
  });
  const { onEach } = crowd(server, 0);

  it('tell of each key what can have happened to it, in that order, and as often', LIMIT, async () => {
    const rounds = 40 * SCALE;
    const keys = Array.from({ length: 10 }, (_, i) => `hammered:${i}`);
    const subscribers = await Promise.all(
      [2, 3, 2, 3, 2, 3].map((proto) => EventClient.connect(server().port, proto as 2 | 3)),
    );
    for (const client of subscribers) {
      client.sendAll([
        ['PSUBSCRIBE', '__keyspace@0__:hammered:*'],
        ['SUBSCRIBE', 'end'],
      ]);
      await client.until((event) => (event as Decoded[])[1] === 'end');
    }
    const told = new Map<string, number>();
    const tell = (key: string, event: string) => told.set(`${key} ${event}`, (told.get(`${key} ${event}`) ?? 0) + 1);
    await onEach(12, async (client, me) => {
      const random = new Random(deriveSeed(SEED, 400 + me));
      for (let round = 0; round < rounds; round++) {
        const commands = Array.from({ length: random.between(1, 20) }, (): Arg[] => {
          const key = random.pick(keys);
          return random.weighted<Arg[]>([
            [3, ['SET', key, random.below(100)]],
            [4, ['INCR', key]],
            [4, ['DEL', key]],
            [1, ['PERSIST', key]],
            [2, ['EXPIRE', key, 1000]],
            [1, ['UNLINK', ...random.shuffled(keys).slice(0, 1)]],
          ]);
        });
        const replies = (await client.pipeline(commands)).map((reply) => decode(reply));
        for (const [i, [name, key]] of commands.entries()) {
          if (name === 'SET') expect(replies[i]).toBe('OK');
          if (name !== 'SET' && name !== 'INCR' && replies[i] === 0) continue;
          tell(
            String(key),
            { SET: 'set', INCR: 'incrby', DEL: 'del', UNLINK: 'del', PERSIST: 'persist', EXPIRE: 'expire' }[
              String(name)
            ]!,
          );
        }
      }
      await ask(client, 'PUBLISH', 'end', me);
    });
    const histories = await Promise.all(
      subscribers.map(async (client) => {
        const history = new Map(keys.map((key): [string, string[]] => [key, []]));
        for (let ends = 0; ends < 12; ) {
          const event = (await client.next()) as string[];
          if (event[1] === 'end') ends++;
          else history.get(event[2].slice('__keyspace@0__:'.length))!.push(event[3]);
        }
        await client.close();
        return history;
      }),
    );
    for (const history of histories) {
      for (const [key, events] of history) {
        const counts = new Map<string, number>();
        for (const event of events) counts.set(`${key} ${event}`, (counts.get(`${key} ${event}`) ?? 0) + 1);
        expect(counts).toEqual(new Map([...told].filter(([name]) => name.startsWith(`${key} `))));
        // Whether it exists, and has an expiry.
        let [exists, expires] = [false, false];
        for (const [i, event] of events.entries()) {
          const possible =
            event === 'del' || event === 'expire' ? exists : event === 'persist' ? exists && expires : true;
          expect(possible, `LATCHKEY_SEED=${SEED} ${key}: ${events.slice(Math.max(0, i - 5), i + 1)}`).toBe(true);
          exists = event !== 'del';
          expires = event === 'expire' || (expires && event === 'incrby');
        }
      }
      expect(history).toEqual(histories[0]);
    }
  });
});
