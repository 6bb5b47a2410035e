// Goal: the tree of stream IDs is a sorted map, keeps its shape under every order of insertion and removal, and fails for
// want of memory without having changed.
// Method: random operations against a sorted array; the tree checks itself; freed to the last byte at the end.
import { describe, expect, it } from 'vitest';
import { deriveSeed, Random, runSeed } from '../support/seed.js';
import { BUILDS, loadTestModule } from '../support/wasm.js';

const seed = runSeed('id-tree');
const STEPS = process.env.LATCHKEY_TEST_LONG ? 100_000 : 6_000;
const BASE = 0x20000;

/** An ID as one number, so that the model can sort. */
const idOf = (ms: bigint, seq: bigint) => (ms << 64n) | seq;
const asU64 = (value: bigint) => BigInt.asUintN(64, value);

class Subject {
  readonly x;
  readonly tree: number;
  readonly model: { id: bigint; value: number }[] = [];
  readonly emptyBytes: bigint;

  constructor(build: (typeof BUILDS)[number]) {
    this.x = loadTestModule('streams', build).exports;
    if (this.x.arenaInit(BASE, 65536 * 16 - BASE / 4096) !== 1) throw new Error('no memory for the arena');
    this.tree = this.x.arenaAlloc(8) >>> 0;
    this.x.treeInit(this.tree);
    this.emptyBytes = this.used;
  }
  get used(): bigint {
    return asU64(this.x.arenaUsedBytes());
  }
  /** Index of the first ID that is at least this one. */
  from(id: bigint): number {
    let [low, high] = [0, this.model.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.model[middle].id < id) low = middle + 1;
      else high = middle;
    }
    return low;
  }
  has(id: bigint): boolean {
    return this.model[this.from(id)]?.id === id;
  }
  add(id: bigint, value: number): boolean {
    const done = this.x.treeAdd(this.tree, id >> 64n, asU64(id), value) !== 0;
    if (done) this.model.splice(this.from(id), 0, { id, value });
    return done;
  }
  remove(id: bigint): void {
    const at = this.from(id);
    const wanted = this.model[at]?.id === id ? this.model[at].value : 0;
    expect(this.x.treeRemove(this.tree, id >> 64n, asU64(id)) >>> 0).toBe(wanted);
    if (wanted !== 0) this.model.splice(at, 1);
  }
  at(place: bigint): { id: bigint; value: number } | undefined {
    if (place === 0n) return undefined;
    const { x } = this;
    return { id: idOf(asU64(x.treeMs(place)), asU64(x.treeSeq(place))), value: x.treeValue(place) >>> 0 };
  }
  look(id: bigint): void {
    const { x, tree, model } = this;
    const [ms, seq] = [id >> 64n, asU64(id)];
    const at = this.from(id);
    const exact = model[at]?.id === id;
    expect(this.at(x.treeSeekFrom(tree, ms, seq))).toEqual(model[at]);
    expect(this.at(x.treeSeekUpTo(tree, ms, seq))).toEqual(model[exact ? at : at - 1]);
    expect(this.at(x.treeFind(tree, ms, seq))).toEqual(exact ? model[at] : undefined);
  }
  walk(): void {
    const { x, tree, model } = this;
    const [up, down] = [[], []] as { id: bigint; value: number }[][];
    for (let p = x.treeFirst(tree); p !== 0n; p = x.treeNext(p)) up.push(this.at(p)!);
    for (let p = x.treeLast(tree); p !== 0n; p = x.treePrev(p)) down.push(this.at(p)!);
    expect(up).toEqual(model);
    expect(down.reverse()).toEqual(model);
    expect(x.treeCount(tree) >>> 0).toBe(model.length);
    expect(x.treeCheck(tree)).toBe(0);
    expect(x.arenaCheck()).toBe(0);
    expect(asU64(x.treeBytes(tree))).toBe(this.used - this.emptyBytes);
  }
}

/** How IDs are drawn: where new ones go, and where old ones are looked for. */
const ORDERS = {
  'new IDs at the end': (r: Random, n: number) => idOf(BigInt(n), BigInt(r.below(3))),
  'IDs anywhere': (r: Random) => idOf(BigInt(r.below(60)), BigInt(r.below(60))),
  'the ends of the numbers': (r: Random) => idOf(asU64(BigInt(r.below(40)) - 20n), asU64(BigInt(r.below(60)) - 30n)),
  'new IDs at the front': (r: Random, n: number) => idOf(BigInt(10 ** 7 - n), BigInt(r.below(3))),
};

describe.each(BUILDS)('the tree of stream IDs, $memory $mode', (build) => {
  it.each(Object.entries(ORDERS))('is a sorted map: %s', (name, draw) => {
    const random = new Random(deriveSeed(seed, name.length));
    const subject = new Subject(build);
    let growing = true;
    for (let step = 1; step <= STEPS; step++) {
      if (random.oneIn(800)) growing = !growing;
      const id = draw(random, step);
      if (random.below(10) < (growing ? 7 : 2)) {
        if (!subject.has(id)) expect(subject.add(id, step)).toBe(true);
      } else if (subject.model.length > 0) {
        const victim = random.oneIn(3) ? subject.model[0].id : random.pick(subject.model).id;
        subject.remove(random.oneIn(3) ? id : victim);
      }
      if (step % 7 === 0) subject.look(draw(random, step));
      if (step % 500 === 0) subject.walk();
    }
    for (const { id } of random.shuffled(subject.model)) {
      subject.remove(id);
      if (random.oneIn(200)) subject.walk();
    }
    expect(subject.used).toBe(subject.emptyBytes);
  });

  it('fills its nodes when IDs only grow, and keeps them at least a third full when they go at random', () => {
    const subject = new Subject(build);
    for (let n = 1; n <= 20_000; n++) subject.add(idOf(BigInt(n), 0n), n);
    expect(Number(subject.used - subject.emptyBytes) / 20_000).toBeLessThan(22.5);
    const random = new Random(deriveSeed(seed, 77));
    for (const { id } of random.shuffled(subject.model).slice(0, 18_000)) subject.remove(id);
    subject.walk();
    expect(Number(subject.used - subject.emptyBytes) / 2000).toBeLessThan(512 / 8);
  });

  it('a refused allocation changes nothing, whichever it is', () => {
    const random = new Random(deriveSeed(seed, 99));
    const subject = new Subject(build);
    let refused = 0;
    for (let n = 0; n < 3000; n++) {
      const id = idOf(BigInt(random.below(1 << 20)), 0n);
      if (subject.has(id)) continue;
      for (let k = 1; ; k++) {
        const before = subject.used;
        subject.x.arenaFailIn(k);
        const done = subject.add(id, n + 1);
        subject.x.arenaFailIn(0);
        if (done) break;
        refused++;
        expect(subject.used).toBe(before);
      }
      if (n % 300 === 0) subject.walk();
    }
    subject.walk();
    expect(refused).toBeGreaterThan(100);
  });

  it.each([false, true])('is freed in slices (values owned: %s)', (owned) => {
    const subject = new Subject(build);
    for (let n = 1; n <= 2000; n++) {
      const value = owned ? subject.x.arenaAlloc(24) >>> 0 : n;
      subject.add(idOf(BigInt((n * 7919) % 2003), 1n), value);
    }
    let slices = 0;
    while (!subject.x.treeGone(subject.tree)) {
      const left = subject.x.treeReclaim(subject.tree, owned ? 1 : 0, 50);
      expect(left).toBeGreaterThan(-2);
      slices++;
    }
    expect(slices).toBeGreaterThan(owned ? 40 : 3);
    expect(subject.used).toBe(subject.emptyBytes);
    expect(subject.x.arenaCheck()).toBe(0);
  });
});
