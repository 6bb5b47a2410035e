// Hostile input: no trap, no hang, no memory without bound, and the shard's own check passes after each run. Three kinds
// of it: valid frames that were damaged, bytes that never were frames, and commands with arguments from the edges; the
// last also on a shard whose memory ends early, where every command has to fail cleanly or not at all.
import { describe, expect, it } from 'vitest';
import * as abi from '../../host/kernel/abi.js';
import { HEADER_FLAG_LFU, HEADER_FLAGS } from '../../host/kernel/kernel.js';
import { frame, openKernel, type TestKernel } from '../support/kernel.js';
import { deriveSeed, Random, runSeed } from '../support/seed.js';
import { BUILDS } from '../support/wasm.js';

const LONG = process.env.LATCHKEY_TEST_LONG === '1';
const ROUNDS = LONG ? 400 : 12;
const COMMANDS_PER_ROUND = 400;
const REFUSED = 384 + 32;

const NAMES = (
  'GET SET SETNX SETEX PSETEX GETSET GETDEL GETEX MGET MSET MSETNX APPEND STRLEN GETRANGE SUBSTR SETRANGE INCR INCRBY DECR DECRBY ' +
  'INCRBYFLOAT LCS SETBIT GETBIT BITCOUNT BITPOS BITOP BITFIELD BITFIELD_RO DEL UNLINK EXISTS TYPE TOUCH EXPIRE PEXPIRE ' +
  'EXPIREAT PEXPIREAT TTL PTTL EXPIRETIME PEXPIRETIME PERSIST RENAME RENAMENX COPY MOVE RANDOMKEY KEYS SCAN OBJECT DBSIZE ' +
  'FLUSHALL FLUSHDB SWAPDB MEMORY PING ECHO'
).split(' ');
const WORDS = (
  'EX PX EXAT PXAT NX XX GT LT GET KEEPTTL PERSIST MATCH COUNT TYPE DB REPLACE SAMPLES USAGE ENCODING FREQ IDLETIME REFCOUNT ' +
  'AND OR XOR NOT BIT BYTE SET INCRBY OVERFLOW WRAP SAT FAIL u8 i64 u63 u64 i0 #1 #-1 #99999999999 LEN IDX MINMATCHLEN WITHMATCHLEN string SYNC ASYNC'
).split(' ');
const NUMBERS =
  '0 1 -1 2 10 255 4096 65535 65536 70000 2147483647 2147483648 -2147483648 4294967295 4294967296 536870911 536870912 9007199254740993 9223372036854775807 9223372036854775808 -9223372036854775808 -9223372036854775809 18446744073709551615 18446744073709551616 nan inf -inf 1e400 -1e400 1e-400 0x10 1.5 -0 +1 007 .5 5. 1e18 3.0e3'.split(
    ' ',
  );
const KEYS = [
  '',
  'a',
  'b',
  'c',
  '\0',
  'nul\0nul',
  '\r\n',
  'k'.repeat(65534),
  'k'.repeat(65535),
  'k'.repeat(65536),
  '*',
  '[a-',
];

/** An argument that was not meant for the place it stands in. */
function hostile(random: Random, longest: number): string {
  return random.weighted<() => string>([
    [6, () => random.pick(KEYS.slice(0, 7))],
    [1, () => random.pick(KEYS)],
    [5, () => random.pick(NUMBERS)],
    [4, () => random.pick(WORDS)],
    [2, () => random.bytes(random.below(40)).toString('latin1')],
    [1, () => random.pick(['x', '\0', '7', '[', '*']).repeat(random.pick([44, 45, 255, 256, 5000, longest]))],
  ])();
}

/** A command made to look a little like one. */
function command(random: Random, longest: number): string[] {
  const args = [random.pick(NAMES)];
  for (let i = random.pick([0, 1, 1, 2, 2, 2, 3, 3, 4, 5, 6, 9]); i > 0; i--) args.push(hostile(random, longest));
  // Big counts make slow walks; the kernel may be slow there, the test not.
  return args;
}

/** Feeds a whole input as a host would and returns the reply bytes. A hang shows as too many calls. */
function drain(kernel: TestKernel, input: Buffer): number {
  let pending = input;
  let replies = 0;
  for (let calls = 0; pending.length > 0; calls++) {
    if (calls > input.length + 10) throw new Error('a call that consumes nothing, again and again');
    replies += kernel.feed(pending.subarray(0, kernel.shard.layout.inBytes)).length;
    const { status } = kernel;
    pending = pending.subarray(kernel.shard.control(abi.CONTROL_CONSUMED));
    // The host would take these frames; here they are dropped.
    if (status === abi.STATUS_HOST) pending = pending.subarray(kernel.shard.control(abi.CONTROL_FRAME_BYTES));
    else if (status !== abi.STATUS_DONE && status !== abi.STATUS_FULL) break;
  }
  return replies;
}

/** One of the settings in which everything must hold. */
function settings(kernel: TestKernel, random: Random): void {
  kernel.proto = random.pick([2, 3]);
  kernel.now += random.pick([0, 1, 1000, 3_600_000]);
  kernel.lruClock = random.below(1 << 24);
  kernel.db = random.oneIn(4) ? random.below(16) : 0;
  kernel.flags = abi.CALL_SLOW | (random.oneIn(5) ? abi.CALL_ALL : 0) | (random.oneIn(8) ? abi.CALL_NO_TOUCH : 0);
  if (random.oneIn(10)) kernel.flags |= abi.CALL_REPLY_OFF;
  const lfu = random.oneIn(3) ? HEADER_FLAG_LFU : 0;
  kernel.shard.setHeader(HEADER_FLAGS, (kernel.shard.header(HEADER_FLAGS) & ~HEADER_FLAG_LFU) | lfu);
  if (random.oneIn(3)) kernel.expire(random.below(2000));
  if (random.oneIn(3)) kernel.shard.calls.reclaim(random.below(2000));
}

/** Bytes flipped, dropped, doubled and moved. */
function damage(input: Buffer, random: Random): Buffer {
  let bytes = Buffer.from(input);
  for (let i = random.between(1, 6); i > 0 && bytes.length > 0; i--) {
    const at = random.below(bytes.length);
    const end = Math.min(at + random.pick([1, 1, 2, 10]), bytes.length);
    const piece = bytes.subarray(at, end);
    switch (random.below(5)) {
      case 0:
        bytes[at] ^= 1 << random.below(8);
        break;
      case 1:
        bytes[at] = random.pick([0, 10, 13, 34, 36, 39, 42, 45, 48, 57, 92, 255]);
        break;
      case 2:
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(end)]);
        break;
      case 3:
        bytes = Buffer.concat([bytes.subarray(0, end), piece, bytes.subarray(end)]);
        break;
      default:
        bytes = Buffer.concat([bytes.subarray(0, at), random.bytes(random.below(4)), bytes.subarray(at)]);
    }
  }
  return bytes;
}

describe.each(BUILDS)('hostile input, $memory $mode', (build) => {
  const seed = runSeed('tests/fuzz/kernel.test.ts');

  /** A kernel under one title's seed; says which when it fails. */
  const under = (title: string, body: (random: Random) => void) =>
    it(title, () => {
      for (let round = 0; round < ROUNDS; round++) {
        const own = deriveSeed(seed, round * 100 + title.length);
        try {
          body(new Random(own));
        } catch (error) {
          throw new Error(`LATCHKEY_SEED=${seed}, round ${round}: ${(error as Error).message}`, { cause: error });
        }
      }
    });

  under('survives damaged frames', (random) => {
    const kernel = openKernel(build, { seed: random.word(), logBytes: 1 << 12 }).logOn();
    let replies = 0;
    for (let i = 0; i < 60; i++) {
      settings(kernel, random);
      const frames = Array.from({ length: random.between(1, 12) }, () => frame(...command(random, 300)));
      replies += drain(kernel, damage(Buffer.concat(frames), random));
      if (random.oneIn(5)) kernel.dropLog();
    }
    expect(kernel.check()).toBe(0);
    expect(replies).toBeGreaterThan(0);
  });

  under('survives bytes that never were frames', (random) => {
    const kernel = openKernel(build, { seed: random.word() });
    for (let i = 0; i < 60; i++) {
      settings(kernel, random);
      const alphabet = random.pick(['*$-0123456789\r\n', 'PINGET "\'\\x0a\r\n', '*1\r\n$4\r\nPING\r\n', '']);
      const length = random.pick([1, 10, 100, 3000]);
      const bytes =
        alphabet === ''
          ? random.bytes(length)
          : Buffer.from(Array.from({ length }, () => alphabet.charCodeAt(random.below(alphabet.length))));
      drain(kernel, bytes);
    }
    expect(kernel.check()).toBe(0);
  });

  under('survives commands with hostile arguments', (random) => {
    const kernel = openKernel(build, { seed: random.word(), logBytes: 1 << 14 }).logOn();
    // Strings of half a gigabyte are for another test.
    kernel.bulkMax = 1 << 20;
    for (let i = 0; i < COMMANDS_PER_ROUND; i++) {
      if (random.oneIn(10)) settings(kernel, random);
      kernel.feed(frame(...command(random, 70_000)));
      if (kernel.status !== abi.STATUS_DONE) expect([abi.STATUS_HOST, abi.STATUS_FULL]).toContain(kernel.status);
      if (random.oneIn(20)) kernel.dropLog();
    }
    expect(kernel.counter(REFUSED)).toBe(0);
    expect(kernel.check()).toBe(0);
    const committed = kernel.shard.memory.buffer.byteLength;
    expect(committed).toBeLessThan(256 << 20);
  });

  under('answers -OOM, and nothing worse, when memory ends', (random) => {
    const logged = random.oneIn(2);
    const kernel = openKernel(build, {
      seed: random.word(),
      logBytes: 1 << 12,
      inBytes: 1 << 18,
      outBytes: 1 << 16,
      pagesMax: random.pick([50, 80, 120]),
    });
    if (logged) kernel.logOn();
    kernel.bulkMax = 8 << 20;
    let refusals = 0;
    for (let i = 0; i < COMMANDS_PER_ROUND; i++) {
      if (random.oneIn(10)) settings(kernel, random);
      const args = random.oneIn(2)
        ? command(random, 70_000)
        : ['SET', `key:${random.below(500)}`, 'v'.repeat(random.pick([10, 300, 70_000]))];
      const input = frame(...args);
      // What is longer than a window needs a block, which the host asks for itself.
      if (input.length > kernel.shard.layout.inBytes) continue;
      if (kernel.feed(input).toString('latin1', 0, 4) === '-OOM') refusals++;
      expect([abi.STATUS_DONE, abi.STATUS_HOST, abi.STATUS_FULL]).toContain(kernel.status);
      if (random.oneIn(40)) expect(kernel.check()).toBe(0);
    }
    expect(kernel.counter(REFUSED)).toBe(0);
    expect(kernel.check()).toBe(0);
    if (logged) kernel.dropLog();
    kernel.flags = abi.CALL_SLOW;
    kernel.feed(frame('FLUSHALL'));
    while (kernel.shard.calls.reclaim(1000) !== 0);
    expect(kernel.text('DBSIZE')).toBe(':0\r\n');
    expect(kernel.check()).toBe(0);
    counted += refusals;
  });
  let counted = 0;

  it('did meet the end of memory', () => {
    expect(counted).toBeGreaterThan(20);
  });
});
