// Short forms of the two key specs that nearly every command has.
import type { KeyFlag, KeySpec } from './types.js';

/** One key at a fixed position, the command's name being position 0. */
export function key(position: number, ...flags: KeyFlag[]): KeySpec {
  return keyRange({ first: position, last: 0, step: 1 }, ...flags);
}

/** Keys from a fixed position on. `last` is relative to the first, or to the end of the command if negative. */
export function keyRange(range: { first: number; last: number; step: number }, ...flags: KeyFlag[]): KeySpec {
  return { flags, begin: { index: range.first }, find: { last: range.last, step: range.step, limit: 0 } };
}
