// LZF, unpacking only, for what the host itself has to read: names of keys. Values stay packed on their way.
//
//   000nnnnn                    n + 1 bytes as they are
//   nnnooooo oooooooo           n + 2 bytes from o + 1 bytes back; n is 1..6
//   111ooooo nnnnnnnn oooooooo  n + 9 bytes from there

/** The `length` bytes that were packed; undefined: these bytes do not unpack to so many. */
export function lzfUnpack(packed: Uint8Array, length: number): Buffer | undefined {
  // No three bytes stand for more than 264.
  if (length > packed.length * 264) return undefined;
  const out = Buffer.allocUnsafe(length);
  let to = 0;
  let i = 0;
  while (i < packed.length) {
    const head = packed[i++];
    if (head < 32) {
      const count = head + 1;
      if (i + count > packed.length || to + count > length) return undefined;
      out.set(packed.subarray(i, i + count), to);
      i += count;
      to += count;
      continue;
    }
    let count = (head >> 5) + 2;
    if (count === 9) count += packed[i++] ?? Number.NaN;
    const from = to - ((head & 31) << 8) - (packed[i++] ?? Number.NaN) - 1;
    if (!(from >= 0) || !(to + count <= length)) return undefined;
    // Byte by byte: what is copied may reach into what is being written.
    for (let k = 0; k < count; k++) out[to + k] = out[from + k];
    to += count;
  }
  return to === length ? out : undefined;
}
