// Bits, bit fields and LCS: the kernel, in this process and in all four builds, against redis-server, byte for byte. The
// server answers each random stream once; then every build must give the same bytes, and what it logged must make the
// same keyspace in a second kernel.
import { beforeAll, describe, expect, it } from 'vitest';
import { Draw } from '../support/generator/draw.js';
import { formatCommand, formatReply, parseCommandLine } from '../support/generator/escape.js';
import { FAMILIES } from '../support/generator/families.js';
import { openKernel } from '../support/kernel.js';
import { digestOf, replayLog, takeLog } from '../support/log-replay.js';
import { describeWith } from '../support/programs.js';
import { redisServerForSuite } from '../support/redis-server.js';
import { type Arg, RespClient } from '../support/resp-client.js';
import { deriveSeed, Random, runSeed } from '../support/seed.js';
import { BUILDS, type Build } from '../support/wasm.js';
import { bitScripts } from './cases/bits.js';
import { stringScripts } from './cases/strings.js';

const STREAMS = process.env.LATCHKEY_TEST_LONG ? 60 : 6;
const COMMANDS = 700;
const BATCH = 200;
/** Strings to work on, what is asked here, and everything else that changes strings in place. */
const NAMES = ['set', 'get', 'bits', 'bit fields', 'lcs', 'parts of strings', 'counters', 'delete'];
const FOCUS = new Set(['bits', 'bit fields', 'lcs']);
const families = FAMILIES.filter(({ name }) => NAMES.includes(name));

/** Replies with a clock in them say nothing here. */
const WITHOUT = new Set(['EXPIRE', 'PEXPIRE', 'TTL', 'PTTL', 'GETEX', 'SETEX', 'PSETEX', 'EXPIREAT', 'PEXPIREAT']);

const asBytes = (arg: Arg) => (arg instanceof Uint8Array ? arg : Buffer.from(String(arg), 'latin1'));

function makeCommands(seed: number): Arg[][] {
  const random = new Random(seed);
  const draw = new Draw(random, {
    valueBytesMax: random.pick([40, 300, 900]),
    offsetBytesMax: random.pick([60, 3000]),
  });
  const weights = families.map((family) => [family.weight * (FOCUS.has(family.name) ? 4 : 1), family] as const);
  const commands: Arg[][] = [];
  while (commands.length < COMMANDS) {
    const command = random.weighted(random.weighted(weights).makers)(draw);
    if (WITHOUT.has(String(command[0]))) continue;
    // SET with options and deadlines is tested elsewhere; here it only makes strings.
    if (command[0] === 'SET') command.length = 3;
    const bent = random.oneIn(25);
    if (bent && random.oneIn(2)) command.splice(random.between(1, command.length), 1);
    else if (bent) command.push(draw.junk());
    commands.push(command);
    if (random.oneIn(6)) commands.push(['GET', draw.key()], ['OBJECT', 'ENCODING', draw.key()]);
  }
  for (const key of draw.keys) commands.push(['GET', key], ['OBJECT', 'ENCODING', key]);
  return commands;
}

describeWith('redis-server', 'bits, bit fields and LCS as redis-server answers them', () => {
  const server = redisServerForSuite();

  async function ask(commands: Arg[][], protocol: 2 | 3): Promise<Buffer[]> {
    const client = await RespClient.connect(server().port);
    if (protocol === 3) await client.call('HELLO', 3);
    await client.call('FLUSHALL');
    const replies: Buffer[] = [];
    for (let from = 0; from < commands.length; from += BATCH) {
      replies.push(...(await client.pipeline(commands.slice(from, from + BATCH).map((args) => args.map(asBytes)))));
    }
    await client.close();
    return replies;
  }

  function compare(
    build: Build,
    commands: Arg[][],
    replies: Buffer[],
    protocol: 2 | 3,
    title: string,
    bulkMax = 512 << 20,
  ): void {
    const kernel = openKernel(build).logOn();
    kernel.bulkMax = bulkMax;
    kernel.proto = protocol;
    for (const [i, command] of commands.entries()) {
      const reply = kernel.call(...command.map(asBytes));
      if (reply.equals(replies[i])) continue;
      expect(`${title}, command ${i}: ${formatCommand(command)}\n${formatReply(reply)}`).toBe(
        `${title}, command ${i}: ${formatCommand(command)}\n${formatReply(replies[i])}`,
      );
    }
    expect(kernel.check()).toBe(0);
    const log = takeLog(kernel);
    expect(log.commands.length).toBeGreaterThan(0);
    const second = openKernel(build, { seed: 99 });
    replayLog(log, second);
    expect(digestOf(second)).toBe(digestOf(kernel));
  }

  describe('random streams', () => {
    const streams: { seed: number; protocol: 2 | 3; commands: Arg[][]; replies: Buffer[] }[] = [];
    beforeAll(async () => {
      const seed = runSeed('bits against redis-server');
      for (let i = 0; i < STREAMS; i++) {
        const protocol = i % 2 === 0 ? 2 : 3;
        const commands = makeCommands(deriveSeed(seed, i));
        streams.push({ seed: deriveSeed(seed, i), protocol, commands, replies: await ask(commands, protocol) });
      }
    }, 120_000);

    it('have every command of ours with errors and without', () => {
      for (const name of ['SETBIT', 'GETBIT', 'BITCOUNT', 'BITPOS', 'BITOP', 'BITFIELD', 'BITFIELD_RO', 'LCS']) {
        const replies = streams.flatMap(({ commands, replies }) => replies.filter((_, i) => commands[i][0] === name));
        const errors = replies.filter((reply) => reply[0] === '-'.charCodeAt(0)).length;
        expect(errors, `errors of ${name}`).toBeGreaterThan(0);
        expect(replies.length - errors, `answers of ${name}`).toBeGreaterThan(20);
      }
    });

    it.each(BUILDS)('the $memory $mode build gives the same bytes', (build) => {
      for (const { seed, protocol, commands, replies } of streams) {
        compare(build, commands, replies, protocol, `stream ${seed}`);
      }
    });
  });

  describe.each([...bitScripts, ...stringScripts.filter(({ title }) => title === 'LCS')])(
    'the script "$title"',
    (script) => {
      it.each([2, 3] as const)('is answered the same over RESP%i by every build', async (protocol) => {
        const lines = script.lines.split('\n').map((line) => line.trim());
        // The clock of the kernel under test stands still.
        const commands = lines.filter((line) => line !== '' && !/^(TTL|EXPIRE)/.test(line)).map(parseCommandLine);
        const replies = await ask(commands, protocol);
        expect(replies.length).toBeGreaterThan(20);
        for (const build of BUILDS) compare(build, commands, replies, protocol, script.title);
      });
    },
  );

  describe('BITFIELD at the edges of its types', () => {
    it('gives the same bytes for every width, mode and edge', async () => {
      const random = new Random(runSeed('BITFIELD edges'));
      const edges = (bits: number) => {
        const half = 1n << BigInt(bits - 1);
        return [
          0n,
          1n,
          -1n,
          half - 1n,
          half,
          -half,
          -half - 1n,
          2n * half - 1n,
          2n * half,
          (1n << 63n) - 1n,
          -(1n << 63n),
        ].filter((n) => n === BigInt.asIntN(64, n));
      };
      const commands: Arg[][] = [];
      for (const sign of ['i', 'u']) {
        for (let bits = 1; bits <= (sign === 'i' ? 64 : 63); bits++) {
          for (const mode of ['WRAP', 'SAT', 'FAIL']) {
            const type = `${sign}${bits}`;
            const offset = random.below(20);
            const args: Arg[] = ['BITFIELD', 'k', 'OVERFLOW', mode];
            for (const set of random.shuffled(edges(bits)).slice(0, 4)) {
              args.push('SET', type, offset, set);
              for (const by of random.shuffled(edges(bits)).slice(0, 3)) args.push('INCRBY', type, offset, by);
              args.push('GET', type, offset, 'GET', type, `#${random.below(3)}`);
            }
            commands.push(args, ['GET', 'k']);
          }
        }
      }
      const replies = await ask(commands, 2);
      expect(replies.filter((reply) => reply[0] === '-'.charCodeAt(0))).toHaveLength(0);
      for (const build of BUILDS) compare(build, commands, replies, 2, 'edges');
    });
  });

  it('gives the same bytes for LCS of longer strings over few and many letters', async () => {
    const random = new Random(runSeed('longer LCS'));
    const commands: Arg[][] = [];
    for (let i = 0; i < 12; i++) {
      const letters = random.pick([2, 4, 26, 256]);
      const draw = () => random.bytes(random.between(0, 700)).map((byte) => byte % letters);
      const a = draw();
      // Sometimes the second is the first with holes and additions, so that long ranges occur.
      const b = random.oneIn(2)
        ? draw()
        : Buffer.concat([a.subarray(random.below(40)), draw().subarray(0, 30), a.subarray(0, 90)]);
      commands.push(['SET', 'a', a], ['SET', 'b', b], ['LCS', 'a', 'b'], ['LCS', 'b', 'a', 'LEN']);
      commands.push(['LCS', 'a', 'b', 'IDX', 'WITHMATCHLEN'], ['LCS', 'b', 'a', 'IDX', 'MINMATCHLEN', random.below(8)]);
    }
    const replies = await ask(commands, 3);
    for (const build of BUILDS) compare(build, commands, replies, 3, 'longer LCS');
  });

  it('keeps to proto-max-bulk-len as redis-server does', async () => {
    const limit = 1 << 20;
    const text = 'ab'.repeat(300);
    const commands: Arg[][] = [
      ...[limit * 8 - 1, limit * 8].flatMap((offset) => [
        ['SETBIT', 'k', offset, 1],
        ['GETBIT', 'k', offset],
        ['BITFIELD', 'k', 'GET', 'u8', offset],
        ['BITFIELD', 'f', 'SET', 'i64', offset, -2, 'GET', 'i64', offset],
        ['STRLEN', 'f'],
        ['BITFIELD_RO', 'f', 'GET', 'u8', `#${offset / 8 - 1}`, 'GET', 'u8', `#${Math.floor(offset / 8)}`],
      ]),
      // 4 * (510 + 1) * (512 + 1) is the largest table below the limit with these two lengths.
      ['SET', 'a', text.slice(0, 510)],
      ['SET', 'b', text.slice(0, 512)],
      ['SET', 'c', text.slice(0, 513)],
      ['LCS', 'a', 'b', 'LEN'],
      ['LCS', 'a', 'c', 'LEN'],
      ['LCS', 'b', 'c'],
      ['LCS', 'b', 'c', 'IDX'],
    ];
    const admin = await RespClient.connect(server().port);
    try {
      expect(String(await admin.call('CONFIG', 'SET', 'proto-max-bulk-len', limit))).toBe('+OK\r\n');
      const replies = await ask(commands, 2);
      expect(replies.filter((reply) => reply[0] === '-'.charCodeAt(0)).length).toBeGreaterThan(4);
      for (const build of BUILDS) compare(build, commands, replies, 2, 'limits', limit);
    } finally {
      await admin.call('CONFIG', 'SET', 'proto-max-bulk-len', 512 << 20);
      await admin.close();
    }
  });

  it('gives the same bytes for big strings, whichever part is asked for', async () => {
    const random = new Random(runSeed('big strings'));
    const commands: Arg[][] = [];
    for (const [i, length] of [100_000, 65_537, 8_192, 8_193, 300].entries()) {
      const fill = random.pick([0, 255]);
      const bytes = Buffer.alloc(length, fill);
      for (let k = random.below(4); k > 0; k--) bytes[random.below(length)] = random.below(256);
      commands.push(['SET', `big:${i}`, i % 2 ? random.bytes(length) : bytes]);
      for (let k = 0; k < 60; k++) {
        const [from, to, unit] = [
          random.between(-2, 8 * length),
          random.between(0, 8 * length),
          random.pick(['BIT', 'BYTE']),
        ];
        const range = unit === 'BIT' ? [from, to] : [from >> 3, to >> 3];
        commands.push(
          ['BITCOUNT', `big:${i}`, ...range, unit],
          ['BITPOS', `big:${i}`, random.below(2), ...range, unit],
        );
      }
      commands.push(['BITCOUNT', `big:${i}`], ['BITPOS', `big:${i}`, 0], ['BITPOS', `big:${i}`, 1]);
    }
    for (const operator of ['AND', 'OR', 'XOR']) {
      commands.push(['BITOP', operator, 'd', 'big:0', 'big:1', 'big:2', 'big:3', 'big:4', 'none'], ['GET', 'd']);
      commands.push(['BITOP', operator, 'd', 'big:4', 'big:0'], ['GET', 'd']);
    }
    commands.push(['BITOP', 'NOT', 'd', 'big:1'], ['GET', 'd'], ['BITOP', 'NOT', 'big:1', 'big:1'], ['GET', 'big:1']);
    // More sources than the window's scratch has rows for.
    commands.push(
      ['SET', 'n', 12],
      ['BITOP', 'OR', 'd', ...Array.from({ length: 3000 }, (_, i) => ['n', 'big:4', 'x'][i % 3])],
      ['GET', 'd'],
    );
    const replies = await ask(commands, 2);
    for (const build of BUILDS) compare(build, commands, replies, 2, 'big strings');
  });
});
