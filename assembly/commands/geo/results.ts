// What a search has found, in one arena block that lives as long as the command. A row is one of row-sort.ts's:
//
//   offset size field
//        0    8 distance  f64  metres from the centre: the key that rows are sorted by
//        8    8 score     f64
//       16    4 member    u32  where the sorted set keeps it (types/zset): valid while nobody changes the set
//       20    4 zero
import { arenaAlloc, arenaFree, arenaRealloc } from '../../memory/arena';
import { ROW_BYTES, sortFirstRows, sortRows } from '../../types/row-sort';
import { stackPlace } from './scratch';

const ROWS_AT_FIRST: u32 = 64;
/** More rows than memory can hold members. */
const ROWS_MAX: u32 = 0x08000000;

let rows: u32 = 0;
let room: u32 = 0;
/** Rows so far. */
export let resultCount: u32 = 0;

export function resultsBegin(): void {
  rows = 0;
  room = 0;
  resultCount = 0;
}

/** To be called by whoever called resultsBegin, whatever came between. */
export function resultsEnd(): void {
  if (rows != 0) arenaFree(rows);
  rows = 0;
}

/** Adds a row; false: no memory. */
export function resultAdd(distance: f64, score: f64, member: u32): bool {
  if (resultCount == room && !grow()) return false;
  const row = rows + resultCount * ROW_BYTES;
  store<f64>(row, distance);
  store<f64>(row, score, 8);
  store<u64>(row, member, 16);
  resultCount++;
  return true;
}

function grow(): bool {
  if (room >= ROWS_MAX) return false;
  const wanted = room == 0 ? ROWS_AT_FIRST : room * 2;
  const block = rows == 0 ? arenaAlloc(wanted * ROW_BYTES) : arenaRealloc(rows, resultCount * ROW_BYTES, wanted * ROW_BYTES);
  if (block == 0) return false;
  rows = block;
  room = wanted;
  return true;
}

@inline export function resultDistance(i: u32): f64 { return load<f64>(rows + i * ROW_BYTES); }
@inline export function resultScore(i: u32): f64 { return load<f64>(rows + i * ROW_BYTES, 8); }
@inline export function resultMember(i: u32): u32 { return load<u32>(rows + i * ROW_BYTES, 16); }

/** Puts the first `wanted` rows into their order; false: no memory. */
export function resultsSort(wanted: u32, descending: bool): bool {
  if (wanted < resultCount) {
    sortFirstRows(rows, resultCount, wanted, descending, stackPlace());
    return true;
  }
  if (resultCount < 2) return true;
  const spare = arenaAlloc(resultCount * ROW_BYTES);
  if (spare == 0) return false;
  sortRows(rows, resultCount, descending, spare);
  arenaFree(spare);
  return true;
}
