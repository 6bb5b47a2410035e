// Client-side caching over four workers: whoever drops what he is told to drop holds no stale value.
import { describe, expect, it } from 'vitest';
import { ask, crowd } from '../support/crowd.js';
import { EventClient } from '../support/event-client.js';
import { latchkeyServerForSuite } from '../support/latchkey-server.js';
import { type Arg, type Decoded, decode } from '../support/resp-client.js';
import { deriveSeed, Random, runSeed } from '../support/seed.js';

const LONG = process.env.LATCHKEY_TEST_LONG === '1';
const SCALE = LONG ? 20 : 1;
const SEED = runSeed('parallel tracking');
const LIMIT = { timeout: 120_000 * SCALE };
const WRITERS = 8;
const READERS = 8;
const ROUNDS = 150 * SCALE;
const STRINGS = Array.from({ length: 12 }, (_, i) => `cached:s${i}`);
const LISTS = Array.from({ length: 4 }, (_, i) => `cached:l${i}`);
const FENCES = Array.from({ length: WRITERS }, (_, i) => `cached:fence${i}`);

/** What is read of a key. */
const readOf = (key: string): Arg[] => (LISTS.includes(key) ? ['LRANGE', key, 0, -1] : ['GET', key]);

/** A local cache over a connection whose invalidations come on it, in order with its replies. */
class CachingReader {
  readonly cache = new Map<string, string>();
  readonly seen = new Set<string>();
  reads = 0;
  constructor(
    readonly client: EventClient,
    /** Where invalidations come, if not here. */
    readonly redirected?: EventClient,
  ) {}

  /** Reads keys in one write, those that are not cached. */
  async read(keys: readonly string[]): Promise<void> {
    this.client.sendAll(keys.map(readOf));
    for (const key of keys) {
      const reply = await this.reply();
      this.cache.set(key, JSON.stringify(reply));
      this.reads++;
    }
  }

  /** The next reply; what is told before it is obeyed. */
  async reply(): Promise<Decoded> {
    for (;;) {
      const event = await this.client.next();
      if (!this.obey(event)) return event;
    }
  }

  /** Drops what a message says is stale; false: it is no such message. */
  obey(event: Decoded): boolean {
    if (!Array.isArray(event) || event[0] !== 'invalidate') return false;
    if (event[1] === null) this.cache.clear();
    for (const key of (event[1] as string[] | null) ?? [...STRINGS, ...LISTS, ...FENCES]) {
      this.cache.delete(key);
      this.seen.add(key);
    }
    return true;
  }

  /** Waits until it has been told of every one of these keys. */
  async told(keys: readonly string[]): Promise<void> {
    while (!keys.every((key) => this.seen.has(key))) this.obey(await this.client.next());
  }
}

/** One write, of any kind that changes strings or lists. */
function change(random: Random): readonly (readonly Arg[])[] {
  const [s, t] = random.shuffled(STRINGS);
  const [l, m] = random.shuffled(LISTS);
  const value = random.below(1000);
  return random.weighted<readonly (readonly Arg[])[]>([
    [6, [['SET', s, value]]],
    [3, [['DEL', s, l]]],
    [3, [['SET', s, value, 'PX', random.between(1, 20)]]],
    [3, [['MSET', s, value, t, value]]],
    [2, [['RENAME', s, t]]],
    [2, [['COPY', s, t, 'REPLACE']]],
    [2, [['MULTI'], ['SET', s, value], ['RPUSH', l, value], ['EXEC']]],
    [3, [['RPUSH', l, value, value]]],
    [3, [['LMOVE', l, m, 'LEFT', 'RIGHT']]],
    [2, [['BLPOP', l, m, '0.01']]],
    [2, [['GETDEL', s]]],
    [1, [['LTRIM', l, 0, 10]]],
    [1, [['SORT', l, 'ALPHA', 'STORE', m]]],
  ]);
}

describe('client-side caching over four workers', () => {
  const server = latchkeyServerForSuite({ threads: 4, shards: 4 });
  const { onEach } = crowd(server, 0);

  describe.each([
    { mode: [], flushes: false },
    { mode: ['NOLOOP'], flushes: true },
    { mode: ['BCAST'], flushes: false },
    { mode: ['BCAST', 'PREFIX', 'cached:'], flushes: true },
  ])('CLIENT TRACKING ON $mode', ({ mode, flushes }) => {
    it('leaves no reader with a stale value once all is told', LIMIT, async () => {
      const readers = await Promise.all(
        Array.from({ length: READERS }, async () => {
          const reader = new CachingReader(await EventClient.connect(server().port, 3));
          expect(await reader.client.ask('CLIENT', 'TRACKING', 'ON', ...mode)).toBe('OK');
          return reader;
        }),
      );
      let isOver = false;
      const reading = readers.map(async (reader, i) => {
        const random = new Random(deriveSeed(SEED, i));
        while (!isOver) {
          const wanted = random.shuffled([...STRINGS, ...LISTS]).slice(0, random.between(1, 6));
          const missing = wanted.filter((key) => !reader.cache.has(key));
          await reader.read(missing.length === 0 ? wanted.slice(0, 1) : missing);
          await new Promise((resolve) => setImmediate(resolve));
        }
        reader.seen.clear();
        await reader.read([...STRINGS, ...LISTS, ...FENCES]);
      });
      await onEach(WRITERS, async (client, me) => {
        const random = new Random(deriveSeed(SEED, 100 + me));
        for (let round = 0; round < ROUNDS; round++) {
          await client.pipeline(Array.from({ length: random.between(1, 4) }, () => change(random)).flat());
          if (flushes && me === 0 && round % 30 === 0) await ask(client, 'FLUSHALL');
        }
        await client.pipeline(STRINGS.map((key) => ['PERSIST', key]));
        if (me === 0) {
          isOver = true;
          await Promise.all(reading);
        } else while (!isOver) await new Promise((resolve) => setTimeout(resolve, 5));
        await Promise.all(reading);
        // Each reader knows these keys: what is told of them comes behind whatever was told by the same writer before.
        await ask(client, 'SET', FENCES[me], 1);
      });
      await Promise.all(readers.map((reader) => reader.told(FENCES)));
      await onEach(1, async (client) => {
        const keys = [...STRINGS, ...LISTS];
        const now = new Map((await client.pipeline(keys.map(readOf))).map((reply, i) => [keys[i], decode(reply)]));
        for (const { cache } of readers) {
          for (const [key, value] of cache) {
            if (!FENCES.includes(key)) expect(value, `LATCHKEY_SEED=${SEED} ${key}`).toBe(JSON.stringify(now.get(key)));
          }
        }
      });
      expect(readers.reduce((sum, { reads }) => sum + reads, 0)).toBeGreaterThan(1000);
      await Promise.all(readers.map(({ client }) => client.close()));
    });
  });

  it(
    'tells the connection that is redirected to, on whatever worker, of all that its readers hold',
    LIMIT,
    async () => {
      const told = await Promise.all([2, 3].map((proto) => EventClient.connect(server().port, proto as 2 | 3)));
      const ids = await Promise.all(told.map((client) => client.ask('CLIENT', 'ID')));
      await told[0].ask('SUBSCRIBE', '__redis__:invalidate');
      await onEach(12, async (client, me) => {
        expect(await ask(client, 'CLIENT', 'TRACKING', 'ON', 'REDIRECT', String(ids[me % 2]))).toBe('OK');
        for (let round = 0; round < 50 * SCALE; round++) {
          await ask(client, 'SET', `redirect:${me}:${round}`, 1);
          await ask(client, 'GET', `redirect:${me}:${round}`);
        }
        await onEach(1, async (writer) => {
          const keys = Array.from({ length: 50 * SCALE }, (_, round) => `redirect:${me}:${round}`);
          await writer.pipeline(keys.map((key) => ['DEL', key]));
        });
      });
      for (const [parity, client] of told.entries()) {
        const names = new Set<string>();
        while (names.size < 6 * 50 * SCALE) {
          const event = (await client.next()) as [string, ...Decoded[]];
          expect(event[0]).toBe(parity === 0 ? 'message' : 'invalidate');
          for (const key of event.at(-1) as string[]) names.add(key);
        }
        for (const name of names) expect(Number(name.split(':')[1]) % 2).toBe(parity);
        await client.close();
      }
    },
  );

  it.each([
    { how: 'alone', inTransaction: false },
    { how: 'in a transaction', inTransaction: true },
  ])('tells of what is read by a command that takes long, $how, behind its reply', LIMIT, async ({ inTransaction }) => {
    const others = Array.from({ length: 2100 }, (_, i) => `long:${i}`);
    const reader = await EventClient.connect(server().port, 3);
    await reader.ask('CLIENT', 'TRACKING', 'ON');
    const isReply = (event: Decoded) => Array.isArray(event) && event.length === (inTransaction ? 1 : 2101);
    await onEach(4, async (writer, me) => {
      if (me !== 0) return;
      for (let round = 0; round < 200 * SCALE; round++) {
        const read: Arg[] = ['MGET', `long:${round}`, ...others];
        if (inTransaction) reader.sendAll([['MULTI'], read, ['EXEC']]);
        else reader.send(...read);
        // One change while it is read, or a little before or after; and one once it has been read.
        await ask(writer, 'SET', `long:${round}`, 'first');
        await reader.until(isReply);
        await ask(writer, 'SET', `long:${round}`, 'second');
        expect(await reader.next()).toEqual(['invalidate', [`long:${round}`]]);
        while (reader.take().length !== 0) await ask(writer, 'PING');
      }
    });
    await reader.close();
  });
});
