// Reading arguments, with Redis's errors for those that do not fit.
import { argLen, argPtr, bulkBytesMax, nowMs } from './context';
import { parseI64, parsedI64 } from '../types/integer';
import { replyError, replyErrorWith, replyNotInteger } from '../resp/errors';

/** The integer that `integerArg` read. */
export let integer: i64 = 0;

/** Reads argument i as an i64, or replies with the error and answers false. */
export function integerArg(i: u32): bool {
  if (!parseI64(argPtr(i), argLen(i))) { replyNotInteger(); return false; }
  integer = parsedI64;
  return true;
}

/** Units of an expiry argument. */
export const EXPIRY_SECONDS: u32 = 1;
export const EXPIRY_ABSOLUTE: u32 = 2;

/** Unix milliseconds that `expiryArg` read. */
export let expiryMs: i64 = 0;

/** Reads argument i as an expiry that must be above zero; for SET and its family. */
export function expiryArg(i: u32, unit: u32): bool {
  if (!integerArg(i)) return false;
  let ms = integer;
  if (ms <= 0 || ((unit & EXPIRY_SECONDS) && ms > i64.MAX_VALUE / 1000)) { replyInvalidExpiry(); return false; }
  if (unit & EXPIRY_SECONDS) ms *= 1000;
  if ((unit & EXPIRY_ABSOLUTE) == 0) {
    if (ms > i64.MAX_VALUE - nowMs) { replyInvalidExpiry(); return false; }
    ms += nowMs;
  }
  expiryMs = ms;
  return true;
}

/** "invalid expire time in 'name' command", under the name of the command in hand. */
export function replyInvalidExpiry(): void {
  replyErrorWith("ERR invalid expire time in '", argPtr(0), argLen(0), "' command", true);
}

/** Bytes of argument i up to its first NUL: what C takes for its length. */
export function argTextLen(i: u32): u32 {
  const length = argLen(i);
  const p = argPtr(i);
  for (let k: u32 = 0; k < length; k++) if (load<u8>(p + k) == 0) return k;
  return length;
}

/** Is argument i the word `lower`, in any letter case? As in C, a NUL ends the argument. */
export function argIsWord(i: u32, lower: string): bool {
  const length = <u32>lower.length;
  if (argLen(i) < length) return false;
  const p = argPtr(i);
  for (let k: u32 = 0; k < length; k++) {
    let c = <u32>load<u8>(p + k);
    if (c >= 65 && c <= 90) c |= 32;
    if (c != <u32>load<u8>(changetype<usize>(lower) + (k << 1))) return false;
  }
  return argLen(i) == length || load<u8>(p + length) == 0;
}

/** The bit offset that `bitOffsetArg` read. */
export let bitOffset: u64 = 0;

/**
 * Reads argument i as a bit offset below proto-max-bulk-len bytes, or replies with the error and answers false.
 * @param bits 0, or the width of the field that a leading '#' counts in.
 */
export function bitOffsetArg(i: u32, bits: u32): bool {
  const length = argLen(i);
  const counted: u32 = bits != 0 && length != 0 && load<u8>(argPtr(i)) == 0x23 ? 1 : 0;
  if (parseI64(argPtr(i) + counted, length - counted)) {
    const offset = counted != 0 ? parsedI64 * <i64>bits : parsedI64;
    if (offset >= 0 && offset >> 3 < <i64>bulkBytesMax) { bitOffset = <u64>offset; return true; }
  }
  replyError('ERR bit offset is not an integer or out of range');
  return false;
}
