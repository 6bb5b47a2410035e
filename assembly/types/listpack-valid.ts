// Whether bytes from outside (RESTORE, a snapshot) are a listpack. types/listpack.ts draws the format.
import { LP_BYTES_MAX, LP_EMPTY_BYTES, LP_HEADER_BYTES, lpBackBytes, lpBytes, lpSizeAt } from './listpack';

const END: u32 = 0xff;
const COUNT_UNKNOWN: u32 = 0xffff;
const HEAD_STRING_32: u32 = 0xf0;

/**
 * Are these bytes, from outside, a listpack from end to end? Everything that types/listpack.ts relies on is checked: sizes,
 * every head, every back-length, the count.
 * @param pairs Its elements have to come in pairs.
 */
export function lpValid(ptr: u32, bytes: u32, pairs: bool): bool {
  if (bytes < LP_EMPTY_BYTES || <u64>bytes > LP_BYTES_MAX || lpBytes(ptr) != bytes || <u32>load<u8>(ptr + bytes - 1) != END) return false;
  const end = ptr + bytes - 1;
  let p = ptr + LP_HEADER_BYTES;
  let count: u32 = 0;
  while (p < end) {
    p = validAfter(p, end);
    if (p == 0) return false;
    count++;
  }
  const noted = <u32>load<u16>(ptr, 4);
  return (noted == COUNT_UNKNOWN || noted == count) && (!pairs || (count & 1) == 0);
}

/** Where the element at `p` ends, at `end` at the latest; 0: it is not a whole one. */
function validAfter(p: u32, end: u32): u32 {
  const head = <u32>load<u8>(p);
  if (head > 0xf4) return 0;
  const room = end - p;
  if (head >= 0xe0 && room < (head == HEAD_STRING_32 ? <u32>5 : 2)) return 0;
  if (head == HEAD_STRING_32 && load<u32>(p, 1) > room) return 0;
  const size = lpSizeAt(p);
  const back = lpBackBytes(size);
  if (size + back > room) return 0;
  let rest = size;
  for (let i = back; i > 1; i--) {
    if (<u32>load<u8>(p + size + i - 1) != ((rest & 127) | 128)) return 0;
    rest >>>= 7;
  }
  return <u32>load<u8>(p + size) == rest ? p + size + back : 0;
}
