// Reads entries of the snapshot file into the table, a block of them at a time. Values are built as commands would build
// them, so small ones are in their compact forms. Nothing is logged.
//
// The bytes may come from anybody: skip.ts finds an entry's end first, then its value is built in no table, and only a
// whole one is put into its place.
import { CONTROL_COMMANDS, CONTROL_CONSUMED, CONTROL_DB, CONTROL_ERRORS, CONTROL_NEED } from '../abi';
import { clearChanges, contextLoad, db, nowMs, setDb } from '../commands/context';
import { placeEntry } from '../commands/dump/place';
import { HEADER_FLAG_CLOCK_STOPPED, header } from '../memory/layout';
import {
  ENTRY_EXPIRES, TYPE_HASH, TYPE_LIST, TYPE_SET, TYPE_STREAM, TYPE_ZSET, entryFlags, entryNew, entrySetClock, entrySetEncoding, entrySetFlags, entrySetPointer,
} from '../table/entry';
import { LOOKUP_QUIET, freshClock, lookup } from '../table/keyspace';
import { LOAD_NO_MEMORY, LOAD_OK, loadBegin, loadEnd, loadFault, loadedEncoding, loadedFlags, loadedPointer } from '../rdb/reader';
import { EXPIRY_NONE, STORE_INT, setString } from '../types/string';
import { dropForm } from '../types/value';
import { decodeStream } from './decode-stream';
import { decodeHash, decodeList, decodeSet, decodeZset } from './decode-values';
import {
  BAD_DATABASE, BAD_TTL, BAD_VALUE, LOADED_ALL, LOADED_CORRUPT, LOADED_END, LOADED_NO_MEMORY, LOADED_PART, OP_DATABASE, OP_END, OP_HASH,
  OP_HASH_DEADLINES, OP_LIST, OP_SET, OP_STREAM_READ, OP_STRING, OP_ZSET, VERSION_REMAINING,
} from './ops';
import { entryEnd, skipBad, skipHasTtl, skipKey, skipKeyLen, skipNeed, skipNothing, skipPayload, skipTtl } from './skip';

/** Reason for LOADED_CORRUPT. */
let bad: u32 = 0;

/**
 * Reads whole entries of a block into the table (latched). A key that is there is replaced. The control block brings the
 * time and the database in hand, which a block may change: `db` is that for the next block.
 * @returns LOADED_* of ops.ts. `consumed`: bytes of whole entries that were read, OP_END included; `commands`: keys put
 *   into the table; `needBytes`: with LOADED_PART, bytes of the entry at `consumed`, at least; `errors`: with
 *   LOADED_CORRUPT a BAD_* reason, else keys that were passed over.
 *
 * A key whose time has come is passed over, unless the clock stands still (HEADER_FLAG_CLOCK_STOPPED).
 */
export function loadEntries(window: u32, block: u32, bytes: u32, version: u32): i32 {
  contextLoad(window);
  const stop = block + bytes;
  let p = block;
  let keys: u32 = 0;
  let passed: u32 = 0;
  let status = LOADED_ALL;
  bad = 0;
  skipNothing();
  while (p < stop && status == LOADED_ALL) {
    const end = entryEnd(p, stop, version);
    if (end == 0) {
      bad = skipBad;
      status = bad != 0 ? LOADED_CORRUPT : LOADED_PART;
      break;
    }
    const op = <u32>load<u8>(p);
    if (op == OP_END) status = LOADED_END;
    else if (op == OP_DATABASE) status = select(load<u32>(p + 1));
    else {
      const taken = takeEntry(op, version);
      if (taken > 0) keys++;
      else if (taken == 0) passed++;
      else status = taken;
    }
    if (status >= 0) p = end;
  }
  clearChanges();
  store<u32>(window + CONTROL_DB, db);
  store<u32>(window + CONTROL_CONSUMED, p - block);
  store<u32>(window + CONTROL_COMMANDS, keys);
  store<u32>(window + CONTROL_NEED, <u32>min<u64>(skipNeed, u32.MAX_VALUE));
  store<u32>(window + CONTROL_ERRORS, status == LOADED_CORRUPT ? bad : passed);
  return status;
}

function corrupt(reason: u32): i32 {
  bad = reason;
  return LOADED_CORRUPT;
}

function select(database: u32): i32 {
  if (database >= header().databaseCount) return corrupt(BAD_DATABASE);
  setDb(database);
  return LOADED_ALL;
}

/** Puts the entry that skip.ts has found into the table: 1; 0: its time has come, it is passed over; or LOADED_*. */
function takeEntry(op: u32, version: u32): i32 {
  let expires = EXPIRY_NONE;
  if (skipHasTtl) {
    if (skipTtl > <u64>i64.MAX_VALUE) return corrupt(BAD_TTL);
    expires = <i64>skipTtl;
    if (version == VERSION_REMAINING) expires = expires > i64.MAX_VALUE - nowMs ? i64.MAX_VALUE : expires + nowMs;
    if (nowMs > expires && (header().flags & HEADER_FLAG_CLOCK_STOPPED) == 0) return 0;
  }
  if (op != OP_STRING) return takeContainer(op, version, expires);
  const old = lookup(skipKey, skipKeyLen, LOOKUP_QUIET);
  const e = setString(skipKey, skipKeyLen, old, skipPayload + 4, load<u32>(skipPayload), expires, STORE_INT);
  return e != 0 ? 1 : LOADED_NO_MEMORY;
}

function takeContainer(op: u32, version: u32, expires: i64): i32 {
  const key = skipKey;
  const keyLen = skipKeyLen;
  const type = typeOf(op);
  loadBegin(skipPayload, 0);
  switch (type) {
    case TYPE_LIST: decodeList(skipPayload); break;
    case TYPE_SET: decodeSet(skipPayload); break;
    case TYPE_ZSET: decodeZset(skipPayload); break;
    case TYPE_HASH: decodeHash(skipPayload, op == OP_HASH_DEADLINES); break;
    default: decodeStream(skipPayload, version, op == OP_STREAM_READ);
  }
  loadEnd();
  if (loadFault != LOAD_OK) return loadFault == LOAD_NO_MEMORY ? LOADED_NO_MEMORY : corrupt(BAD_VALUE);
  const e = entryNew(key, keyLen, expires, 4);
  if (e == 0) {
    dropForm(type, loadedEncoding, loadedPointer);
    return LOADED_NO_MEMORY;
  }
  entrySetEncoding(e, type, loadedEncoding);
  entrySetFlags(e, (entryFlags(e) & ENTRY_EXPIRES) | loadedFlags);
  entrySetClock(e, freshClock());
  entrySetPointer(e, loadedPointer);
  return placeEntry(key, keyLen, e) ? 1 : LOADED_NO_MEMORY;
}

function typeOf(op: u32): u32 {
  switch (op) {
    case OP_HASH:
    case OP_HASH_DEADLINES: return TYPE_HASH;
    case OP_LIST: return TYPE_LIST;
    case OP_SET: return TYPE_SET;
    case OP_ZSET: return TYPE_ZSET;
    default: return TYPE_STREAM;
  }
}
