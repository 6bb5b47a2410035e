// Rows of addresses for one command: sets that take part, members that were chosen. In the window's scratch when they
// are few, else in an arena block.
//
// The scratch: 1024 bytes for walks (table/scan.ts), then room for 1024 sets, then room for members.
import { arenaAlloc, arenaFree } from '../../memory/arena';
import { SCRATCH_BYTES, windowScratch } from '../../memory/window';
import { win } from '../context';

export const WALK_SCRATCH_BYTES: u32 = 1024;
const SETS_BYTES: u32 = 4096;
const MEMBERS: u32 = WALK_SCRATCH_BYTES + SETS_BYTES;

/** Scratch for `dictRandom` and walks. */
@inline export function walkScratch(): u32 { return windowScratch(win); }

/** Room for the addresses of so many sets; 0: no memory. */
export function setRows(count: u32): u32 {
  return count <= SETS_BYTES >>> 2 ? windowScratch(win) + WALK_SCRATCH_BYTES : arenaAlloc(count << 2);
}

/** Room for so many members' handles; 0: no memory. */
export function memberRows(count: u32): u32 {
  if (count <= (SCRATCH_BYTES - MEMBERS) >>> 2) return windowScratch(win) + MEMBERS;
  return count < 0x38000000 ? arenaAlloc(count << 2) : 0;
}

/** Gives back what either of them answered. */
export function rowsDrop(rows: u32): void {
  if (rows - windowScratch(win) >= SCRATCH_BYTES) arenaFree(rows);
}
