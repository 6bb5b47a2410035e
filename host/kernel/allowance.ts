// Where a shard keeps its part of maxmemory: byte offsets from the header, drawn in assembly/memory/allowance.ts.
// tests/unit/allowance.test.ts compares the two.

export const ALLOWANCE_AT = 3072;
export const ALLOWANCE_GRANULES = ALLOWANCE_AT;
export const ALLOWANCE_DIVIDING = ALLOWANCE_AT + 4;
export const ALLOWANCE_LIMIT_BYTES = ALLOWANCE_AT + 8;
export const ALLOWANCE_POLICY = ALLOWANCE_AT + 16;
export const ALLOWANCE_SAMPLES = ALLOWANCE_AT + 20;
export const ALLOWANCE_TENACITY = ALLOWANCE_AT + 24;
export const ALLOWANCE_EVICTED = ALLOWANCE_AT + 32;

/** The shard may hold what it can. */
export const ALLOWANCE_NONE = 0xffffffff;
/** Bytes are counted in units of this, which all sizes of blocks are multiples of. */
export const GRANULE_BYTES = 8;
