// Seeded randomness and a result hash: the same seed gives the same work on every run, and the hash shows that it was done.

/** xorshift32: a function that returns the next u32. */
export function generator(seed) {
  let state = seed >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state >>>= 0;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state;
  };
}

/** 32-bit FNV-1a of bytes, going on from `hash`. */
export function hashBytes(bytes, hash = 0x811c9dc5) {
  for (let i = 0; i < bytes.length; i++) hash = Math.imul(hash ^ bytes[i], 0x01000193);
  return hash >>> 0;
}

export const hex = (hash) => (hash >>> 0).toString(16).padStart(8, '0');
