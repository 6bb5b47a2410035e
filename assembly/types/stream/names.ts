// A few blocks by name, in the order of their names' bytes: the groups of a stream, the consumers of a group. A sorted
// row of addresses; each block says where its name lies.
//
// Names, one block, 0 while there are none:
//   offset size field
//        0    4 count
//        4    4 spare
//        8      addresses, u32 each; of blocks that begin with
//                    0    8 spare     (a group's place in the list of dropped values)
//                    8    4 nameLen   bytes
//                   12    4 nameAt    offset of the name in the block
import { arenaAlloc, arenaFree, arenaRealloc, arenaSize } from '../../memory/arena';

const HEAD_BYTES: u32 = 8;
const ROOM_MIN: u32 = 4;

@inline export function namedPtr(block: u32): u32 { return block + load<u32>(block, 12); }
@inline export function namedLen(block: u32): u32 { return load<u32>(block, 8); }
/** Writes what `names` reads of a block; the name is copied to its end. */
export function namedInit(block: u32, offset: u32, ptr: u32, length: u32): void {
  store<u64>(block, 0);
  store<u32>(block, length, 8);
  store<u32>(block, offset, 12);
  memory.copy(block + offset, ptr, length);
}

@inline export function namesCount(names: u32): u32 { return names != 0 ? load<u32>(names) : 0; }
@inline function slot(names: u32, i: u32): u32 { return names + HEAD_BYTES + (i << 2); }
@inline export function namesAt(names: u32, i: u32): u32 { return load<u32>(slot(names, i)); }

/** A block has moved. */
@inline export function namesPut(names: u32, i: u32, block: u32): void { store<u32>(slot(names, i), block); }

/** Where a name that was looked for stands, or would. */
let foundAt: u32 = 0;

function compareNames(block: u32, ptr: u32, length: u32): i32 {
  const own = namedLen(block);
  const order = memory.compare(namedPtr(block), ptr, min(own, length));
  return order != 0 ? order : own < length ? -1 : own > length ? 1 : 0;
}

/** The block of that name, or 0. */
export function namesFind(names: u32, ptr: u32, length: u32): u32 {
  let low: u32 = 0;
  let high = namesCount(names);
  while (low < high) {
    const middle = (low + high) >>> 1;
    const order = compareNames(namesAt(names, middle), ptr, length);
    if (order == 0) { foundAt = middle; return namesAt(names, middle); }
    if (order < 0) low = middle + 1;
    else high = middle;
  }
  foundAt = low;
  return 0;
}

/** Makes room for one more; answers the row to use from now on, or 0: no memory, nothing changed. */
export function namesReady(names: u32): u32 {
  if (names == 0) {
    const fresh = arenaAlloc(HEAD_BYTES + ROOM_MIN * 4);
    if (fresh != 0) store<u64>(fresh, 0);
    return fresh;
  }
  const used = HEAD_BYTES + (namesCount(names) << 2);
  if (used + 4 <= arenaSize(names)) return names;
  return arenaRealloc(names, used, used + max(used >>> 1, 4));
}

/** Adds a block whose name `namesFind` has just not found; `namesReady` has made the room. */
export function namesAdd(names: u32, block: u32): void {
  const count = namesCount(names);
  memory.copy(slot(names, foundAt + 1), slot(names, foundAt), (count - foundAt) << 2);
  store<u32>(slot(names, foundAt), block);
  store<u32>(names, count + 1);
}

/** Takes the block out that `namesFind` has just found; answers the row to use from now on, 0: it was the last. */
export function namesRemove(names: u32): u32 {
  const count = namesCount(names) - 1;
  if (count == 0) { arenaFree(names); return 0; }
  memory.copy(slot(names, foundAt), slot(names, foundAt + 1), (count - foundAt) << 2);
  store<u32>(names, count);
  const used = HEAD_BYTES + (count << 2);
  return used <= arenaSize(names) >>> 2 ? arenaRealloc(names, used, used + (used >>> 1)) : names;
}

/** Forgets the last block of a row that is being freed, and the row once it is empty (0 from then on). */
@inline export function namesPop(names: u32): void { store<u32>(names, namesCount(names) - 1); }
export function namesGone(names: u32): u32 {
  assert(namesCount(names) == 0);
  arenaFree(names);
  return 0;
}
