// What a shard counts of its active defragmentation: byte offsets from the header, drawn in assembly/memory/moving.ts.
// tests/unit/abi.test.ts compares the two.

export const DEFRAG_AT = 3136;
export const DEFRAG_HITS = DEFRAG_AT;
export const DEFRAG_MISSES = DEFRAG_AT + 8;
export const DEFRAG_KEY_HITS = DEFRAG_AT + 16;
export const DEFRAG_KEY_MISSES = DEFRAG_AT + 24;

export const DEFRAG_COUNTERS = [DEFRAG_HITS, DEFRAG_MISSES, DEFRAG_KEY_HITS, DEFRAG_KEY_MISSES];
