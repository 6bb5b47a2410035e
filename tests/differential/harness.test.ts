// The differential harness judged by itself: it must find nothing between two redis-servers, and must find, and reduce,
// any difference that is planted. Env LATCHKEY_DIFFERENTIAL_SELF=1 runs the other differential tests the first way too.
import { describe, expect, it } from 'vitest';
import { compareReplies, ruleFor } from '../support/generator/compare.js';
import { type Difference, type Duel, runSteps, type Side } from '../support/generator/duel.js';
import { formatArg, formatCommand, parseCommandLine } from '../support/generator/escape.js';
import { explain } from '../support/generator/explain.js';
import type { Connection } from '../support/generator/probe.js';
import { reduce } from '../support/generator/reduce.js';
import { makeStream, type Step } from '../support/generator/stream.js';
import { describeWith, program, requirePrograms } from '../support/programs.js';
import { redisServerForTest, startRedisServer } from '../support/redis-server.js';
import { type Arg, RespClient } from '../support/resp-client.js';
import { deriveSeed, Random, runSeed } from '../support/seed.js';
import { ServerSide } from './sides.js';

const seed = runSeed('tests/differential/harness.test.ts');

/** Every command that a stream is meant to hold. */
const COMMANDS = `SET GET SETNX SETEX PSETEX GETSET GETDEL GETEX MGET MSET MSETNX APPEND STRLEN GETRANGE SUBSTR SETRANGE
  INCR INCRBY DECR DECRBY INCRBYFLOAT LCS SETBIT GETBIT BITCOUNT BITPOS BITOP BITFIELD BITFIELD_RO DEL UNLINK EXISTS
  TYPE TOUCH EXPIRE PEXPIRE EXPIREAT PEXPIREAT TTL PTTL EXPIRETIME PEXPIRETIME PERSIST RENAME RENAMENX COPY MOVE SWAPDB
  SELECT RANDOMKEY KEYS SCAN DBSIZE FLUSHALL FLUSHDB OBJECT MEMORY ECHO PING`.split(/\s+/);

describe('the generator', () => {
  it('makes every command of its list within a hundred streams', () => {
    const made = new Set<string>();
    for (let seed = 0; seed < 100; seed++)
      for (const { commands, kind } of makeStream(seed, 500))
        for (const [name] of commands) made.add(kind === 'scan' ? 'SCAN' : String(name).toUpperCase());
    expect(COMMANDS.filter((name) => !made.has(name))).toEqual([]);
  });

  it('makes the same stream from the same seed, and another from another', () => {
    expect(makeStream(7, 1000)).toEqual(makeStream(7, 1000));
    expect(makeStream(7, 1000)).not.toEqual(makeStream(8, 1000));
    expect(deriveSeed(7, 1)).not.toBe(deriveSeed(8, 0));
  });

  it('switches families off in some streams and not in all', () => {
    const withLcs = Array.from({ length: 60 }, (_, seed) =>
      makeStream(seed, 2000).some(({ commands }) => String(commands[0][0]).toUpperCase() === 'LCS'),
    ).filter(Boolean);
    expect(withLcs.length).toBeGreaterThan(10);
    expect(withLcs.length).toBeLessThan(55);
  });

  it('draws evenly', () => {
    const random = new Random(1);
    const counts = Array<number>(10).fill(0);
    for (let i = 0; i < 10_000; i++) counts[random.below(10)]++;
    for (const count of counts) expect(count).toBeGreaterThan(850);
  });
});

describe('the comparer', () => {
  const why = (line: string, left: string, right: string) =>
    compareReplies(ruleFor(parseCommandLine(line)), Buffer.from(left), Buffer.from(right));

  it.each([
    ['GET k', '$1\r\na\r\n', '$1\r\nb\r\n'],
    ['GET k', '$-1\r\n', '_\r\n'],
    ['keys *', '*2\r\n$1\r\na\r\n$1\r\nb\r\n', '*2\r\n$1\r\na\r\n$1\r\nc\r\n'],
    ['keys *', '*1\r\n$1\r\na\r\n', '*2\r\n$1\r\na\r\n$1\r\na\r\n'],
    ['PTTL k', ':-1\r\n', ':-2\r\n'],
    ['PTTL k', ':-1\r\n', ':100\r\n'],
    ['PTTL k', ':9223372036854775807\r\n', ':9223372036854770000\r\n'],
    ['TTL k', ':100\r\n', ':103\r\n'],
    ['TTL', '-ERR a\r\n', '-ERR b\r\n'],
    ['RANDOMKEY', '$-1\r\n', '$1\r\na\r\n'],
    ['SCAN x', '-ERR a\r\n', '-ERR b\r\n'],
    ['Memory Usage k', ':60\r\n', '$-1\r\n'],
  ])('finds a difference after %s between %j and %j', (line, left, right) => {
    expect(why(line, left, right)).toBeTypeOf('string');
  });

  it.each([
    ['GET k', '$1\r\na\r\n', '$1\r\na\r\n'],
    ['KEYS *', '*2\r\n$1\r\na\r\n$1\r\nb\r\n', '*2\r\n$1\r\nb\r\n$1\r\na\r\n'],
    ['pttl k', ':5000\r\n', ':3001\r\n'],
    ['EXPIRETIME k', ':100\r\n', ':101\r\n'],
    ['RANDOMKEY', '$1\r\nb\r\n', '$1\r\na\r\n'],
    ['OBJECT idletime k', ':0\r\n', ':7\r\n'],
    ['MEMORY USAGE k', ':56\r\n', ':72\r\n'],
  ])('lets pass after %s the replies %j and %j', (line, left, right) => {
    expect(why(line, left, right)).toBeUndefined();
  });
});

describe('the reducer', () => {
  it('keeps only what a failure needs', async () => {
    const needed = [3, 77, 78, 400];
    const { items } = await reduce(
      Array.from({ length: 500 }, (_, i) => i),
      async (kept) => needed.every((item) => kept.includes(item)),
      10_000,
    );
    expect(items).toEqual(needed);
  });

  it('stops when its time is over', async () => {
    const { items, replays } = await reduce([1, 2, 3, 4], async () => true, -1);
    expect({ items, replays }).toEqual({ items: [1, 2, 3, 4], replays: 0 });
  });
});

describe('command lines', () => {
  it('come back from their printed form as the same bytes', () => {
    const random = new Random(seed);
    for (let i = 0; i < 2000; i++) {
      const command = Array.from({ length: random.between(1, 4) }, () => random.bytes(random.below(12)));
      expect(parseCommandLine(formatCommand(command))).toEqual(command);
    }
  });

  it('are split as redis-cli splits them', () => {
    const line = `SET  k "a\\x00\\"\\r\\n b" 'c d' ""`;
    expect(parseCommandLine(line).map(String)).toEqual(['SET', 'k', 'a\0"\r\n b', 'c d', '']);
    expect(formatArg('')).toBe('""');
  });
});

describe('programs', () => {
  it('are found by name, and missed by name', () => {
    expect(program('node')).toMatch(/node$/);
    expect(program('no-such-program-anywhere')).toBeUndefined();
    expect(() => requirePrograms('node', 'no-such-program-anywhere')).toThrow(/no-such-program-anywhere/);
  });
});

describeWith('redis-server', 'server processes', () => {
  it('answer on their port and on a Unix socket, and end when told', async () => {
    const server = await redisServerForTest({ unix: true });
    for (const target of [server.port, server.socketPath!]) {
      const client = await RespClient.connect(target);
      expect(await client.ask('PING')).toBe('PONG');
      await client.close();
    }
    expect(server.ended).toBeUndefined();
    expect(await server.stop()).toEqual({ code: 0, signal: null });
    expect(server.output()).toContain('Ready to accept connections');
  });

  it('fail with their output when they cannot start', async () => {
    await expect(startRedisServer({ args: ['--no-such-option', '1'] })).rejects.toThrow(
      /ended before it was ready \(exit code 1\)[\s\S]*no-such-option/,
    );
  });
});

describeWith('redis-server', 'a duel', () => {
  async function servers(): Promise<Duel> {
    const [subject, reference] = [await redisServerForTest(), await redisServerForTest()];
    return {
      subject: new ServerSide('subject', async () => subject),
      reference: new ServerSide('reference', async () => reference),
      protocol: 2,
    };
  }

  /** The duel with a subject whose replies are changed on their way to the comparer. */
  function planted(
    duel: Duel,
    change: (command: readonly Arg[], reply: Buffer, seen: Map<string, number>) => Buffer,
  ): Duel {
    const subject: Side = {
      name: 'faulty',
      post: () => duel.subject.post(),
      async connect(protocol, timeoutMs): Promise<Connection> {
        const inner = await duel.subject.connect(protocol, timeoutMs);
        const seen = new Map<string, number>();
        return {
          close: () => inner.close(),
          async pipeline(commands) {
            const replies = await inner.pipeline(commands);
            return replies.map((reply, i) => change(commands[i], reply, seen));
          },
        };
      },
    };
    return { ...duel, subject };
  }

  const commands = (...lines: string[]): Step[] =>
    lines.map((line, batch) => ({ kind: 'commands', commands: [parseCommandLine(line)], connection: 0, batch }));

  async function differenceOf(duel: Duel, steps: Step[]): Promise<Difference> {
    const { difference } = await runSteps(duel, steps);
    expect(difference, 'the planted difference').toBeDefined();
    return difference!;
  }

  it('between two redis-servers finds no difference', async () => {
    const duel = await servers();
    let compared = 0;
    for (const protocol of [2, 3] as const)
      for (let i = 0; i < 4; i++) {
        const steps = makeStream(deriveSeed(seed, i), 2000);
        const outcome = await runSteps({ ...duel, protocol }, steps);
        if (outcome.difference)
          expect.fail(await explain(duel, steps, outcome.difference, `seed ${seed}, stream ${i}`));
        compared += outcome.compared;
      }
    expect(compared).toBeGreaterThanOrEqual(16_000);
  });

  it('finds a fault that takes three commands, and reduces a long history to them', async () => {
    // The canary: STRLEN of a key is one too high once it has been appended to twice.
    const duel = planted(await servers(), (command, reply, seen) => {
      const [name, key] = command.map(String);
      if (name === 'APPEND') seen.set(key, (seen.get(key) ?? 0) + 1);
      if (name === 'STRLEN' && (seen.get(key) ?? 0) >= 2) return Buffer.from(`:${Number(reply.subarray(1)) + 1}\r\n`);
      return reply;
    });
    const noise = Array.from({ length: 300 }, (_, i) => `SET noise:${i % 7} ${i}`);
    const lines = [...noise, 'APPEND k a', ...noise, 'APPEND k b', ...noise, 'STRLEN k', 'GET k'];
    const steps = commands(...lines).map((step, i) => ({ ...step, batch: Math.floor(i / 100) }));
    const difference = await differenceOf(duel, steps);
    expect(formatCommand(difference.command)).toBe('STRLEN k');
    const message = await explain(duel, steps, difference, 'seed 1');
    expect(message).toContain('faulty and reference differ (seed 1)');
    expect(message).toMatch(/smallest failing history found \(3 of 903 steps, \d+ replays; neither pipelining/);
    expect(message).toMatch(/APPEND k a\n.*APPEND k b\n.*STRLEN k\n/);
    expect(message).toMatch(/reference: :2\\r\\n\n.*faulty: +:3\\r\\n/);
  });

  it('finds a fault in a random stream', async () => {
    const duel = planted(await servers(), (command, reply) =>
      String(command[0]).toUpperCase() === 'GET' && reply.length > 30 ? Buffer.from('$-1\r\n') : reply,
    );
    for (let i = 0; ; i++) {
      expect(i, 'streams without a long GET').toBeLessThan(20);
      const { difference } = await runSteps(duel, makeStream(deriveSeed(seed, i), 2000));
      if (!difference) continue;
      expect(String(difference.command[0]).toUpperCase()).toBe('GET');
      break;
    }
  });

  it('finds a key that only a whole SCAN iteration misses', async () => {
    const duel = planted(await servers(), (command, reply) =>
      String(command[0]) === 'SCAN' ? Buffer.from(reply.toString().replace('$1\r\nb\r\n', '$1\r\nx\r\n')) : reply,
    );
    const scan: Step = { kind: 'scan', commands: [[]], connection: 0, batch: 9 };
    const { why } = await differenceOf(duel, [...commands('SET a 1', 'SET b 2'), scan]);
    expect(why).toContain('only the first has "x"; only the second has "b"');
  });

  it('finds a keyspace that differs although every reply was the same', async () => {
    const duel = await servers();
    const subject: Side = {
      name: 'faulty',
      post: async () => undefined,
      async connect(protocol, timeoutMs) {
        const inner = await duel.subject.connect(protocol, timeoutMs);
        const wrong = (command: readonly Arg[]) => (String(command[0]) === 'MSET' ? ['MSET', 'k', 'other'] : command);
        return { close: () => inner.close(), pipeline: (list) => inner.pipeline(list.map(wrong)) };
      },
    };
    const { stepIndex, why } = await differenceOf({ ...duel, subject }, commands('SET a 1', 'MSET k v'));
    expect(stepIndex).toBe(2);
    expect(why).toMatch(/db 0 GET k answers \$5\\r\\nother\\r\\n and \$1\\r\\nv\\r\\n/);
  });

  it('finds an invented RANDOMKEY', async () => {
    const duel = planted(await servers(), (command, reply) =>
      String(command[0]) === 'RANDOMKEY' ? Buffer.from('$1\r\nz\r\n') : reply,
    );
    expect((await differenceOf(duel, commands('SET a 1', 'RANDOMKEY'))).why).toBe('no command has named this key');
  });

  it('takes a server that ends for a difference, says how it ended, and starts it again for the replays', async () => {
    let starts = 0;
    const subject = new ServerSide('mortal', () => {
      starts++;
      return redisServerForTest({ args: ['--enable-debug-command', 'yes'] });
    });
    const reference = (await servers()).reference;
    const duel: Duel = { subject, reference, protocol: 2 };
    const steps = commands('SET a 1', 'SET b 2', 'DEBUG SEGFAULT', 'GET a');
    const difference = await differenceOf(duel, steps);
    expect(difference.why).toMatch(/closed[\s\S]*mortal ended by itself \(killed by SIG/);
    expect(await explain(duel, steps, difference, 'seed 1')).toMatch(/\(1 of 3 steps[\s\S]*DEBUG SEGFAULT/);
    expect(starts).toBeGreaterThan(2);
  });
});
