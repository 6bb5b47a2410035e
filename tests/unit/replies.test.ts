// Replies of every size: in the window, in chunks of the arena, and pinned where they lie.
import { describe, expect, it } from 'vitest';
import * as abi from '../../host/kernel/abi.js';
import { ERROR_KINDS } from '../../host/worker/stats.js';
import { frame, openKernel } from '../support/kernel.js';
import { BUILDS } from '../support/wasm.js';

const bulk = (value: string) => `$${value.length}\r\n${value}\r\n`;

describe.each(BUILDS)('replies, $memory $mode', (build) => {
  it('come back as they were stored, at every length around a boundary', () => {
    const k = openKernel(build);
    for (const length of [0, 1, 7, 8, 9, 15, 16, 17, 31, 32, 33, 254, 255, 256, 65534, 65535, 65536, 65537, 300_000]) {
      const value = 'abcdefghijklmnop'.repeat(length / 16 + 1).slice(0, length);
      expect(k.text('SET', 'k', value)).toBe('+OK\r\n');
      expect(k.text('GET', 'k') === bulk(value), `${length} bytes`).toBe(true);
      expect(k.text('GETRANGE', 'k', '1', '-2') === bulk(value.slice(1, -1)), `part of ${length} bytes`).toBe(true);
    }
    expect(k.check()).toBe(0);
  });

  it('of many long values are answered whole, however many', () => {
    const k = openKernel(build);
    const value = 'v'.repeat(100_000);
    const keys = Array.from({ length: 300 }, (_, i) => `key:${i}`);
    for (const key of keys) k.call('SET', key, value);
    const reply = k.call('MGET', ...keys);
    expect(reply.length).toBe('*300\r\n'.length + 300 * bulk(value).length);
    expect(reply.equals(Buffer.from(`*300\r\n${bulk(value).repeat(300)}`))).toBe(true);
    expect(k.check()).toBe(0);
  });

  it('of a batch stop in front of the frame that finds no room, and go on from there', () => {
    const k = openKernel(build);
    for (let i = 0; i < 100; i++) k.call('SET', `key:${i}`, String(i).repeat(10_000));
    const commands = Array.from({ length: 100 }, (_, i) => ['GET', `key:${i}`]);
    const all = k.feedAll(commands);
    expect(all.equals(Buffer.from(commands.map((_, i) => bulk(String(i).repeat(10_000))).join('')))).toBe(true);
    k.feed(Buffer.concat(commands.map((command) => frame(...command))));
    expect(k.status).toBe(abi.STATUS_FULL);
    expect(k.shard.control(abi.CONTROL_COMMANDS)).toBeGreaterThan(3);
  });

  it('stay as they are while they are pinned, whatever happens to the value', () => {
    for (const write of [
      ['DEL', 'k'],
      ['SET', 'k', 'short'],
      ['APPEND', 'k', 'more'],
      ['SETRANGE', 'k', '0', 'XXXX'],
      ['SETBIT', 'k', '0', '1'],
      ['RENAME', 'k', 'j'],
      ['FLUSHALL'],
    ]) {
      const k = openKernel(build);
      const s = k.shard;
      const value = 'v'.repeat(70_000);
      k.call('SET', 'k', value);
      const used = s.calls.usedBytes();
      s.bytes.set(frame('GET', 'k'), s.input);
      k.stamp(1);
      expect(s.calls.run(s.window, 0, frame('GET', 'k').length, 1, 0)).toBe(abi.STATUS_DONE);
      const pieces = s.control(abi.CONTROL_PIECES);
      const rows = Array.from({ length: pieces }, (_, i) => {
        const row = (s.window + abi.WINDOW_PIECES + i * 16) >> 2;
        return {
          ptr: s.words[row] >>> 0,
          bytes: s.words[row + 1] >>> 0,
          kind: s.words[row + 2],
          blob: s.words[row + 3] >>> 0,
        };
      });
      const pinned = rows.find(({ kind }) => kind === abi.PIECE_PINNED)!;
      expect(pinned.bytes).toBe(70_000);
      // A host that keeps the rows and uses the window again gives the pins up one by one.
      k.call(...write);
      s.calls.reclaim(1000);
      expect(Buffer.from(s.view(pinned.ptr, pinned.bytes)).equals(Buffer.from(value)), write.join(' ')).toBe(true);
      s.calls.begin(1, 0);
      s.calls.unpin(pinned.blob);
      s.calls.end(1);
      expect(k.check()).toBe(0);
      if (write[0] === 'DEL') expect(s.calls.usedBytes()).toBeLessThanOrEqual(used);
    }
  });

  it('are dropped under CLIENT REPLY OFF, and the commands run', () => {
    const k = openKernel(build);
    k.call('SET', 'long', 'v'.repeat(200_000));
    k.flags |= abi.CALL_REPLY_OFF;
    expect(k.call('SET', 'k', 'v').length).toBe(0);
    expect(k.call('GET', 'long').length).toBe(0);
    expect(k.call('SET', 'k').length).toBe(0);
    k.flags &= ~abi.CALL_REPLY_OFF;
    expect(k.text('GET', 'k')).toBe('$1\r\nv\r\n');
    expect(k.check()).toBe(0);
  });

  it('are counted by kind when they are errors', () => {
    const k = openKernel(build);
    const input = ['SET k', 'INCR s', 'GET s', 'SETRANGE s -1 x'].map((line) => `${line}\r\n`).join('');
    k.call('SET', 's', 'text');
    k.feed(Buffer.from(input));
    expect(k.shard.control(abi.CONTROL_ERRORS)).toBe(3);
    expect(k.shard.control(abi.CONTROL_ERROR_KINDS)).toBe(3);
    expect(k.shard.control(abi.CONTROL_COMMANDS)).toBe(4);
    const kinds = () =>
      Array.from({ length: abi.ERROR_KINDS }, (_, i) => k.shard.control(abi.CONTROL_ERROR_KINDS + i * 4));
    for (const [line, kind] of [
      ['RPUSH s a', 'WRONGTYPE'],
      ['XGROUP CREATE x g $', 'ERR'],
      ['XREADGROUP GROUP g c STREAMS x >', 'NOGROUP'],
      ['RESTORE s 0 payload', 'BUSYKEY'],
      ['SET h HYLL\\x01', ''],
      ['PFCOUNT h', 'WRONGTYPE'],
    ] as const) {
      k.feed(Buffer.from(`${line}\r\n`));
      expect(kinds(), line).toEqual(ERROR_KINDS.slice(0, abi.ERROR_KINDS).map((name) => Number(name === kind)));
    }
    k.call('SET', 'h', 'HYLL\x01\0\0\0\0\0\0\0\0\0\0\x80\x00');
    k.call('PFCOUNT', 'h');
    expect(kinds()[ERROR_KINDS.indexOf('INVALIDOBJ')]).toBe(1);
    k.call('XGROUP', 'CREATE', 'y', 'g', '$', 'MKSTREAM');
    k.call('XGROUP', 'CREATE', 'y', 'g', '$');
    expect(kinds()[ERROR_KINDS.indexOf('BUSYGROUP')]).toBe(1);
  });
});
