// Seeds: every random test prints the one it used and can be given one to repeat.

/**
 * The seed of this run, a 32-bit number: env `LATCHKEY_SEED` (decimal or 0x…), else drawn from the clock. Printed with
 * the name of the test that asks, so that a failing run can be repeated.
 */
export function runSeed(name = 'tests'): number {
  const given = process.env.LATCHKEY_SEED;
  const seed = given ? Number(given) >>> 0 : (Date.now() ^ (process.pid << 16)) >>> 0;
  if (given && !Number.isInteger(Number(given))) throw new Error(`LATCHKEY_SEED is not a whole number: ${given}`);
  console.log(`${name}: LATCHKEY_SEED=${seed}`);
  return seed;
}

/** A seed of its own for part `index` of a run, so that parts can be repeated one by one. */
export function deriveSeed(seed: number, index: number): number {
  return mix((seed ^ mix((index + 0x9e3779b9) | 0)) | 0);
}

/** Scrambles 32 bits so that every input bit reaches every output bit; a bijection. */
function mix(value: number): number {
  let bits = value | 0;
  bits = Math.imul(bits ^ (bits >>> 16), 0x7feb352d);
  bits = Math.imul(bits ^ (bits >>> 15), 0x846ca68b);
  return (bits ^ (bits >>> 16)) >>> 0;
}

/**
 * A small pseudo-random generator: xorshift over 128 bits of state, filled from one 32-bit seed. The same seed gives
 * the same draws on every platform.
 */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  constructor(seed: number) {
    // Four different scrambled words; mix is a bijection, so at most one of them is zero and the state never is.
    this.#a = mix(seed);
    this.#b = mix(seed + 1);
    this.#c = mix(seed + 2);
    this.#d = mix(seed + 3);
    for (let i = 0; i < 8; i++) this.word();
  }

  /** 32 random bits as a number in 0..2^32-1. */
  word(): number {
    const t = this.#a ^ (this.#a << 11);
    this.#a = this.#b;
    this.#b = this.#c;
    this.#c = this.#d;
    this.#d = (this.#d ^ (this.#d >>> 19) ^ t ^ (t >>> 8)) >>> 0;
    return this.#d;
  }

  /** A whole number in 0..limit-1; limit is 1..2^32. */
  below(limit: number): number {
    return Math.floor((this.word() / 0x1_0000_0000) * limit);
  }

  /** A whole number in low..high, both included. */
  between(low: number, high: number): number {
    return low + this.below(high - low + 1);
  }

  /** True once in `n` draws on average. */
  oneIn(n: number): boolean {
    return this.below(n) === 0;
  }

  /** One of the items, each as likely as the next. */
  pick<T>(items: readonly T[]): T {
    if (items.length === 0) throw new Error('nothing to pick from');
    return items[this.below(items.length)];
  }

  /** One item, as likely as its weight says. */
  weighted<T>(items: readonly (readonly [weight: number, item: T])[]): T {
    let at = this.below(items.reduce((sum, [weight]) => sum + weight, 0));
    for (const [weight, item] of items) {
      if (at < weight) return item;
      at -= weight;
    }
    throw new Error('weights must be whole numbers with a sum above zero');
  }

  /** `length` random bytes. */
  bytes(length: number): Buffer {
    const buffer = Buffer.allocUnsafe(length);
    for (let i = 0; i < length; i++) buffer[i] = this.word() >>> 24;
    return buffer;
  }

  /** The items in random order; the argument is left alone. */
  shuffled<T>(items: readonly T[]): T[] {
    const copy = [...items];
    for (let i = copy.length - 1; i > 0; i--) {
      const j = this.below(i + 1);
      [copy[i], copy[j]] = [copy[j], copy[i]];
    }
    return copy;
  }
}
