// The 128-bit product of two 64-bit numbers, which WebAssembly cannot ask the processor for: four products of halves.

/** High half of the last `wideMultiply`. */
export let wideHigh: u64 = 0;

/** Multiplies; returns the low half of the product and leaves the high half in wideHigh. */
@inline export function wideMultiply(x: u64, y: u64): u64 {
  wideHigh = highProduct(x, y);
  return x * y;
}

/** The high 64 bits of x * y. No sum overflows: (2^32-1)^2 + 2 * (2^32-1) is 2^64 - 1. */
@inline export function highProduct(x: u64, y: u64): u64 {
  const x0 = x & 0xffffffff;
  const x1 = x >> 32;
  const y0 = y & 0xffffffff;
  const y1 = y >> 32;
  const middle = x1 * y0 + ((x0 * y0) >> 32);
  const other = x0 * y1 + (middle & 0xffffffff);
  return x1 * y1 + (middle >> 32) + (other >> 32);
}

/** Low half XOR high half of the product. */
@inline export function foldProduct(x: u64, y: u64): u64 { return (x * y) ^ highProduct(x, y); }
