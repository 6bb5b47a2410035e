import { describe, expect, it } from 'vitest';
import { openKernel } from '../support/kernel.js';
import { BUILDS } from '../support/wasm.js';

describe.each(BUILDS)('kernel $memory $mode', (build) => {
  it('sets and gets', () => {
    const k = openKernel(build);
    expect(k.text('SET', 'a', 'b')).toBe('+OK\r\n');
    expect(k.text('GET', 'a')).toBe('$1\r\nb\r\n');
    expect(k.text('INCR', 'n')).toBe(':1\r\n');
    expect(k.text('GET', 'n')).toBe('$1\r\n1\r\n');
    for (let i = 0; i < 20000; i++) expect(k.text('SET', `key:${i}`, `value${i}`)).toBe('+OK\r\n');
    for (let i = 0; i < 20000; i++) expect(k.text('GET', `key:${i}`)).toBe(`$${`value${i}`.length}\r\nvalue${i}\r\n`);
    expect(k.check()).toBe(0);
    expect(k.text('DBSIZE')).toBe(':20002\r\n');
    expect(k.text('DEL', 'a', 'n', 'x')).toBe(':2\r\n');
    expect(k.text('SET', 'big', 'x'.repeat(100000))).toBe('+OK\r\n');
    expect(k.text('GET', 'big').length).toBe(100011);
    expect(k.text('INCRBYFLOAT', 'f', '10.5')).toBe('$4\r\n10.5\r\n');
  });
});
