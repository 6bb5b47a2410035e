// A histogram of durations: each power of two is cut into 32 steps, so a value is known to 3 % at any size, and recording
// is two array operations without garbage. Percentiles answer with a bucket's upper bound, never with less than the truth.
const STEPS = 32;
const STEP_BITS = 5;
/** About 4.3 seconds: what lasts longer is counted as that. */
const VALUE_MAX = 2 ** 32 - 1;
const BUCKETS = (32 - STEP_BITS + 1) * STEPS;

export class Histogram {
  #counts = new Float64Array(BUCKETS);
  count = 0;
  max = 0;

  /** @param {number} ns Whole nanoseconds; below 0 counts as 0. */
  record(ns) {
    this.#counts[bucketOf(ns)]++;
    this.count++;
    if (ns > this.max) this.max = ns;
  }

  /** The least bound that a share (0..1) of all values does not exceed. */
  percentile(share) {
    let left = Math.ceil(this.count * share);
    for (let i = 0; i < this.#counts.length; i++) {
      left -= this.#counts[i];
      if (left <= 0) return Math.min(boundOf(i), this.max);
    }
    return this.max;
  }
}

/** Values below 32 have a bucket each; above, the power of two and the 5 bits after the leading one choose. */
function bucketOf(ns) {
  const value = Math.min(Math.max(ns, 0), VALUE_MAX) >>> 0;
  if (value < STEPS) return value;
  const power = 31 - Math.clz32(value);
  return (power - STEP_BITS + 1) * STEPS + ((value >>> (power - STEP_BITS)) & (STEPS - 1));
}

function boundOf(bucket) {
  if (bucket < STEPS) return bucket;
  const power = Math.floor(bucket / STEPS) + STEP_BITS - 1;
  return (STEPS + (bucket % STEPS) + 1) * 2 ** (power - STEP_BITS);
}
