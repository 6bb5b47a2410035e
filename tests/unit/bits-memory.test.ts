// Bit commands and LCS when memory runs out, and BITOP over values of another shard.
import { describe, expect, it } from 'vitest';
import { CALL_ALL, CALL_INTERNAL, CALL_SLOW } from '../../host/kernel/abi.js';
import { openKernel, type TestKernel } from '../support/kernel.js';
import { digestOf, replayLog, takeLog } from '../support/log-replay.js';
import { BUILDS } from '../support/wasm.js';

const OOM = "-OOM command not allowed when used memory > 'maxmemory'.\r\n";
const LCS_OOM = '-ERR Insufficient memory, failed allocating transient memory for LCS\r\n';
const KIB = 1024;

/** A shard with little memory and few bytes left in it: `left` is what SET can still store in one piece. */
function crowded(build: (typeof BUILDS)[number], left: number, outBytes = 1 << 18): TestKernel {
  const kernel = openKernel(build, { pagesMax: 512, outBytes });
  kernel.call('SET', 'a', Buffer.alloc(600 * KIB, 'abcdefg'));
  kernel.call('SET', 'b', Buffer.alloc(500 * KIB, 'bcdegfa'));
  kernel.call('SET', 'short', 'abc');
  kernel.call('SET', 'n', 12);
  kernel.call('SET', 'room', Buffer.alloc(left));
  for (const size of [1 << 20, 1 << 19, 1 << 18, 1 << 17, 1 << 16, 1 << 15]) {
    let i = 0;
    while (kernel.text('SET', `fill:${size}:${i}`, Buffer.alloc(size * 0.9)) === '+OK\r\n') i++;
  }
  expect(kernel.text('DEL', 'room')).toBe(':1\r\n');
  return kernel.logOn();
}

const GREEDY: [command: (string | number)[], refusal: string][] = [
  [['SETBIT', 'new', 8 * 900 * KIB, 1], OOM],
  [['SETBIT', 'new', 8 * (512 << 20) - 1, 1], OOM],
  [['SETBIT', 'a', 8 * 1900 * KIB, 1], OOM],
  [['SETBIT', 'short', 8 * 900 * KIB, 1], OOM],
  [['SETBIT', 'n', 8 * 900 * KIB, 1], OOM],
  [['BITFIELD', 'new', 'SET', 'u8', 8 * 900 * KIB, 1], OOM],
  [['BITFIELD', 'a', 'GET', 'u8', 0, 'INCRBY', 'i5', 8 * 1900 * KIB, 1], OOM],
  [['BITFIELD', 'n', 'GET', 'u8', 0, 'INCRBY', 'i5', 8 * (512 << 20) - 1, 1], OOM],
  [['BITOP', 'AND', 'new', 'a', 'b'], OOM],
  [['BITOP', 'NOT', 'short', 'b'], OOM],
  [['BITOP', 'XOR', 'a', 'a', 'b'], OOM],
];

describe.each(BUILDS)('the $memory $mode build', (build) => {
  describe.each([100, 100 * KIB])('with about %i bytes left', (left) => {
    it.each(GREEDY)('%j is refused and changes nothing', (command, refusal) => {
      const kernel = crowded(build, left);
      const before = digestOf(kernel);
      expect(kernel.text(...command)).toBe(refusal);
      expect(digestOf(kernel)).toBe(before);
      expect(takeLog(kernel).commands).toEqual([]);
      expect(kernel.check()).toBe(0);
      // What needs no memory still works.
      expect(kernel.text('BITCOUNT', 'n')).toBe(':6\r\n');
      expect(kernel.text('SETBIT', 'a', 0, 1)).toBe(':0\r\n');
    });
  });

  it('LCS without memory for its table says so, and its block is given back either way', () => {
    const kernel = openKernel(build, { pagesMax: 512 });
    for (let i = 0; i < 20; i++) kernel.call('SET', `fill:${i}`, Buffer.alloc(900 * KIB));
    // Below Redis's limit of 2^27 cells; at a bit a cell 16.5 MB, more than the values above can leave of 32 MiB.
    kernel.call('SET', 'a', Buffer.alloc(11_500, 'ab'));
    kernel.call('SET', 'b', Buffer.alloc(11_500, 'ba'));
    for (let i = 0; i < 5; i++) {
      expect(kernel.text('LCS', 'a', 'b')).toBe(LCS_OOM);
      expect(kernel.text('LCS', 'a', 'b', 'LEN')).toBe(':11499\r\n');
      expect(kernel.text('LCS', 'a', 'b', 'LEN', 'IDX')).toMatch(/^-ERR If you want both/);
    }
    for (let i = 0; i < 200; i++) {
      kernel.call('SET', 'c', Buffer.alloc(300, 'abc'));
      expect(kernel.text('LCS', 'c', 'b', 'IDX')).toMatch(/^\*4\r\n\$7\r\nmatches/);
    }
    expect(kernel.check()).toBe(0);
  });

  it('BITFIELD without memory for its reply changes nothing', () => {
    const kernel = crowded(build, 100, 1 << 16);
    const before = digestOf(kernel);
    // So many replies do not fit the window.
    const steps = Array.from({ length: 4000 }, () => ['SET', 'u8', 0, 1]).flat();
    expect(kernel.text('BITFIELD', 'short', ...steps)).toBe(OOM);
    expect(digestOf(kernel)).toBe(before);
    expect(kernel.check()).toBe(0);
  });

  describe('guests', () => {
    function withGuests(values: Record<string, string | Buffer>): TestKernel {
      const other = openKernel(build, { shardCount: 2, shardIndex: 1 });
      const home = openKernel(build, { shardCount: 2 }).logOn();
      for (const kernel of [home, other]) kernel.flags = CALL_SLOW | CALL_INTERNAL | CALL_ALL;
      home.call('SET', 'local', Buffer.alloc(300, 0x0f));
      for (const [key, value] of Object.entries(values)) {
        other.call('SET', key, value);
        const image = other.call('\0IMAGE', key);
        const bytes = image.subarray(image.indexOf('\r\n') + 2, image.length - 2);
        expect(home.text('\0GUEST', key, bytes)).toBe('+OK\r\n');
      }
      takeLog(home);
      return home;
    }
    const end = (kernel: TestKernel) => kernel.shard.calls.guestsClear();

    it('BITOP sees them, and logs its result by value', () => {
      const kernel = withGuests({ far: Buffer.alloc(400, 0xff), n: '12' });
      expect(kernel.text('BITOP', 'AND', 'd', 'local', 'far')).toBe(':400\r\n');
      expect(kernel.text('BITOP', 'OR', 'e', 'n', 'far:none')).toBe(':2\r\n');
      end(kernel);
      const log = takeLog(kernel);
      expect(log.commands.map((args) => String(args[0]))).toEqual(['SET', 'SET']);
      expect(kernel.text('GET', 'e')).toBe('$2\r\n12\r\n');
      expect(kernel.call('GET', 'd').subarray(6, 406)).toEqual(
        Buffer.concat([Buffer.alloc(300, 0x0f), Buffer.alloc(100)]),
      );
      const second = openKernel(build);
      second.call('SET', 'local', Buffer.alloc(300, 0x0f));
      replayLog(log, second);
      expect(digestOf(second)).toBe(digestOf(kernel));
    });

    it('without them BITOP logs itself, and a destination that vanishes as DEL', () => {
      const kernel = withGuests({});
      kernel.call('BITOP', 'NOT', 'd', 'local');
      kernel.call('BITOP', 'AND', 'd', 'none');
      kernel.call('BITOP', 'AND', 'd', 'none');
      end(kernel);
      expect(takeLog(kernel).commands.map((args) => args.join(' '))).toEqual(['BITOP NOT d local', 'DEL d']);
    });

    it('LCS sees them', () => {
      const kernel = withGuests({ x: 'ohmytext', y: 'mynewtext' });
      expect(kernel.text('LCS', 'x', 'y')).toBe('$6\r\nmytext\r\n');
      end(kernel);
      expect(kernel.text('LCS', 'x', 'y')).toBe('$0\r\n\r\n');
    });
  });
});
