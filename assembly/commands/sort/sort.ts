// SORT and SORT_RO: elements of a list, a set or a sorted set, put in order, replied or stored. Behaviour and texts:
// redis-server 7.0's sort.c.
import { argChanged } from '../../events/arguments';
import { NOTIFY_LIST } from '../../events/events';
import { EVENT_SORTSTORE } from '../../events/names';
import { fxArg, fxBegin, fxEnd, logOn } from '../../log/ring';
import { arenaAlloc, arenaFree } from '../../memory/arena';
import { windowLimbs } from '../../memory/window';
import { replyArray, replyFailed, replyInt } from '../../resp/encode';
import { replyError, replyOom, replyWrongType } from '../../resp/errors';
import {
  ENTRY_LARGE, TYPE_LIST, TYPE_SET, TYPE_ZSET, entryEncoding, entryFlags, entryFree, entryNew, entryPointer, entrySetEncoding, entrySetFlags,
  entrySetPointer, entryType,
} from '../../table/entry';
import { lookupRead, remove } from '../../table/keyspace';
import { readDouble, readOutOfRange, readValue } from '../../types/double-parse';
import { parseI64, parsedI64 } from '../../types/integer';
import { builtEncoding, builtPointer, listBuilderBegin, listBuilderDrop, listBuilderEnd, listBuilderPush } from '../../types/list/builder';
import { ROW_BYTES } from '../../types/row-sort';
import { dropForm, valueCount } from '../../types/value';
import { argLen, argPtr, changed, win } from '../context';
import { logValue, logValueForget, logValueReserve } from '../dump/log';
import { storeContainer } from '../typed';
import { foundLen, foundPtr, lookupFailed, lookupText, lookupsBegin, replyLookup } from './lookup';
import {
  sortAlpha, sortBy, sortCount, sortDescending, sortForced, sortGetAfter, sortGets, sortNot, sortOptions, sortStart, sortStore,
} from './options';
import { sortedRows } from './order';
import { rowAt, rowInt, rowIsInt, rowLen, rowPtr, rowReply, rowSetScore, rowSetWeight, rowText, rowsFill } from './rows';

/** More results than a reply has room to count. */
const RESULTS_MAX: u64 = 0x20000000;
/** A row, and two addresses for sorting it. */
const BYTES_PER_ROW: u64 = ROW_BYTES + 8;

// The rows in hand, and which of them are wanted: [first, end). Once sorted, `order` holds addresses of rows.
let rows: u32 = 0;
let count: u32 = 0;
let first: u32 = 0;
let end: u32 = 0;
let order: u32 = 0;

export function sort(mayStore: bool): void {
  if (!sortOptions(mayStore)) return;
  const e = lookupRead(argPtr(1), argLen(1));
  const type = e != 0 ? entryType(e) : TYPE_LIST;
  if (type != TYPE_LIST && type != TYPE_SET && type != TYPE_ZSET) { replyWrongType(); return; }
  // Redis sorts a sorted set in its scalable form, and leaves it there.
  if (type == TYPE_ZSET) entrySetFlags(e, entryFlags(e) | ENTRY_LARGE);
  if (sortNot && type == TYPE_SET && sortStore != 0) sortForced();
  const size = e != 0 ? valueCount(e) : 0;
  wantedRows(size);
  // Without sorting, of what has an order only the part that is wanted is read.
  const part = sortNot && type != TYPE_SET;
  const start = part ? first : 0;
  count = part ? end - first : size;
  if (part) { end -= first; first = 0; }
  const bytes = <u64>count * BYTES_PER_ROW + 8;
  rows = bytes < 0xe0000000 ? arenaAlloc(<u32>bytes) : 0;
  if (rows == 0) { replyOom(); return; }
  order = rows + count * ROW_BYTES;
  if (e != 0) rowsFill(rows, e, size, start, count, part && sortDescending);
  results();
  arenaFree(rows);
}

/** What LIMIT leaves of `size` elements. */
function wantedRows(size: u32): void {
  const all = <i64>size;
  const from = min(max(sortStart, 0), all);
  const most = min(max(sortCount, -1), all);
  first = <u32>from;
  end = <u32>(most < 0 ? all : min(from + most, all));
}

function results(): void {
  lookupsBegin();
  if (!sortNot) {
    const ok = weigh();
    if (lookupFailed) { replyOom(); return; }
    if (!ok) { replyError("ERR One or more scores can't be converted into double"); return; }
    order = sortedRows(rows, count, order, first, end);
  } else {
    for (let i: u32 = 0; i < count; i++) store<u32>(order + (i << 2), rowAt(rows, i));
  }
  const results = <u64>(end - first) * max(sortGets, 1);
  if (results > RESULTS_MAX) replyOom();
  else if (sortStore != 0) storeResults(<u32>results);
  else replyResults(<u32>results);
}

/** Finds out what each row is compared by. False: some text is no number. */
function weigh(): bool {
  let ok = true;
  for (let i: u32 = 0; i < count && !lookupFailed; i++) {
    const row = rowAt(rows, i);
    if (sortBy == 0) {
      if (!sortAlpha && !weighElement(row)) ok = false;
    } else if (lookupText(sortBy, row)) {
      if (sortAlpha) rowSetWeight(row, foundPtr, foundLen);
      else if (!weighText(row, foundPtr, foundLen)) ok = false;
    }
  }
  return ok;
}

function weighElement(row: u32): bool {
  if (rowIsInt(row)) { rowSetScore(row, <f64>rowInt(row)); return true; }
  rowText(row, 0);
  return weighText(row, rowPtr, rowLen);
}

/** Takes a text as a number, as strtod does: nothing at all is 0, and a zero byte ends it. */
function weighText(row: u32, ptr: u32, length: u32): bool {
  if (parseI64(ptr, length)) { rowSetScore(row, <f64>parsedI64); return true; }
  const read = readDouble(ptr, length, windowLimbs(win));
  if (read != length && load<u8>(ptr + read) != 0) return false;
  if (readOutOfRange || readValue != readValue) return false;
  rowSetScore(row, readValue);
  return true;
}

@inline function wanted(i: u32): u32 { return load<u32>(order + (i << 2)); }

function replyResults(results: u32): void {
  replyArray(results);
  for (let i = first; i < end && !replyFailed && !lookupFailed; i++) {
    if (sortGets == 0) { rowReply(wanted(i)); continue; }
    let get: u32 = 0;
    for (let k: u32 = 0; k < sortGets; k++) {
      get = sortGetAfter(get);
      replyLookup(get, wanted(i));
    }
  }
  if (lookupFailed) replyOom();
}

/** Builds a list of the results and stores it; without results, the key goes. */
function storeResults(results: u32): void {
  if (results == 0) { storeNothing(); return; }
  if (!listBuilderBegin()) { replyOom(); return; }
  if (!pushResults()) { listBuilderDrop(); replyOom(); return; }
  listBuilderEnd();
  const holder = entryNew(0, 0, -1, 4);
  if (holder == 0) { dropForm(TYPE_LIST, builtEncoding, builtPointer); replyOom(); return; }
  entrySetEncoding(holder, TYPE_LIST, builtEncoding);
  entrySetPointer(holder, builtPointer);
  storeHolder(holder, results);
  entryFree(holder);
}

/** By value: which of several equal elements comes first may depend on how a set lies in memory. */
function storeHolder(holder: u32, results: u32): void {
  const reserved = logValueReserve(argLen(sortStore), holder);
  const e = reserved ? storeContainer(sortStore, TYPE_LIST, entryEncoding(holder), entryPointer(holder), 0) : 0;
  if (e == 0) {
    logValueForget();
    dropForm(TYPE_LIST, entryEncoding(holder), entryPointer(holder));
    replyOom();
    return;
  }
  logValue(argPtr(sortStore), argLen(sortStore), e);
  changed(results);
  argChanged(sortStore, NOTIFY_LIST, EVENT_SORTSTORE);
  replyInt(results);
}

/** False: no memory. */
function pushResults(): bool {
  for (let i = first; i < end; i++) {
    if (sortGets == 0) {
      rowText(wanted(i), 0);
      if (!listBuilderPush(rowPtr, rowLen)) return false;
      continue;
    }
    let get: u32 = 0;
    for (let k: u32 = 0; k < sortGets; k++) {
      get = sortGetAfter(get);
      // What is not there is stored as an empty string.
      const has = lookupText(get, wanted(i));
      if (lookupFailed || !listBuilderPush(foundPtr, has ? foundLen : 0)) return false;
    }
  }
  return true;
}

function storeNothing(): void {
  if (remove(argPtr(sortStore), argLen(sortStore)) && logOn()) {
    fxBegin('DEL');
    fxArg(argPtr(sortStore), argLen(sortStore));
    fxEnd();
  }
  replyInt(0);
}
