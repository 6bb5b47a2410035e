// Random members: one, or several different ones. Every member is about equally likely, every choice of several too.
import { ENC_INTSET, ENC_TABLE, entryEncoding, entryFlags, entryPointer, entrySetFlags } from '../../table/entry';
import { random } from '../../table/keyspace';
import { dictRandom } from '../dict';
import { lpSeek } from '../listpack';
import { setSize } from './set';
import { setHandle, setWalkBegin, setWalkNext } from './walk';

/** A table's member that has been picked, until `unmark`. On its own entry, where no other flag is in use. */
const ENTRY_PICKED: u32 = 128;
/** Up to so many picks are looked through one by one for a double. */
const FEW: u32 = 16;

/** A random number below `limit`. The bias is below limit / 2^32. */
@inline function below(limit: u32): u32 { return <u32>(((random() >> 32) * <u64>limit) >> 32); }

/**
 * Handle of a random member of a set that is not empty.
 * @param scratch For a table: see `dictRandom`.
 */
export function setRandom(e: u32, scratch: u32): u32 {
  const encoding = entryEncoding(e);
  if (encoding == ENC_TABLE) return dictRandom(entryPointer(e), scratch);
  const index = below(setSize(e));
  return encoding == ENC_INTSET ? index : lpSeek(entryPointer(e), <i32>index);
}

/** Rows that `setPick` needs for so many members. */
export function setPickRows(e: u32, count: u32): u32 { return drawn(e, count) ? count : setSize(e); }

/** Few of many are drawn, and drawn again if they have been before; else all are laid out and shuffled. */
function drawn(e: u32, count: u32): bool {
  return count <= setSize(e) >>> 1 && (count <= FEW || entryEncoding(e) == ENC_TABLE);
}

/**
 * Writes the handles of `count` different random members, at most as many as there are, to `rows` (u32 each).
 * @param scratch As in `setRandom`; must not overlap the rows.
 */
export function setPick(e: u32, count: u32, rows: u32, scratch: u32): void {
  if (!drawn(e, count)) { shuffle(e, count, rows); return; }
  const isTable = entryEncoding(e) == ENC_TABLE;
  // At most half of the members are taken, so a draw fails with a chance of one half at most.
  for (let i: u32 = 0; i < count; ) {
    const handle = setRandom(e, scratch);
    if (isTable) {
      if (entryFlags(handle) & ENTRY_PICKED) continue;
      entrySetFlags(handle, entryFlags(handle) | ENTRY_PICKED);
    } else if (isAmong(handle, rows, i)) continue;
    store<u32>(rows + (i << 2), handle);
    i++;
  }
  if (isTable) unmark(rows, count);
}

function isAmong(handle: u32, rows: u32, count: u32): bool {
  for (let i: u32 = 0; i < count; i++) if (load<u32>(rows + (i << 2)) == handle) return true;
  return false;
}

function unmark(rows: u32, count: u32): void {
  for (let i: u32 = 0; i < count; i++) {
    const m = load<u32>(rows + (i << 2));
    entrySetFlags(m, entryFlags(m) & ~ENTRY_PICKED);
  }
}

/** All handles, then the first `count` steps of a Fisher-Yates shuffle. */
function shuffle(e: u32, count: u32, rows: u32): void {
  let size: u32 = 0;
  setWalkBegin(e);
  while (setWalkNext()) { store<u32>(rows + (size << 2), setHandle); size++; }
  for (let i: u32 = 0; i < count; i++) {
    const from = rows + (i << 2);
    const to = from + (below(size - i) << 2);
    const kept = load<u32>(from);
    store<u32>(from, load<u32>(to));
    store<u32>(to, kept);
  }
}
