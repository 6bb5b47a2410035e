// Samples of interleaved rounds: medians, spreads, and ratios taken within each round, so that what slows the machine
// down for a while slows both sides of a ratio.
import { median } from '../support/table.mjs';

export class Samples {
  /** key -> one sample per round */
  #samples = new Map();

  add(key, sample) {
    if (!this.#samples.has(key)) this.#samples.set(key, []);
    this.#samples.get(key).push(sample);
  }

  values(key, field) {
    const samples = this.#samples.get(key);
    if (!samples) throw new Error(`nothing was measured for ${key}`);
    return samples.map((sample) => sample[field]);
  }

  median(key, field) {
    return median(this.values(key, field));
  }

  /** Half the distance between the extremes, as a share of the median. */
  spread(key, field) {
    const values = this.values(key, field);
    return (Math.max(...values) - Math.min(...values)) / 2 / median(values);
  }

  /** Median of the ratios of two keys' samples, round by round. */
  ratio(key, base, field) {
    const bases = this.values(base, field);
    return median(this.values(key, field).map((value, round) => value / bases[round]));
  }

  any(key, field) {
    return this.values(key, field).some(Boolean);
  }
}

/** `met`, or by how much a ratio misses a bound, relative to the bound. */
export function verdict(ratio, { atLeast, atMost }) {
  const miss = atLeast === undefined ? ratio / atMost - 1 : 1 - ratio / atLeast;
  return miss <= 0 ? 'met' : `missed by ${(miss * 100).toFixed(0)} %`;
}

/** `1.23 (≥ 1.5, missed by 18 %)`, or a dash where a run was shorter than the clock tells. */
export function judged(ratio, bound) {
  if (!Number.isFinite(ratio)) return '–';
  const text = `${ratio.toFixed(2)}×`;
  if (!bound) return text;
  const limit = bound.atLeast === undefined ? `≤ ${bound.atMost}` : `≥ ${bound.atLeast}`;
  return `${text} (${limit}: ${verdict(ratio, bound)})`;
}
