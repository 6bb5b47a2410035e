// When keys go: on the way of any command that meets them, and by passes of active expiry that do a bounded amount of
// work each and reach everything in the end.
import { describe, expect, it } from 'vitest';
import { HEADER_DIRTY, HEADER_EXPIRED, HEADER_FLAG_CLOCK_STOPPED, HEADER_FLAGS } from '../../host/kernel/kernel.js';
import { openKernel } from '../support/kernel.js';
import { BUILDS } from '../support/wasm.js';

describe.each(BUILDS)('expiry, $memory $mode', (build) => {
  it('lets a key live through its last millisecond and no longer', () => {
    const k = openKernel(build);
    k.call('SET', 'k', 'v', 'PX', '100');
    k.now += 100;
    expect(k.text('PTTL', 'k')).toBe(':0\r\n');
    expect(k.text('GET', 'k')).toBe('$1\r\nv\r\n');
    k.now += 1;
    expect(k.text('DBSIZE')).toBe(':1\r\n');
    expect(k.text('GET', 'k')).toBe('$-1\r\n');
    expect(k.text('DBSIZE')).toBe(':0\r\n');
    expect(k.counter(HEADER_EXPIRED)).toBe(1);
    expect(k.counter(HEADER_DIRTY)).toBe(2);
  });

  it('deletes at once what is given a deadline that has passed', () => {
    const k = openKernel(build);
    for (const command of [
      ['EXPIRE', 'k', '-1'],
      ['PEXPIRE', 'k', '0'],
      ['EXPIREAT', 'k', '1'],
      ['PEXPIREAT', 'k', '-9223372036854775808'],
      ['EXPIREAT', 'k', '0', 'LT'],
    ]) {
      k.call('SET', 'k', 'v');
      expect(k.text(...command)).toBe(':1\r\n');
      expect(k.text('DBSIZE')).toBe(':0\r\n');
    }
    k.call('SET', 'k', 'v');
    expect(k.text('GETEX', 'k', 'PXAT', '1')).toBe('$1\r\nv\r\n');
    expect(k.text('DBSIZE')).toBe(':0\r\n');
    expect(k.check()).toBe(0);
  });

  it('does about as much work as the budget says, and reaches every key in the end', () => {
    const k = openKernel(build);
    const commands = [];
    for (let i = 0; i < 20_000; i++) commands.push(['SET', `key:${i}`, 'v', 'PX', String(1 + (i % 1000))]);
    k.feedAll(commands);
    k.call('SET', 'lasting', 'v');
    k.now += 500;
    // Not due yet: half of them. A pass must not touch those.
    let most = 0;
    let sum = 0;
    let passes = 0;
    do {
      const gone = k.expire(100);
      most = Math.max(most, gone);
      sum += gone;
      passes++;
    } while (k.expiryStale() === 1 && passes < 10_000);
    expect(sum).toBe(20 * 499);
    expect(most).toBeLessThanOrEqual(756);
    expect(passes).toBeGreaterThan(20);
    expect(k.check()).toBe(0);
    expect(k.expire(1e6)).toBe(0);
    k.now += 600;
    expect(k.expire(1e9)).toBe(20 * 501);
    expect(k.text('DBSIZE')).toBe(':1\r\n');
    expect(k.shard.calls.databaseExpires(0)).toBe(0);
  });

  it('passes over databases and segments where nothing is due at the cost of a look', () => {
    const k = openKernel(build);
    const commands = [];
    for (let i = 0; i < 20_000; i++) commands.push(['SET', `key:${i}`, 'v', 'PX', '1000000']);
    k.feedAll(commands);
    k.now += 1;
    k.expire(1e6);
    k.db = 9;
    k.call('SET', 'due', 'v', 'PX', '1');
    k.now += 10;
    const segments = k.shard.calls.databaseSegments(0);
    expect(segments).toBeGreaterThan(20);
    expect(k.expire(segments + 20)).toBe(1);
    expect(k.expiryStale()).toBe(0);
  });

  it('goes on where it left off when databases are swapped or emptied under its cursor', () => {
    const k = openKernel(build);
    const commands = [];
    for (let i = 0; i < 5_000; i++) commands.push(['SET', `key:${i}`, 'v', 'PX', '10']);
    for (const db of [0, 3, 15]) {
      k.db = db;
      k.feedAll(commands);
    }
    k.now += 11;
    for (let i = 0; i < 10; i++) k.expire(50);
    expect(k.expiryStale()).toBe(1);
    k.db = 0;
    k.call('SWAPDB', '0', '7');
    k.call('SET', 'x', 'v', 'PX', '1');
    k.expire(50);
    k.db = 3;
    k.call('FLUSHDB');
    for (let i = 0; i < 10_000 && (i === 0 || k.expiryStale()); i++) k.expire(50);
    k.now += 10;
    k.expire(1e6);
    for (const db of [0, 3, 7, 15]) expect(k.shard.calls.databaseKeys(db), `db ${db}`).toBe(0);
    expect(k.check()).toBe(0);
  });

  it('does nothing by itself while the clock stands still', () => {
    const k = openKernel(build);
    k.shard.setHeader(HEADER_FLAGS, HEADER_FLAG_CLOCK_STOPPED);
    k.call('SET', 'k', 'v', 'PXAT', '1');
    k.call('SET', 'j', 'v');
    expect(k.text('PEXPIREAT', 'j', '5')).toBe(':1\r\n');
    expect(k.expire(1000)).toBe(0);
    expect(k.text('GET', 'k')).toBe('$1\r\nv\r\n');
    expect(k.text('PEXPIRETIME', 'j')).toBe(':5\r\n');
    expect(k.text('SCAN', '0', 'COUNT', '100')).toContain('*2\r\n$1\r\n');
    k.shard.setHeader(HEADER_FLAGS, 0);
    expect(k.text('EXISTS', 'k', 'j')).toBe(':0\r\n');
  });

  it('gives and takes deadlines in place or by a new block, the value untouched', () => {
    const k = openKernel(build);
    for (let length = 0; length < 300; length += 7) {
      const value = 'v'.repeat(length);
      for (const key of ['k', 'w'.repeat(length + 1), 'x'.repeat(65_530 + (length % 10))]) {
        k.call('SET', key, value);
        for (let i = 0; i < 3; i++) {
          expect(k.text('PEXPIREAT', key, String(1_800_000_000_000 + i))).toBe(':1\r\n');
          expect(k.text('PEXPIRETIME', key)).toBe(`:${1_800_000_000_000 + i}\r\n`);
          if (i < 2) expect(k.text('PERSIST', key)).toBe(':1\r\n');
          expect(k.text('GET', key)).toBe(`$${length}\r\n${value}\r\n`);
        }
        k.call('DEL', key);
      }
    }
    expect(k.check()).toBe(0);
    expect(k.shard.calls.databaseExpires(0)).toBe(0);
  });
});
