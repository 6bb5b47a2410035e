// Lists by hand: the same commands in every form a list can have, what a form costs, and what must not happen while
// something large goes: a stall, a copy, a reply that breaks off.
import { describe, expect, it } from 'vitest';
import * as abi from '../../host/kernel/abi.js';
import { frame, openKernel, type TestKernel } from '../support/kernel.js';
import { setLimits } from '../support/limits.js';
import { digestOf, replayLog, takeLog } from '../support/log-replay.js';
import { BUILDS } from '../support/wasm.js';

/** Limits that put the list of the common test into each form. */
const FORMS = [
  { form: 'one listpack', size: -2, nodes: false },
  { form: 'a node for each element', size: 1, nodes: true },
  { form: 'nodes of three', size: 3, nodes: true },
];
const LARGE = Buffer.alloc(1 << 20, 'large');

const withSize = (kernel: TestKernel, size: number) => {
  setLimits(kernel, { listMaxListpackSize: size });
  return kernel;
};
const bulk = (text: string) => `$${text.length}\r\n${text}\r\n`;
const array = (...texts: string[]) => `*${texts.length}\r\n${texts.map(bulk).join('')}`;
/** Bytes of the key, its entry included. */
const sizeOf = (kernel: TestKernel, key: string) => Number(kernel.text('MEMORY', 'USAGE', key).slice(1));
const reclaimAll = (kernel: TestKernel) => {
  let slices = 0;
  while (kernel.shard.calls.reclaim(100) !== 0) slices++;
  return slices;
};
/** A list of `count` short elements, e0 and on. */
const fill = (kernel: TestKernel, key: string, count: number) => {
  for (let i = 0; i < count; i += 1000)
    kernel.call('RPUSH', key, ...Array.from({ length: Math.min(1000, count - i) }, (_, k) => `e${i + k}`));
};

describe.each(BUILDS)('lists, $memory $mode', (build) => {
  describe.each(FORMS)('as $form', ({ size, nodes }) => {
    const make = (...elements: string[]) => {
      const kernel = withSize(openKernel(build), size).logOn();
      if (elements.length > 0) kernel.call('RPUSH', 'l', ...elements);
      return kernel;
    };
    const whole = (kernel: TestKernel, key = 'l') => kernel.text('LRANGE', key, 0, -1);

    it('has the form', () => {
      const kernel = make('a', 'b', 'c', '4', '5');
      // Root and nodes come on top of the elements; beside all of them the table's only segment counts.
      expect(sizeOf(kernel, 'l') - 4100 > 80).toBe(nodes);
      expect(kernel.text('OBJECT', 'ENCODING', 'l')).toBe(bulk('quicklist'));
      expect(kernel.check()).toBe(0);
    });

    it('takes elements at both ends and gives them back', () => {
      const kernel = make('c', 'd');
      expect(kernel.text('LPUSH', 'l', 'b', 'a')).toBe(':4\r\n');
      expect(kernel.text('RPUSHX', 'l', '5', '6')).toBe(':6\r\n');
      expect(whole(kernel)).toBe(array('a', 'b', 'c', 'd', '5', '6'));
      expect(kernel.text('LPOP', 'l')).toBe(bulk('a'));
      expect(kernel.text('RPOP', 'l', 2)).toBe(array('6', '5'));
      expect(kernel.text('LPOP', 'l', 2)).toBe(array('b', 'c'));
      expect(kernel.text('RPOP', 'l')).toBe(bulk('d'));
      expect(kernel.text('EXISTS', 'l')).toBe(':0\r\n');
      expect(kernel.check()).toBe(0);
    });

    it('puts elements in front of, behind and in place of any other', () => {
      for (let at = 0; at < 7; at++) {
        const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
        const kernel = make(...names);
        const large = 'x'.repeat(9000);
        expect(kernel.text('LINSERT', 'l', 'BEFORE', names[at], '1')).toBe(':8\r\n');
        expect(kernel.text('LINSERT', 'l', 'AFTER', names[at], '2')).toBe(':9\r\n');
        expect(kernel.text('LINSERT', 'l', 'AFTER', names[at], large)).toBe(':10\r\n');
        const model = names.flatMap((name, i) => (i === at ? ['1', name, large, '2'] : [name]));
        expect(whole(kernel)).toBe(array(...model));
        expect(kernel.text('LSET', 'l', at + 1, large)).toBe('+OK\r\n');
        model[at + 1] = large;
        expect(kernel.text('LSET', 'l', at + 2, 'small')).toBe('+OK\r\n');
        model[at + 2] = 'small';
        expect(kernel.text('LSET', 'l', at - 10, 'first')).toBe('+OK\r\n');
        model[at] = 'first';
        expect(whole(kernel)).toBe(array(...model));
        expect(kernel.check()).toBe(0);
      }
    });

    it('loses elements from either end and from all over', () => {
      const names = ['a', 'b', 'a', 'c', 'a', 'd', 'a'];
      const kernel = make();
      for (let from = 0; from < 8; from++) {
        for (let to = -8; to < 8; to++) {
          kernel.call('DEL', 'l');
          kernel.call('RPUSH', 'l', ...names);
          const kept = names.slice(from, to < 0 ? Math.max(to + 8, 0) : to + 1);
          expect(kernel.text('LTRIM', 'l', from, to)).toBe('+OK\r\n');
          expect(whole(kernel)).toBe(array(...kept));
          expect(kernel.text('EXISTS', 'l')).toBe(`:${kept.length > 0 ? 1 : 0}\r\n`);
          expect(kernel.text('LREM', 'l', to % 3, 'a')).toMatch(/^:\d\r\n$/);
          expect(kernel.check()).toBe(0);
        }
      }
      kernel.call('DEL', 'l');
      kernel.call('RPUSH', 'l', ...names);
      expect(kernel.text('LREM', 'l', -1, 'a')).toBe(':1\r\n');
      expect(kernel.text('LREM', 'l', 1, 'a')).toBe(':1\r\n');
      expect(whole(kernel)).toBe(array('b', 'a', 'c', 'a', 'd'));
      expect(kernel.text('LREM', 'l', 0, 'a')).toBe(':2\r\n');
      expect(whole(kernel)).toBe(array('b', 'c', 'd'));
    });

    it('gives elements to another list and to itself', () => {
      const kernel = make('a', 'b', 'c', 'd');
      expect(kernel.text('LMOVE', 'l', 'l', 'LEFT', 'RIGHT')).toBe(bulk('a'));
      expect(whole(kernel)).toBe(array('b', 'c', 'd', 'a'));
      expect(kernel.text('RPOPLPUSH', 'l', 'l')).toBe(bulk('a'));
      expect(kernel.text('LMOVE', 'l', 'l', 'RIGHT', 'RIGHT')).toBe(bulk('d'));
      expect(kernel.text('LMOVE', 'l', 'm', 'LEFT', 'LEFT')).toBe(bulk('a'));
      expect(kernel.text('RPOPLPUSH', 'l', 'm')).toBe(bulk('d'));
      expect(whole(kernel)).toBe(array('b', 'c'));
      expect(whole(kernel, 'm')).toBe(array('d', 'a'));
      expect(kernel.text('LMPOP', 3, 'none', 'l', 'm', 'RIGHT', 'COUNT', 9)).toBe(
        `*2\r\n${bulk('l')}${array('c', 'b')}`,
      );
      expect(kernel.text('EXISTS', 'l', 'm')).toBe(':1\r\n');
      expect(kernel.check()).toBe(0);
    });

    it('logs what it takes to repeat it, and nothing for what changed nothing', () => {
      const kernel = make('a', 'b', 'c', 'a', 'b', 'c', 'd', 'e', 'f');
      const second = withSize(openKernel(build), -1);
      for (const command of [
        ['LMPOP', 2, 'none', 'l', 'LEFT', 'COUNT', 2],
        ['LREM', 'l', 0, 'a'],
        ['LTRIM', 'l', 0, -2],
        ['LINSERT', 'l', 'BEFORE', 'd', 'x'.repeat(9000)],
        ['LSET', 'l', 0, 'C'],
        ['LMOVE', 'l', 'm', 'RIGHT', 'LEFT'],
        ['RPOP', 'l', 2],
      ])
        expect(kernel.text(...command), command.join(' ')).not.toMatch(/^-/);
      const log = takeLog(kernel);
      expect(log.commands.map(([name]) => String(name))).toEqual([
        'RPUSH',
        'LPOP',
        'LREM',
        'LTRIM',
        'LINSERT',
        'LSET',
        'LMOVE',
        'RPOP',
      ]);
      replayLog(log, second);
      expect(digestOf(second)).toBe(digestOf(kernel));
      for (const command of [
        ['LPUSHX', 'none', 'a'],
        ['LPOP', 'none'],
        ['LPOP', 'l', 0],
        ['LREM', 'l', 0, 'none'],
        ['LTRIM', 'l', 0, -1],
        ['LTRIM', 'none', 0, 0],
        ['LINSERT', 'l', 'AFTER', 'none', 'x'],
        ['LMOVE', 'none', 'l', 'LEFT', 'LEFT'],
        ['LMPOP', 1, 'none', 'LEFT'],
        ['LSET', 'l', 100, 'x'],
        ['LRANGE', 'l', 0, -1],
        ['LPOS', 'l', 'a'],
      ])
        kernel.call(...command);
      expect(takeLog(kernel).commands).toEqual([]);
    });
  });

  it('a large element changes lists, and goes out, without being copied', () => {
    const kernel = openKernel(build);
    kernel.call('RPUSH', 'from', 'a', LARGE, 'b');
    kernel.call('RPUSH', 'to', LARGE, 'x');
    kernel.call('RPOP', 'from');
    kernel.failIn(1);
    const reply = kernel.call('LMOVE', 'from', 'to', 'RIGHT', 'LEFT');
    expect(kernel.failLeft(), 'requests for memory').toBe(1);
    kernel.failIn(0);
    expect(reply.equals(Buffer.from(bulk(LARGE.toString())))).toBe(true);
    expect(kernel.text('LRANGE', 'from', 0, -1)).toBe(array('a'));
    expect(kernel.text('LLEN', 'to')).toBe(':3\r\n');
    const rest = kernel.text('LPOP', 'to', 3);
    expect(rest === array(LARGE.toString(), LARGE.toString(), 'x')).toBe(true);
    expect(kernel.text('EXISTS', 'to')).toBe(':0\r\n');
    reclaimAll(kernel);
    expect(kernel.shard.calls.usedBytes()).toBeLessThan(LARGE.length);
    expect(kernel.check()).toBe(0);
  });

  it('elements take little more than their bytes, in whatever order they came', () => {
    const kernel = openKernel(build);
    fill(kernel, 'l', 20_000);
    for (let i = 0; i < 20_000; i += 500)
      kernel.call('LPUSH', 'm', ...Array.from({ length: 500 }, (_, k) => `e${i + k}`));
    // Six bytes on average, and two beside them.
    for (const key of ['l', 'm']) {
      expect(sizeOf(kernel, key)).toBeGreaterThan(20_000 * 7);
      expect(sizeOf(kernel, key)).toBeLessThan(20_000 * 8.3);
    }
    // What is thinned out closes ranks.
    for (let i = 0; i < 20_000; i++) if (i % 10 !== 0) kernel.call('LREM', 'l', 1, `e${i}`);
    expect(kernel.text('LLEN', 'l')).toBe(':2000\r\n');
    expect(sizeOf(kernel, 'l')).toBeLessThan(2000 * 17);
    expect(kernel.check()).toBe(0);
  });

  it('a long chain of nodes goes in slices, deleted or trimmed', () => {
    const kernel = withSize(openKernel(build), 1);
    const empty = kernel.shard.calls.usedBytes();
    const pops = [
      ['LTRIM', 'l', 4990, 4999],
      ['LTRIM', 'l', 0, 5],
      ['LPOP', 'l', 9000],
      ['RPOP', 'l', 9999],
      ['DEL', 'l'],
    ];
    for (const command of pops) {
      fill(kernel, 'l', 10_000);
      const used = kernel.shard.calls.usedBytes();
      expect(kernel.text(...command).slice(0, 1)).not.toBe('-');
      expect(used - kernel.shard.calls.usedBytes(), `freed at once by ${command}`).toBeLessThan(100 * 64);
      expect(kernel.check()).toBe(0);
      expect(reclaimAll(kernel)).toBeGreaterThan(20);
      kernel.call('DEL', 'l');
      reclaimAll(kernel);
      expect(kernel.shard.calls.usedBytes()).toBeLessThan(empty + 16384);
      expect(kernel.check()).toBe(0);
    }
  });

  it('a chain is freed at once where not even a root for it can be had', () => {
    const kernel = withSize(openKernel(build), 1);
    fill(kernel, 'l', 1000);
    const used = kernel.shard.calls.usedBytes();
    kernel.failIn(1);
    expect(kernel.text('LTRIM', 'l', 0, 9)).toBe('+OK\r\n');
    expect(kernel.failLeft()).toBe(0);
    expect(used - kernel.shard.calls.usedBytes()).toBeGreaterThan(900 * 32);
    expect(kernel.text('LLEN', 'l')).toBe(':10\r\n');
    expect(kernel.check()).toBe(0);
  });

  it('a thinned chain moves together in slices, while it goes on changing', () => {
    const kernel = withSize(openKernel(build), 1);
    const { calls } = kernel.shard;
    const model = Array.from({ length: 8000 }, (_, i) => (i % 8 === 3 ? `kept:${i}` : 'gone'));
    for (let i = 0; i < model.length; i += 500) kernel.call('RPUSH', 'l', ...model.slice(i, i + 500));
    kernel.call('LREM', 'l', 0, 'gone');
    const list = model.filter((element) => element !== 'gone');
    const sparse = calls.sparseBytes();
    let slices = 0;
    while (calls.defrag(64) !== 0) {
      slices++;
      const at = (slices * 7919) % list.length;
      switch (slices % 5) {
        case 0:
          kernel.call('LSET', 'l', at, `set:${slices}`);
          list[at] = `set:${slices}`;
          break;
        case 1:
          kernel.call('LREM', 'l', 1, list[at]);
          list.splice(at, 1);
          break;
        case 2:
          kernel.call('LMOVE', 'l', 'l', 'LEFT', 'RIGHT');
          list.push(list.shift()!);
          break;
        case 3:
          kernel.call('RPOP', 'l');
          list.pop();
          break;
        default:
          kernel.call('LPUSH', 'l', `new:${slices}`);
          list.unshift(`new:${slices}`);
      }
      expect(kernel.check()).toBe(0);
      expect(kernel.text('LRANGE', 'l', 0, -1) === array(...list), `after slice ${slices}`).toBe(true);
    }
    expect(slices).toBeGreaterThan(20);
    expect(calls.sparseBytes()).toBeLessThan(sparse / 2);
    // A cut may take away the very node to go on with.
    calls.defrag(64);
    kernel.call('LPOP', 'l', list.length - 3);
    while (calls.defrag(64) !== 0);
    expect(kernel.text('LRANGE', 'l', 0, -1)).toBe(array(...list.slice(-3)));
    expect(kernel.check()).toBe(0);
  });

  it('commands that would take long are left to the slow lane, before they touch anything', () => {
    const kernel = openKernel(build);
    fill(kernel, 'l', 60_000);
    kernel.call('RPUSH', 'heavy', ...Array.from({ length: 40 }, () => Buffer.alloc(60_000)));
    kernel.flags = 0;
    const status = (...command: (string | number)[]) => {
      kernel.feed(frame(...command), 1);
      return kernel.status;
    };
    for (const command of [
      ['LRANGE', 'l', 0, -1],
      ['LRANGE', 'l', -20_000, -1],
      ['LRANGE', 'heavy', 0, -1],
      ['LPOP', 'l', 50_000],
      ['RPOP', 'heavy', 40],
      ['LMPOP', 2, 'none', 'l', 'LEFT', 'COUNT', 50_000],
      ['LREM', 'l', 0, 'x'],
      ['LPOS', 'l', 'x'],
      ['LINSERT', 'l', 'AFTER', 'x', 'y'],
    ])
      expect(status(...command), command.join(' ')).toBe(abi.STATUS_SLOW);
    expect(kernel.text('LLEN', 'l')).toBe(':60000\r\n');
    for (const command of [
      ['LRANGE', 'l', 30_000, 30_100],
      ['LRANGE', 'heavy', 0, 3],
      ['LRANGE', 'none', 0, -1],
      ['LINDEX', 'l', 30_000],
      ['LSET', 'l', -30_000, 'x'],
      ['LPOP', 'l'],
      ['RPOP', 'l', 100],
      ['LMPOP', 2, 'none', 'l', 'LEFT', 'COUNT', 10],
      ['LTRIM', 'l', 0, 99],
      ['LREM', 'l', 0, 'x'],
    ])
      expect(status(...command), command.join(' ')).toBe(abi.STATUS_DONE);
    expect(kernel.check()).toBe(0);
  });
});
