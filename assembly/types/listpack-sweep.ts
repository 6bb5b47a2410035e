// Taking equal elements out of a listpack in one pass, however many they are. types/listpack.ts draws the format.
import { LP_HEADER_BYTES, lpAfter, lpBytes, lpIsWanted, lpTrimmed, lpWant } from './listpack';

const COUNT_UNKNOWN: u32 = 0xffff;

/** Elements that equal these bytes. */
export function lpCountEqual(lp: u32, ptr: u32, length: u32): u32 {
  lpWant(ptr, length);
  const end = lp + lpBytes(lp) - 1;
  let count: u32 = 0;
  for (let p = lp + LP_HEADER_BYTES; p < end; p = lpAfter(p)) if (lpIsWanted(p)) count++;
  return count;
}

/** Elements that the last `lpDeleteEqual` took out. */
export let lpGone: u32 = 0;

/**
 * Takes out elements that equal these bytes: all of them but the first `skip`, and `limit` at most. Needs no memory.
 * Answers the listpack to use from now on.
 */
export function lpDeleteEqual(lp: u32, ptr: u32, length: u32, skip: u32, limit: u32): u32 {
  lpWant(ptr, length);
  lpGone = 0;
  const end = lp + lpBytes(lp) - 1;
  let to: u32 = 0; // where the next bytes that stay go ...
  let stays: u32 = 0; // ... and where they begin
  let p = lp + LP_HEADER_BYTES;
  while (p < end && lpGone < limit) {
    const next = lpAfter(p);
    if (lpIsWanted(p)) {
      if (skip != 0) skip--;
      else {
        if (lpGone == 0) to = p;
        else { memory.copy(to, stays, p - stays); to += p - stays; }
        stays = next;
        lpGone++;
      }
    }
    p = next;
  }
  if (lpGone == 0) return lp;
  // The end byte comes along.
  memory.copy(to, stays, end + 1 - stays);
  store<u32>(lp, to + (end + 1 - stays) - lp);
  const count = <u32>load<u16>(lp, 4);
  if (count != COUNT_UNKNOWN) store<u16>(lp, count - lpGone, 4);
  return lpTrimmed(lp);
}
