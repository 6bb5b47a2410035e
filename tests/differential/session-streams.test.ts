// Random streams of transactions and of commands that wait, by several clients in turn, on both servers. After each step
// everything that every client has been sent is compared, byte for byte. A client that waits is left alone: what it
// pipelined behind its wait would have no order against the others. SWAPDB is left out: redis-server wakes those that wait for
// several of its keys in no particular order. So are keys that change their type: see knownDifferences of BLPOP.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startLatchkeyServer } from '../support/latchkey-server.js';
import { describeWith } from '../support/programs.js';
import { startRedisServer } from '../support/redis-server.js';
import { encodeCommands, ReplyFramer, RespClient } from '../support/resp-client.js';
import { deriveSeed, Random, runSeed } from '../support/seed.js';
import { SELF, ServerSide, SUBJECT } from './sides.js';

const LONG = process.env.LATCHKEY_TEST_LONG === '1';
const STREAMS = LONG ? 60 : 5;
const STEPS = LONG ? 500 : 160;
const CLIENTS = 5;
/** A step has taken effect when nothing more has come for this long. */
const QUIET_MS = 12;
/** A busy machine may take long to answer. */
const SETTLED_MS_MAX = 5_000;
const TIMEOUT_MS = 600_000;

/** One client on one side. */
class Player {
  sent = 0;
  replies: string[] = [];
  lastMs = performance.now();
  readonly #framer = new ReplyFramer();

  private constructor(readonly client: RespClient) {}

  static async connect(side: ServerSide): Promise<Player> {
    const player = new Player(await RespClient.connect((await side.server()).port, 30_000));
    player.client.listen((chunk) => {
      player.lastMs = performance.now();
      player.#framer.push(chunk);
      for (let reply = player.#framer.next(); reply; reply = player.#framer.next()) {
        player.replies.push(reply.toString('latin1'));
      }
    });
    return player;
  }
  get waits(): boolean {
    return this.replies.length < this.sent;
  }
  send(commands: readonly (readonly string[])[]): void {
    this.sent += commands.length;
    this.lastMs = performance.now();
    this.client.send(encodeCommands(commands));
  }
}

/**
 * Nothing has come for a while, and both sides have answered as much, or will not any more.
 * @param answered The client that is answered in any case, or none.
 */
async function settled(ours: readonly Player[], theirs: readonly Player[], answered?: number): Promise<void> {
  const endMs = performance.now() + SETTLED_MS_MAX;
  const differs = () => ours.some(({ replies }, n) => replies.length !== theirs[n].replies.length);
  const lacks = () => answered !== undefined && (ours[answered].waits || theirs[answered].waits);
  do await quiet([...ours, ...theirs]);
  while ((differs() || lacks()) && performance.now() < endMs);
}

async function quiet(players: readonly Player[]): Promise<void> {
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
    if (performance.now() - Math.max(...players.map(({ lastMs }) => lastMs)) >= QUIET_MS) return;
  }
}

/** Commands over a few keys of each type, so that they meet. */
function commands(random: Random) {
  const list = () => `l${random.below(4)}`;
  const zset = () => `z${random.below(3)}`;
  const stream = () => `x${random.below(2)}`;
  const any = () => random.pick([list(), zset(), stream(), `s${random.below(2)}`]);
  const two = () => random.pick([() => [list(), list()], () => [zset(), zset()], () => [stream(), stream()]])();
  const some = (key: () => string) => [...new Set(Array.from({ length: random.between(1, 3) }, key))];
  const side = () => random.pick(['LEFT', 'RIGHT']);
  const value = () => String(random.below(100));
  let id = 0;
  const plain = (): string[] =>
    random.weighted<() => string[]>([
      [10, () => [random.pick(['LPUSH', 'RPUSH']), list(), ...Array.from({ length: random.between(1, 3) }, value)]],
      [3, () => [random.pick(['LPOP', 'RPOP']), list()]],
      [3, () => ['LMOVE', list(), list(), side(), side()]],
      [3, () => ['LRANGE', list(), '0', '-1']],
      [2, () => ['LLEN', list()]],
      [6, () => ['ZADD', zset(), value(), `m${random.below(6)}`]],
      [2, () => ['ZPOPMIN', zset()]],
      [2, () => ['ZUNIONSTORE', zset(), '2', zset(), zset()]],
      [4, () => ['XADD', stream(), `${++id}-0`, 'f', value()]],
      [1, () => ['XGROUP', 'CREATE', stream(), 'g', '$', 'MKSTREAM']],
      [1, () => ['XGROUP', 'DESTROY', stream(), 'g']],
      [3, () => ['SET', `s${random.below(2)}`, value()]],
      [2, () => ['GET', `s${random.below(2)}`]],
      [2, () => ['INCR', `s${random.below(2)}`]],
      [2, () => ['DEL', ...some(any)]],
      [2, () => ['RENAME', ...two()]],
      [2, () => ['COPY', ...two(), 'REPLACE']],
      [1, () => ['SORT', list(), 'STORE', list()]],
      [1, () => ['EXISTS', ...some(any)]],
      [1, () => ['FLUSHDB']],
    ])();
  const waiting = (timeout: string): string[] =>
    random.weighted<() => string[]>([
      [4, () => [random.pick(['BLPOP', 'BRPOP']), ...some(list), timeout]],
      [2, () => ['BLPOP', ...some(any), timeout]],
      [3, () => ['BLMOVE', list(), list(), side(), side(), timeout]],
      [1, () => ['BRPOPLPUSH', list(), list(), timeout]],
      [
        2,
        () => {
          const keys = some(list);
          return ['BLMPOP', timeout, String(keys.length), ...keys, side(), 'COUNT', '2'];
        },
      ],
      [3, () => [random.pick(['BZPOPMIN', 'BZPOPMAX']), ...some(zset), timeout]],
      [
        2,
        () => {
          const keys = some(zset);
          return ['BZMPOP', timeout, String(keys.length), ...keys, 'MIN'];
        },
      ],
      [2, () => ['XREAD', 'BLOCK', timeout, 'STREAMS', stream(), '$']],
      [2, () => ['XREADGROUP', 'GROUP', 'g', 'c', 'BLOCK', timeout, 'STREAMS', stream(), '>']],
    ])();
  const transaction = (): string[][] => [
    ['MULTI'],
    ...Array.from({ length: random.between(0, 5) }, () => (random.oneIn(5) ? waiting('0') : plain())),
    ...(random.oneIn(12) ? [['NOSUCH']] : []),
    [random.oneIn(10) ? 'DISCARD' : 'EXEC'],
  ];
  const step = (mayWait: boolean): string[][] =>
    random.weighted<() => string[][]>([
      [8, () => Array.from({ length: random.between(1, 3) }, plain)],
      [5, transaction],
      [3, () => [['WATCH', ...some(any)]]],
      [1, () => [['UNWATCH']]],
      [mayWait ? 8 : 0, () => [waiting('0')]],
    ])();
  return { step };
}

describe('streams of transactions and waiting', () => {
  const seed = runSeed('tests/differential/session-streams.test.ts');

  describe.each([
    { threads: 1, shards: 1 },
    { threads: 3, shards: 3 },
  ])('$threads threads over $shards shards', ({ threads, shards }) => {
    describeWith('redis-server', `${SUBJECT} against redis-server`, () => {
      const subject = new ServerSide(SUBJECT, () =>
        SELF ? startRedisServer() : startLatchkeyServer({ shards, threads }),
      );
      const reference = new ServerSide('redis-server', () => startRedisServer());
      beforeAll(() => Promise.all([subject.server(), reference.server()]));
      afterAll(() => Promise.all([subject.stop(), reference.stop()]));

      it('answer every client alike', { timeout: TIMEOUT_MS }, async () => {
        let waited = 0;
        let compared = 0;
        for (let stream = 0; stream < STREAMS; stream++) {
          const random = new Random(deriveSeed(seed, shards * 1000 + stream));
          const { step } = commands(random);
          const ours = await Promise.all(Array.from({ length: CLIENTS }, () => Player.connect(subject)));
          const theirs = await Promise.all(Array.from({ length: CLIENTS }, () => Player.connect(reference)));
          const both = [...ours, ...theirs];
          for (const players of [ours, theirs]) players[0].send([['FLUSHALL']]);
          await settled(ours, theirs, 0);
          const history: string[] = [];
          for (let i = 0; i < STEPS; i++) {
            // The first client never waits: so there is always one that goes on.
            const idle = ours.flatMap(({ waits }, n) => (waits || theirs[n].waits ? [] : [n]));
            const n = random.pick(idle);
            const sent = step(n !== 0 && idle.length > 2);
            history.push(`${n}: ${sent.map((command) => command.join(' ')).join('; ')}`);
            ours[n].send(sent);
            theirs[n].send(sent);
            const mayWait = sent.length === 1 && /^(B|XREAD)/.test(sent[0][0]);
            await settled(ours, theirs, mayWait ? undefined : n);
            const context = `LATCHKEY_SEED=${seed}, stream ${stream}, the last of\n${history.slice(-25).join('\n')}`;
            for (let each = 0; each < CLIENTS; each++) {
              expect(ours[each].replies, `client ${each}; ${context}`).toEqual(theirs[each].replies);
              compared += theirs[each].replies.length;
              if (theirs[each].waits) waited++;
            }
            for (const player of both) {
              player.sent -= player.replies.length;
              player.replies = [];
            }
          }
          await Promise.all(both.map(({ client }) => client.close()));
        }
        expect(compared).toBeGreaterThan(STREAMS * STEPS);
        expect(waited).toBeGreaterThan(STREAMS * 20);
      });
    });
  });
});
