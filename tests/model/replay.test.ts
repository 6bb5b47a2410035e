// What the log ring says is enough: replayed into a second kernel, whose clock stands still, it makes the same keyspace.
// The records are read as whoever persists them will: by peeking and consuming, in pieces of any size.
import { describe, expect, it } from 'vitest';
import * as abi from '../../host/kernel/abi.js';
import { HEADER_FLAG_CLOCK_STOPPED, HEADER_FLAGS } from '../../host/kernel/kernel.js';
import { crc32c } from '../support/crc32c.js';
import { HashDraw, HashModel } from '../support/hash-model.js';
import { openKernel, type TestKernel } from '../support/kernel.js';
import { CommandDraw, KeyspaceModel } from '../support/keyspace-model.js';
import { deriveSeed, Random, runSeed } from '../support/seed.js';
import { BUILDS, type Build } from '../support/wasm.js';

const LONG = process.env.LATCHKEY_TEST_LONG === '1';
const OPERATIONS = LONG ? 100_000 : 3_000;
const RECORD_HEADER_BYTES = 8;

/** Reads up to `limit` bytes of the log, in pieces of at most `piece` bytes. */
function read(kernel: TestKernel, limit: number, piece: number): Buffer {
  const parts: Buffer[] = [];
  let left = limit;
  while (left > 0) {
    const at = kernel.shard.calls.logPeek() >>> 0;
    const bytes = Math.min(kernel.shard.calls.logPeekBytes() >>> 0, piece, left);
    if (at === 0 || bytes === 0) break;
    parts.push(Buffer.from(kernel.shard.view(at, bytes)));
    kernel.shard.calls.logConsume(bytes);
    left -= bytes;
  }
  return Buffer.concat(parts);
}

/** Feeds every whole record to the kernel; the rest of the bytes is the answer. */
function replay(log: Buffer, into: TestKernel): Buffer {
  let at = 0;
  while (log.length - at >= RECORD_HEADER_BYTES) {
    const bytes = log.readUInt32LE(at);
    if (log.length - at - RECORD_HEADER_BYTES < bytes) break;
    const payload = log.subarray(at + RECORD_HEADER_BYTES, at + RECORD_HEADER_BYTES + bytes);
    if (log.readUInt32LE(at + 4) !== crc32c(payload)) throw new Error('a record with a wrong checksum');
    const reply = into.feed(payload).toString('latin1');
    if (into.status !== abi.STATUS_DONE || into.shard.control(abi.CONTROL_CONSUMED) !== bytes)
      throw new Error(`a record that is not one frame: status ${into.status}`);
    if (reply.startsWith('-'))
      throw new Error(`a record that is refused: ${payload.toString('latin1', 0, 100)}: ${reply}`);
    at += RECORD_HEADER_BYTES + bytes;
  }
  return log.subarray(at);
}

/** A kernel that only repeats: nothing expires in it by itself, and it logs nothing. */
function replica(build: Build): TestKernel {
  const kernel = openKernel(build, { seed: 999 });
  kernel.shard.setHeader(HEADER_FLAGS, HEADER_FLAG_CLOCK_STOPPED);
  kernel.flags = abi.CALL_SLOW | abi.CALL_INTERNAL | abi.CALL_ALL;
  // Long after every deadline: only the log may say what has expired.
  kernel.now = 1_900_000_000_000;
  return kernel;
}

const digests = (kernel: TestKernel) =>
  Array.from({ length: 16 }, (_, db) => BigInt.asUintN(64, kernel.shard.calls.digest(kernel.shard.window, db)));

/** What the model does not know: an effect unlike its command, and a walk that expires on the way. */
function others(random: Random): string[] {
  return random.oneIn(2)
    ? ['INCRBYFLOAT', 'float', random.pick(['0.1', '-2.5e3', '1e300'])]
    : ['SCAN', '0', 'COUNT', '100'];
}

/** Records that found no room at all: the field `refused` of log/ring.ts. */
const refused = (kernel: TestKernel) => kernel.counter(384 + 32);

describe.each(BUILDS)('the log, $memory $mode', (build) => {
  const seed = runSeed('tests/model/replay.test.ts');

  // A small ring wraps often and overflows into chunks; a large one does neither.
  it.each([
    { title: 'a ring that wraps', logBytes: 1 << 14, longOneIn: 0, readOneIn: 5 },
    { title: 'a ring that overflows into chunks', logBytes: 1 << 12, longOneIn: 20, readOneIn: 60 },
    { title: 'a ring that holds everything', logBytes: 1 << 24, longOneIn: 200, readOneIn: 1000 },
  ])('replayed makes the same keyspace: $title', ({ logBytes, longOneIn, readOneIn }) => {
    const random = new Random(deriveSeed(seed, logBytes));
    const model = new KeyspaceModel();
    const draw = new CommandDraw(random, model, longOneIn);
    const hashes = new HashDraw(random, new HashModel(), longOneIn, 40);
    const kernel = openKernel(build, { logBytes, seed: random.word() }).logOn();
    const second = replica(build);
    let waiting: Buffer = Buffer.alloc(0);
    let total = 0;
    for (let i = 0; i < OPERATIONS; i++) {
      if (random.oneIn(20)) model.now += random.pick([1, 1000, 30_000, 600_000]);
      if (random.oneIn(10)) model.db = random.oneIn(2) ? random.below(16) : 0;
      kernel.now = model.now;
      kernel.db = model.db;
      if (random.oneIn(30)) kernel.expire(random.pick([1, 20, 1000]));
      hashes.model.now = model.now;
      kernel.call(...(random.oneIn(20) ? others(random) : random.oneIn(6) ? hashes.command() : draw.command()));
      if (!random.oneIn(readOneIn)) continue;
      const bytes = read(kernel, random.pick([1, 100, 5_000, 1e9]), random.pick([7, 1000, 1e9]));
      total += bytes.length;
      waiting = replay(Buffer.concat([waiting, bytes]), second);
    }
    // The stream may have ended with a flush: there is to be something to compare, in several databases.
    for (const db of [0, 1, 2]) {
      kernel.db = db;
      kernel.call('SET', `last:${db}`, random.word());
    }
    const rest = read(kernel, Number.POSITIVE_INFINITY, 1 << 20);
    total += rest.length;
    expect(replay(Buffer.concat([waiting, rest]), second).length).toBe(0);
    expect(digests(second)).toEqual(digests(kernel));
    expect(new Set(digests(kernel)).size, 'several databases with content').toBeGreaterThan(3);
    expect(kernel.shard.calls.logEndLsn()).toBe(total);
    expect(kernel.shard.calls.logBacklog()).toBe(0);
    expect(total).toBeGreaterThan(logBytes === 1 << 24 ? 100_000 : logBytes * 4);
    expect(refused(kernel)).toBe(0);
    expect([kernel.check(), second.check()]).toEqual([0, 0]);
  });

  it('is empty while nobody reads it', () => {
    const kernel = openKernel(build);
    const model = new KeyspaceModel();
    const draw = new CommandDraw(new Random(deriveSeed(seed, 1)), model);
    for (let i = 0; i < 500; i++) kernel.call(...draw.command());
    expect(kernel.shard.calls.logEndLsn()).toBe(0);
    expect(kernel.shard.calls.logPeek()).toBe(0);
    expect(kernel.shard.calls.logPeekBytes()).toBe(0);
  });

  it('says nothing of commands that change nothing', () => {
    const kernel = openKernel(build).logOn();
    kernel.call('SET', 'k', 'v');
    kernel.dropLog();
    const quiet = [
      ['GET', 'k'],
      ['SET', 'k', 'w', 'NX'],
      ['SETNX', 'k', 'w'],
      ['MSETNX', 'k', '1', 'j', '2'],
      ['DEL', 'none'],
      ['EXPIRE', 'none', '10'],
      ['PERSIST', 'k'],
      ['RENAMENX', 'k', 'k'],
      ['RENAME', 'none', 'x'],
      ['RENAME', 'k', 'k'],
      ['COPY', 'none', 'x'],
      ['MOVE', 'none', '1'],
      ['GETEX', 'k'],
      ['GETEX', 'k', 'PERSIST'],
      ['GETDEL', 'none'],
      ['INCR', 'k'],
      ['APPEND', 'k'],
      ['SETRANGE', 'k', '5', ''],
      ['SCAN', '0'],
      ['RANDOMKEY'],
    ];
    for (const command of quiet) {
      kernel.feed(Buffer.from(`${command.map((arg) => arg || '""').join(' ')}\r\n`));
      expect(kernel.shard.calls.logBacklog(), command.join(' ')).toBe(0);
    }
    expect(quiet.length).toBe(20);
  });

  it('says what a command did, and not what it was asked', () => {
    const kernel = openKernel(build).logOn();
    kernel.now = 1_700_000_000_000;
    const effects = (...command: string[]) => {
      kernel.call(...command);
      const log = read(kernel, 1e9, 1e9);
      const records: string[] = [];
      for (let at = 0; at < log.length; ) {
        const bytes = log.readUInt32LE(at);
        const words = log.toString('latin1', at + RECORD_HEADER_BYTES, at + RECORD_HEADER_BYTES + bytes).split('\r\n');
        records.push(words.filter((_, i) => i > 0 && i % 2 === 0).join(' '));
        at += RECORD_HEADER_BYTES + bytes;
      }
      return records;
    };
    expect(effects('set', 'k', 'v', 'EX', '10')).toEqual(['SET k v PXAT 1700000010000']);
    expect(effects('SETEX', 'k', '20', 'v')).toEqual(['SET k v PXAT 1700000020000']);
    expect(effects('SET', 'k', '1', 'KEEPTTL', 'GET')).toEqual(['SET k 1 KEEPTTL']);
    expect(effects('INCRBYFLOAT', 'k', '0.5')).toEqual(['SET k 1.5 KEEPTTL']);
    expect(effects('EXPIRE', 'k', '5', 'LT')).toEqual(['PEXPIREAT k 1700000005000']);
    expect(effects('GETEX', 'k', 'PX', '7')).toEqual(['PEXPIREAT k 1700000000007']);
    expect(effects('GETEX', 'k', 'PERSIST')).toEqual(['PERSIST k']);
    expect(effects('GETSET', 'k', 'w')).toEqual(['SET k w']);
    expect(effects('GETDEL', 'k')).toEqual(['DEL k']);
    expect(effects('SET', 'k', 'v')).toEqual(['SET k v']);
    expect(effects('EXPIREAT', 'k', '1')).toEqual(['DEL k']);
    kernel.db = 3;
    expect(effects('SET', 'k', 'v', 'PX', '1')).toEqual(['\0DB3 SET k v PXAT 1700000000001']);
    kernel.now += 2;
    expect(effects('GET', 'k')).toEqual(['\0DB3 DEL k']);
    expect(effects('MSET', 'a', '1', 'b', '2')).toEqual(['\0DB3 MSET a 1 b 2']);
    expect(effects('MOVE', 'a', '0')).toEqual(['\0DB3 MOVE a 0']);
    expect(effects('FLUSHALL', 'ASYNC')).toEqual(['\0DB3 FLUSHALL']);
  });

  it('takes a record only for a database that exists, and only from the host', () => {
    const kernel = openKernel(build);
    kernel.feed(Buffer.from('*3\r\n$4\r\n\0DB1\r\n$3\r\nGET\r\n$1\r\nk\r\n'));
    expect(kernel.status).toBe(abi.STATUS_HOST);
    kernel.flags |= abi.CALL_INTERNAL;
    expect(kernel.text('\0DB15', 'SET', 'k', 'v')).toBe('+OK\r\n');
    expect(kernel.text('GET', 'k')).toBe('$-1\r\n');
    for (const name of ['\0DB16', '\0DB-1', '\0DB', '\0DB01', '\0DBx', '\0DB99999999999999999999'])
      expect(kernel.text(name, 'GET', 'k')).toBe('-ERR unknown internal command\r\n');
    kernel.db = 15;
    expect(kernel.text('GET', 'k')).toBe('$1\r\nv\r\n');
  });

  it('loses nothing when memory ends: what is not logged is refused', () => {
    const kernel = openKernel(build, { logBytes: 4096, inBytes: 1 << 18, outBytes: 1 << 16, pagesMax: 320 }).logOn();
    const second = replica(build);
    const model = new KeyspaceModel();
    const random = new Random(deriveSeed(seed, 7));
    const draw = new CommandDraw(random, model, 4, 400);
    const hashes = new HashDraw(random, new HashModel(), 10, 300);
    let refusals = 0;
    for (let i = 0; i < 4000; i++) {
      if (random.oneIn(20)) model.now += 1000;
      kernel.now = model.now;
      kernel.db = random.below(2);
      try {
        hashes.model.now = model.now;
        if (kernel.text(...(random.oneIn(4) ? hashes : draw).command()).startsWith('-OOM')) refusals++;
      } catch (error) {
        if (!/no memory for the frame|status 9 /.test(String(error))) throw error;
      }
      expect(refused(kernel)).toBe(0);
    }
    expect(refusals).toBeGreaterThan(50);
    expect(kernel.check()).toBe(0);
    expect(replay(read(kernel, Number.POSITIVE_INFINITY, 1e9), second).length).toBe(0);
    expect(digests(second)).toEqual(digests(kernel));
    expect(kernel.text('SET', 'after', 'v')).toBe('+OK\r\n');
  });
});
