// LZF, the compression of strings in Redis's snapshots: a run of literals, or a copy of bytes that came out before.
//
//   000nnnnn                     n + 1 literals follow, 1..32
//   lllooooo oooooooo            l = 1..6: copy l + 2 bytes from o + 1 bytes back
//   111ooooo llllllll oooooooo   copy l + 9 bytes, 9..264, from o + 1 bytes back, 1..8192
//
// Both directions check every bound: what is compressed may come from anybody.

/** No input byte makes more than this many output bytes: three make 264 at most. */
export const LZF_GROWTH_MAX: u32 = 88;
const LITERALS_MAX: u32 = 32;
const COPY_MAX: u32 = 264;
const BACK_MAX: u32 = 8192;

/** Unpacks [from, from + length) into [to, to + wanted). False: it is no LZF, or does not make exactly `wanted` bytes. */
export function lzfDecompress(from: u32, length: u32, to: u32, wanted: u32): bool {
  const end = from + length;
  let out: u32 = 0;
  while (from < end) {
    const control = <u32>load<u8>(from++);
    let count: u32;
    if (control < LITERALS_MAX) {
      count = control + 1;
      if (count > end - from || count > wanted - out) return false;
      memory.copy(to + out, from, count);
      from += count;
    } else {
      count = (control >>> 5) + 2;
      const wide: u32 = count == 9 ? 1 : 0;
      if (end - from < 1 + wide) return false;
      if (wide != 0) count += load<u8>(from++);
      const back = ((control & 31) << 8) + load<u8>(from++) + 1;
      if (back > out || count > wanted - out) return false;
      repeat(to + out, back, count);
    }
    out += count;
  }
  return out == wanted;
}

/** Copies `count` bytes from `back` bytes before `at`; where the two overlap, the copy repeats itself. */
@inline function repeat(at: u32, back: u32, count: u32): void {
  if (back >= count) { memory.copy(at, at - back, count); return; }
  for (let i: u32 = 0; i < count; i++) store<u8>(at + i, load<u8>(at + i - back));
}

/** Room that the table of `lzfCompress` takes. */
export const LZF_TABLE_BYTES: u32 = 16384;

@inline function slotOf(word: u32, shift: u32): u32 { return (((word & 0xffffff) * 0x9e3779b1) >>> shift) << 2; }

/**
 * Packs [from, from + length) into [to, to + room).
 * @param table LZF_TABLE_BYTES of scratch: where three bytes were last seen, as their offset + 1.
 * @returns the packed length, or 0: it does not fit.
 */
export function lzfCompress(from: u32, length: u32, to: u32, room: u32, table: u32): u32 {
  // A short string needs, and clears, less of the table.
  const bits: u32 = length < 512 ? 8 : 12;
  const shift = 32 - bits;
  memory.fill(table, 0, 4 << bits);
  let at: u32 = 0;
  let out: u32 = 0;
  let literals: u32 = 0; // those in front of `at`, not written yet
  // Four bytes are read where three are compared, so the last three are literals.
  while (at + 4 <= length) {
    const word = load<u32>(from + at);
    const slot = table + slotOf(word, shift);
    const seen = load<u32>(slot);
    store<u32>(slot, at + 1);
    const back = at + 1 - seen;
    if (seen == 0 || back > BACK_MAX || ((load<u32>(from + seen - 1) ^ word) & 0xffffff) != 0) {
      at++;
      if (++literals == LITERALS_MAX) {
        out = putLiterals(from + at - literals, literals, to, out, room);
        if (out == 0) return 0;
        literals = 0;
      }
      continue;
    }
    const count = matchLength(from + at, back, min(length - at, COPY_MAX));
    if (literals != 0) {
      out = putLiterals(from + at - literals, literals, to, out, room);
      if (out == 0) return 0;
      literals = 0;
    }
    if (out + (count < 9 ? 2 : 3) > room) return 0;
    const offset = back - 1;
    if (count < 9) store<u8>(to + out++, ((count - 2) << 5) | (offset >>> 8));
    else {
      store<u8>(to + out++, 0xe0 | (offset >>> 8));
      store<u8>(to + out++, count - 9);
    }
    store<u8>(to + out++, offset);
    at += count;
  }
  literals += length - at;
  while (literals != 0) {
    const run = min(literals, LITERALS_MAX);
    out = putLiterals(from + length - literals, run, to, out, room);
    if (out == 0) return 0;
    literals -= run;
  }
  return out;
}

/** How many bytes, at least 3 and at most `limit`, are the same as `back` bytes before. */
@inline function matchLength(at: u32, back: u32, limit: u32): u32 {
  let count: u32 = 3;
  while (count < limit && load<u8>(at + count) == load<u8>(at + count - back)) count++;
  return count;
}

/** Writes a run of literals behind the first `out` bytes; the new length, or 0: no room. */
function putLiterals(ptr: u32, count: u32, to: u32, out: u32, room: u32): u32 {
  if (out + count + 1 > room) return 0;
  store<u8>(to + out, count - 1);
  memory.copy(to + out + 1, ptr, count);
  return out + count + 1;
}
