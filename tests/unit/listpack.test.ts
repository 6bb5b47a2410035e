// Listpacks against a model of the format: after every change the block's bytes are those the model writes.
import { describe, expect, it } from 'vitest';
import { drawIntegerText } from '../fixtures-numbers/draw-integer.js';
import { backLength, listpack, listpackElement } from '../support/listpack-model.js';
import { deriveSeed, Random, runSeed } from '../support/seed.js';
import { BUILDS, type Build, loadTestModule } from '../support/wasm.js';

const WINDOW = 0x20000;
const TEXT = 0x30000;
const ARENA = 0x100000;
const seed = runSeed('listpacks');
const ROUNDS = process.env.LATCHKEY_TEST_LONG ? 200 : 6;

/** Every size and kind at which the encoding changes. */
const EDGES = [
  ...[0, 1, 127, 128, 4095, 4096, 32767, 32768, 8388607, 8388608, 2147483647, 2147483648].flatMap((n) => [
    `${n}`,
    `-${n}`,
    `-${n + 1}`,
  ]),
  ...['9223372036854775807', '-9223372036854775808', '9223372036854775808', '-9223372036854775809', '00', '+1', '-'],
  ...[0, 1, 63, 64, 125, 126, 127, 4095, 4096, 16380, 16381, 16382, 70000].map((length) => 'x'.repeat(length)),
  ...['12345678901234567890', '1.5', ' 1', '1 ', 'a', '\0', '\xff'],
].map((text) => Buffer.from(text, 'latin1'));

function drawElement(random: Random): Buffer {
  return random.weighted<() => Buffer>([
    [4, () => Buffer.from(String(random.between(-200, 200)))],
    [2, () => Buffer.from(drawIntegerText(random))],
    [4, () => random.bytes(random.below(12))],
    [2, () => random.pick(EDGES.filter((text) => text.length < 200))],
    [1, () => random.bytes(random.below(5000))],
  ])();
}

function setUp(build: Build) {
  const { exports: lp, memory } = loadTestModule('listpack', build);
  expect(lp.arenaInit(ARENA, 4096)).toBe(1);
  lp.useWindow(WINDOW);
  const bytes = () => Buffer.from(memory.buffer);
  const put = (text: Buffer): [number, number] => {
    bytes().set(text, TEXT);
    return [TEXT, text.length];
  };
  const block = (at: number) => Buffer.from(bytes().subarray(at, at + lp.lpBytes(at)));
  const view = (p: number, place = 0): Buffer => {
    lp.lpView(p, place);
    return Buffer.from(bytes().subarray(lp.ptr(), lp.ptr() + lp.len()));
  };
  const make = (elements: readonly Buffer[]): number => {
    let at = lp.lpNew(16);
    for (const element of elements) at = lp.lpAppend(at, ...put(element));
    return at;
  };
  return { lp, bytes, put, block, view, make };
}

describe.each(BUILDS)('the $memory $mode build', (build) => {
  const { lp, bytes, put, block, view, make } = setUp(build);

  it('an empty one has seven bytes and no positions', () => {
    const at = lp.lpNew(0);
    expect(block(at)).toEqual(listpack([]));
    expect([lp.lpFirst(at), lp.lpLast(at), lp.lpSeek(at, 0), lp.lpSeek(at, -1), lp.lpCount(at)]).toEqual([
      0, 0, 0, 0, 0,
    ]);
    lp.lpFree(at);
  });

  it('every kind of element is encoded, read and sized as the format says', () => {
    for (const text of EDGES) {
      const encoded = listpackElement(text);
      const at = make([text]);
      expect(block(at).subarray(6, -1).equals(encoded), text.toString('latin1', 0, 30)).toBe(true);
      expect(lp.lpEncodedBytes(...put(text))).toBe(BigInt(encoded.length));
      const p = lp.lpFirst(at);
      expect(view(p, 1).equals(text)).toBe(true);
      expect(lp.lpEquals(p, ...put(text))).toBe(1);
      expect(lp.lpEquals(p, ...put(Buffer.concat([text, Buffer.from('0')])))).toBe(0);
      expect(lp.lpLast(at)).toBe(p);
      lp.lpRead(p);
      if (lp.isInt()) {
        expect(String(lp.int())).toBe(text.toString());
        expect(lp.lpEncodedIntBytes(BigInt(text.toString()))).toBe(encoded.length);
        const other = lp.lpAppendInt(lp.lpNew(0), BigInt(text.toString()));
        expect(block(other)).toEqual(block(at));
        lp.lpFree(other);
      }
      lp.lpFree(at);
    }
  });

  it('the longest back-lengths lead back to their element', () => {
    for (const size of [16382, 16383, 16384, 2097150, 2097151]) {
      const text = Buffer.alloc(size - 5, 'y');
      const block = lp.arenaAlloc(text.length);
      bytes().set(text, block);
      let at = lp.lpAppendInt(lp.lpNew(0), 5n);
      at = lp.lpAppend(at, block, text.length);
      at = lp.lpAppendInt(at, 6n);
      const long = lp.lpPrev(at, lp.lpLast(at));
      expect(long - lp.lpFirst(at)).toBe(2);
      expect(lp.lpAfter(long) - long).toBe(size + backLength(size).length);
      expect(lp.lpValid(at, lp.lpBytes(at), 0)).toBe(1);
      lp.lpFree(at);
      lp.arenaFree(block);
    }
  });

  it('random changes leave the bytes that the model writes', () => {
    for (let round = 0; round < ROUNDS; round++) {
      const random = new Random(deriveSeed(seed, round));
      const used = lp.arenaUsedBytes();
      const model: Buffer[] = [];
      let at: number = lp.lpNew(random.below(200));
      for (let step = 0; step < 400; step++) {
        const index = random.below(model.length + 1);
        const p = index < model.length ? lp.lpSeek(at, index) : 0;
        const element = drawElement(random);
        const isInt = /^-?[1-9][0-9]{0,17}$/.test(element.toString('latin1'));
        let expected = index; // where lpAt is to point afterwards
        switch (random.below(model.length > 60 ? 8 : 6)) {
          case 0:
            expected = model.length;
            at = isInt ? lp.lpAppendInt(at, BigInt(element.toString('latin1'))) : lp.lpAppend(at, ...put(element));
            model.push(element);
            break;
          case 1:
            expected = 0;
            at = lp.lpPrepend(at, ...put(element));
            model.unshift(element);
            break;
          case 2:
          case 3:
            at = isInt
              ? lp.lpInsertInt(at, p, BigInt(element.toString('latin1')))
              : lp.lpInsert(at, p, ...put(element));
            model.splice(index, 0, element);
            break;
          case 4:
            if (p === 0) continue;
            at = isInt
              ? lp.lpReplaceInt(at, p, BigInt(element.toString('latin1')))
              : lp.lpReplace(at, p, ...put(element));
            model[index] = element;
            break;
          case 5: {
            const others = Array.from({ length: random.between(1, 3) }, () => drawElement(random));
            const other = make(others);
            at = lp.lpInsertSpan(at, p, other + 6, lp.lpBytes(other) - 7, others.length);
            lp.lpFree(other);
            model.splice(index, 0, ...others);
            break;
          }
          case 6:
            if (p === 0) continue;
            at = lp.lpDelete(at, p);
            model.splice(index, 1);
            break;
          default: {
            const count = random.below(30);
            const negative = index < model.length && random.oneIn(2);
            at = lp.lpDeleteRange(at, negative ? index - model.length : index, count);
            model.splice(index, count);
          }
        }
        const got = block(at);
        if (!got.equals(listpack(model))) expect({ round, step, got }).toEqual({ round, step, got: listpack(model) });
        expect(lp.at()).toBe(lp.lpSeek(at, expected));
        expect(lp.lpBytes(at)).toBeLessThanOrEqual(lp.arenaSize(at));
      }
      expect(lp.lpValid(at, lp.lpBytes(at), 0)).toBe(1);
      lp.lpFree(at);
      expect(lp.arenaUsedBytes()).toBe(used);
    }
    expect(lp.arenaCheck()).toBe(0);
  });

  it('is walked, sought and searched from both ends', () => {
    const random = new Random(deriveSeed(seed, 1000));
    for (let round = 0; round < 40; round++) {
      const model = Array.from({ length: random.below(40) }, () => drawElement(random));
      const at = make(model);
      const forward: number[] = [];
      for (let p = lp.lpFirst(at); p !== 0; p = lp.lpNext(at, p)) forward.push(p);
      const backward: number[] = [];
      for (let p = lp.lpLast(at); p !== 0; p = lp.lpPrev(at, p)) backward.push(p);
      expect(forward.map((p) => view(p).toString('latin1'))).toEqual(model.map((text) => text.toString('latin1')));
      expect(backward.reverse()).toEqual(forward);
      for (let i = -model.length - 2; i < model.length + 2; i++)
        expect(lp.lpSeek(at, i)).toBe(forward.at(i) && i < model.length ? forward.at(i) : 0);
      for (let k = 0; k < 20; k++) {
        const wanted = random.oneIn(4) || model.length === 0 ? drawElement(random) : random.pick(model);
        const skip = random.below(3);
        const from = random.below(model.length + 1);
        const found = model.findIndex((text, i) => i >= from && (i - from) % (skip + 1) === 0 && text.equals(wanted));
        expect(lp.lpFind(at, forward[from] ?? 0, ...put(wanted), skip)).toBe(found < 0 ? 0 : forward[found]);
      }
      lp.lpFree(at);
    }
  });

  it('loses equal elements in one pass, from the one asked for on', () => {
    const random = new Random(deriveSeed(seed, 3000));
    let gone = 0;
    for (let round = 0; round < 200; round++) {
      const kinds = Array.from({ length: random.between(1, 4) }, () => drawElement(random));
      const model = Array.from({ length: random.below(60) }, () => random.pick(kinds));
      const wanted = random.oneIn(10) ? drawElement(random) : random.pick(kinds);
      const skip = random.below(4);
      const limit = random.oneIn(3) ? 0xffffffff : random.below(8);
      let at = make(model);
      expect(lp.lpCountEqual(at, ...put(wanted))).toBe(model.filter((text) => text.equals(wanted)).length);
      at = lp.lpDeleteEqual(at, ...put(wanted), skip, limit);
      let met = 0;
      const left = model.filter((text) => {
        if (!text.equals(wanted)) return true;
        met++;
        return met <= skip || met > skip + limit;
      });
      expect(block(at).equals(listpack(left))).toBe(true);
      expect(lp.gone()).toBe(model.length - left.length);
      gone += lp.gone();
      lp.lpFree(at);
    }
    expect(gone).toBeGreaterThan(100);
  });

  it('a digit text that is stored as bytes, as others may send it, equals its text', () => {
    const foreign = Buffer.concat([Buffer.from([10, 0, 0, 0, 1, 0]), Buffer.from('\x8212\x03\xff', 'latin1')]);
    foreign.writeUInt32LE(foreign.length, 0);
    const at = lp.arenaAlloc(foreign.length);
    bytes().set(foreign, at);
    expect(lp.lpValid(at, foreign.length, 0)).toBe(1);
    expect(lp.lpFind(at, lp.lpFirst(at), ...put(Buffer.from('12')), 0)).toBe(at + 6);
    expect(lp.lpEquals(at + 6, ...put(Buffer.from('13')))).toBe(0);
    lp.arenaFree(at);
  });

  it('more than 65534 elements are counted by walking, and noted again once there are fewer', () => {
    let at = lp.lpNew(140000);
    for (let i = 0; i < 65534; i++) at = lp.lpAppendInt(at, BigInt(i & 127));
    expect(block(at).readUInt16LE(4)).toBe(65534);
    for (let i = 0; i < 10; i++) at = lp.lpAppendInt(at, 7n);
    expect(block(at).readUInt16LE(4)).toBe(65535);
    expect(lp.lpCount(at)).toBe(65544);
    expect(lp.lpSeek(at, 65543)).toBe(lp.lpLast(at));
    expect(lp.lpSeek(at, -65544)).toBe(lp.lpFirst(at));
    expect(lp.lpSeek(at, 65544)).toBe(0);
    expect(lp.lpSeek(at, -65545)).toBe(0);
    expect(lp.lpValid(at, lp.lpBytes(at), 1)).toBe(1);
    at = lp.lpDeleteRange(at, 0, 11);
    expect(block(at).readUInt16LE(4)).toBe(65535);
    expect(lp.lpCount(at)).toBe(65533);
    expect(block(at).readUInt16LE(4)).toBe(65533);
    lp.lpFree(at);
  });

  it('a change that finds no memory changes nothing, and deletions need none', () => {
    const model = Array.from({ length: 20 }, (_, i) => Buffer.from(`element ${i}`));
    let at = make(model);
    const before = block(at);
    const long = Buffer.alloc(3000, 'z');
    for (const change of [
      () => lp.lpAppend(at, ...put(long)),
      () => lp.lpPrepend(at, ...put(long)),
      () => lp.lpInsert(at, lp.lpSeek(at, 3), ...put(long)),
      () => lp.lpReplace(at, lp.lpSeek(at, 3), ...put(long)),
    ]) {
      lp.arenaFailIn(1);
      expect(change()).toBe(0);
      expect(block(at)).toEqual(before);
    }
    lp.arenaFailIn(1);
    at = lp.lpDeleteRange(at, 1, 18);
    lp.arenaFailIn(0);
    expect(block(at)).toEqual(listpack([model[0], model[19]]));
    lp.lpFree(at);
  });

  it('bytes from outside are taken exactly when they are a listpack', () => {
    const random = new Random(deriveSeed(seed, 2000));
    const END = lp.arenaAlloc(0x20000);
    let taken = 0;
    let refused = 0;
    for (let round = 0; round < (process.env.LATCHKEY_TEST_LONG ? 100_000 : 5000); round++) {
      const elements = Array.from({ length: random.below(6) }, () => drawElement(random));
      const good = listpack(elements);
      const bad = Buffer.from(good);
      for (let k = random.between(1, 2); k > 0; k--) {
        const near = random.oneIn(2) ? Math.min(bad.length, 24) : bad.length;
        bad[random.below(near)] = random.oneIn(2) ? random.below(256) : random.pick([0, 0xff, 0xf0, 0xf4, 0xe0, 0xc0]);
      }
      const cut = random.oneIn(8) ? bad.subarray(0, random.below(bad.length)) : bad;
      // What lies behind must not matter.
      bytes().fill(random.below(256), END, END + cut.length + 16);
      bytes().set(cut, END);
      const verdict = lp.lpValid(END, cut.length, 0);
      if (verdict === 0) {
        refused++;
        continue;
      }
      taken++;
      let count = 0;
      let sum = 0;
      for (let p = lp.lpFirst(END); p !== 0; p = lp.lpNext(END, p)) {
        sum += view(p).length;
        count++;
      }
      expect(count).toBe(lp.lpCount(END));
      expect(lp.lpValid(END, cut.length, 1)).toBe(count & 1 ? 0 : 1);
      let back = 0;
      for (let p = lp.lpLast(END); p !== 0; p = lp.lpPrev(END, p)) {
        sum -= view(p).length;
        back++;
      }
      expect([back, sum]).toEqual([count, 0]);
      bytes().set(good, END);
      expect(lp.lpValid(END, good.length, 0)).toBe(1);
      expect(lp.lpValid(END, good.length, 1)).toBe(elements.length & 1 ? 0 : 1);
    }
    expect(taken).toBeGreaterThan(100);
    expect(refused).toBeGreaterThan(100);
    lp.arenaFree(END);
  });
});
