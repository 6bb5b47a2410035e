// Where a call stops, and what it says there: SLOW, MANY, HOST, WRITE, FULL, BIG. A frame that is stopped at has touched
// nothing, and executes when it comes back with the flag that lets it.
import { describe, expect, it } from 'vitest';
import * as abi from '../../host/kernel/abi.js';
import { frame, openKernel, type TestKernel } from '../support/kernel.js';
import { BUILDS } from '../support/wasm.js';

/** Feeds one command and says at which status it stopped. */
function statusOf(kernel: TestKernel, ...command: (string | number)[]): number {
  const reply = kernel.feed(frame(...command), 1);
  if (kernel.status !== abi.STATUS_DONE) {
    expect(reply.length).toBe(0);
    expect(kernel.shard.control(abi.CONTROL_CONSUMED)).toBe(0);
    expect(kernel.shard.control(abi.CONTROL_FRAME_BYTES)).toBe(frame(...command).length);
    expect(kernel.shard.control(abi.CONTROL_ARGC)).toBe(command.length);
  }
  return kernel.status;
}

describe.each(BUILDS)('statuses, $memory $mode', (build) => {
  it('SLOW: what would take a millisecond is handed back, until the caller has the time', () => {
    const k = openKernel(build);
    k.call('SET', 'big', 'v'.repeat(5_000_000));
    k.call('SET', 'middle', 'v'.repeat(3000));
    const commands = [];
    for (let i = 0; i < 20_000; i++) commands.push(['SET', `key:${i}`, 'v']);
    k.feedAll(commands);
    const slow: (string | number)[][] = [
      ['KEYS', 'nosuch*'],
      ['SCAN', '0', 'MATCH', 'nosuch', 'COUNT', '1000000'],
      ['BITCOUNT', 'big'],
      ['COPY', 'big', 'copied', 'REPLACE'],
      ['LCS', 'middle', 'middle', 'LEN'],
      ['SETRANGE', 'new', 3_000_000, 'x'],
      ['SETBIT', 'newer', 80_000_000, 1],
      ['BITOP', 'NOT', 'dest', 'big'],
      ['DEL', ...Array.from({ length: 3000 }, (_, i) => `none:${i}`)],
      ['MSET', ...Array.from({ length: 6000 }, (_, i) => `pair:${i}`)],
    ];
    k.flags = 0;
    for (const command of slow) {
      expect(statusOf(k, ...command), String(command[0])).toBe(abi.STATUS_SLOW);
    }
    expect(k.shard.calls.databaseKeys(0)).toBe(20_002);
    k.flags = abi.CALL_SLOW;
    for (const command of slow) expect(statusOf(k, ...command), String(command[0])).toBe(abi.STATUS_DONE);
    expect(k.shard.calls.databaseKeys(0)).toBeGreaterThan(20_005);
    expect(k.check()).toBe(0);
  });

  it('SLOW: what is quick stays, by the same commands', () => {
    const k = openKernel(build);
    k.call('SET', 'small', 'v'.repeat(1000));
    k.flags = 0;
    for (const command of [
      ['KEYS', '*'],
      ['SCAN', '0', 'COUNT', '100'],
      ['BITCOUNT', 'small'],
      ['COPY', 'small', 'copied'],
      ['LCS', 'copied', 'none'],
      ['SETRANGE', 'small', '1000', 'x'],
      ['APPEND', 'small', 'x'],
      ['RENAME', 'small', 'other'],
      ['MGET', 'a', 'b', 'c'],
      ['SETRANGE', 'x', '9223372036854775807', 'x'],
      ['BITFIELD', 'x', 'SET', 'u8', '9223372036854775807', '1'],
    ])
      expect(statusOf(k, ...command), command.join(' ')).toBe(abi.STATUS_DONE);
  });

  it('MANY: what touches several shards, or all, is led by the host, which holds their latches', () => {
    const k = openKernel(build, { shardCount: 3 });
    const s = k.shard;
    const shardOf = (key: string) => {
      s.bytes.set(Buffer.from(key), s.staging);
      return s.calls.route(s.staging, key.length) >>> 0;
    };
    const names = Array.from({ length: 100 }, (_, i) => `key:${i}`);
    const home = names.filter((key) => shardOf(key) === 0);
    const away = names.find((key) => shardOf(key) === 1)!;
    expect(home.length).toBeGreaterThan(10);
    for (const command of [
      ['MGET', home[0], away],
      ['MSET', home[0], 'v', away, 'v'],
      ['DEL', away, home[0]],
      ['RENAME', home[0], away],
      ['COPY', home[0], away],
      ['KEYS', '*'],
      ['SCAN', '0'],
      ['DBSIZE'],
      ['FLUSHALL'],
      ['SWAPDB', '0', '1'],
      ['RANDOMKEY'],
    ])
      expect(statusOf(k, ...command), command.join(' ')).toBe(abi.STATUS_MANY);
    expect(statusOf(k, 'MGET', home[0], home[1], home[2])).toBe(abi.STATUS_DONE);
    expect(statusOf(k, 'RENAME', home[0], home[1])).toBe(abi.STATUS_DONE);
    k.flags |= abi.CALL_ALL;
    expect(statusOf(k, 'DBSIZE')).toBe(abi.STATUS_DONE);
    expect(statusOf(k, 'DEL', home[0], away)).toBe(abi.STATUS_DONE);
  });

  it('HOST: connection and server commands, unknown ones, and everything before authentication', () => {
    const k = openKernel(build);
    for (const command of [
      ['NOSUCH', 'x'],
      ['SELECT', '1'],
      ['CLIENT', 'ID'],
      ['INFO'],
      ['OBJECT', 'HELP'],
      ['MEMORY', 'STATS'],
      [''],
    ])
      expect(statusOf(k, ...command), command.join(' ')).toBe(abi.STATUS_HOST);
    expect(statusOf(k, 'OBJECT', 'ENCODING', 'k')).toBe(abi.STATUS_DONE);
    expect(statusOf(k, 'MEMORY', 'USAGE', 'k')).toBe(abi.STATUS_DONE);
    k.flags |= abi.CALL_HOST_ALL;
    expect(statusOf(k, 'GET', 'k')).toBe(abi.STATUS_HOST);
    expect(statusOf(k, 'PING')).toBe(abi.STATUS_HOST);
  });

  it('WRITE: writes wait, reads go on', () => {
    const k = openKernel(build);
    k.call('SET', 'k', 'v');
    k.flags |= abi.CALL_NO_WRITES;
    for (const command of [['SET', 'k', 'w'], ['DEL', 'k'], ['EXPIRE', 'k', '1'], ['FLUSHALL'], ['GETDEL', 'k']])
      expect(statusOf(k, ...command), command.join(' ')).toBe(abi.STATUS_WRITE);
    for (const command of [
      ['GET', 'k'],
      ['TTL', 'k'],
      ['SCAN', '0'],
      ['SET', 'k'],
    ])
      expect(statusOf(k, ...command), command.join(' ')).toBe(abi.STATUS_DONE);
    expect(k.text('GET', 'k')).toBe('$1\r\nv\r\n');
  });

  it('FULL: a batch ends at its limit of commands, and nothing is lost in between', () => {
    const k = openKernel(build);
    const input = Buffer.concat(Array.from({ length: 10 }, () => frame('INCR', 'n')));
    k.feed(input, 4);
    expect(k.status).toBe(abi.STATUS_FULL);
    expect(k.shard.control(abi.CONTROL_COMMANDS)).toBe(4);
    expect(k.shard.control(abi.CONTROL_CONSUMED)).toBe(4 * frame('INCR', 'n').length);
    expect(k.shard.control(abi.CONTROL_WRITES)).toBe(4);
    expect(k.text('GET', 'n')).toBe('$1\r\n4\r\n');
  });

  it('BIG: a frame with too many arguments for a window runs from a block of its own', () => {
    const k = openKernel(build);
    const keys = Array.from({ length: 50_000 }, (_, i) => `key:${i}`);
    const input = frame('MSET', ...keys.flatMap((key) => [key, 'v']));
    expect(input.length).toBeGreaterThan(k.shard.layout.inBytes);
    expect(k.feed(input).toString()).toBe('+OK\r\n');
    expect(k.text('DBSIZE')).toBe(':50000\r\n');
    const short = frame('EXISTS', ...Array.from({ length: abi.ARGS_MAX }, () => 'k'));
    k.feed(short);
    expect(k.status).toBe(abi.STATUS_BIG);
    expect(k.check()).toBe(0);
  });

  it('calls are counted per opcode, the host’s own frames aside', () => {
    const k = openKernel(build);
    const row = (k.shard.window + abi.WINDOW_CALLS) >> 2;
    k.call('GET', 'k');
    const opcode = k.shard.control(abi.CONTROL_OPCODE);
    k.call('GET', 'k');
    expect(k.shard.words[row + opcode]).toBe(2);
    k.flags |= abi.CALL_INTERNAL;
    k.call('GET', 'k');
    expect(k.shard.words[row + opcode]).toBe(2);
  });
});
