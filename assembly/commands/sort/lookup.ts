// Keys that SORT's patterns name. In a pattern, the element takes the place of the first `*`; "->" behind it, and
// something behind that, names a field of a hash; "#" alone is the element itself. As in C, a zero byte ends what is
// searched for these signs.
import { arenaAlloc, arenaFree } from '../../memory/arena';
import { SCRATCH_BYTES, windowScratch } from '../../memory/window';
import { replyNull } from '../../resp/encode';
import { TYPE_HASH, TYPE_STRING, entryType } from '../../table/entry';
import { lookupRead } from '../../table/keyspace';
import { hashFind, hashReplyValue, hashView, valueLen, valuePtr } from '../../types/hash/hash';
import { replyString, stringView, viewLen, viewPtr } from '../../types/string';
import { argTextLen } from '../arguments';
import { argLen, argPtr, win } from '../context';
import { rowLen, rowPtr, rowReply, rowText } from './rows';

/** Keys up to this size are put together in the window's scratch: its end is left to others. */
const KEY_SCRATCH_BYTES: u64 = SCRATCH_BYTES - 4096;

/** Memory for a key could not be had since `patternsBegin`. */
export let lookupFailed: bool = false;
export function lookupsBegin(): void { lookupFailed = false; }

/** The entry that the last `find` found, or 0; and in a hash, where the field's value is, or 0. */
let entry: u32 = 0;
let field: u32 = 0;

@inline function isElement(i: u32): bool {
  return argLen(i) != 0 && load<u8>(argPtr(i)) == 0x23 && (argLen(i) == 1 || load<u8>(argPtr(i), 1) == 0);
}

/** Looks up what the pattern in argument i makes of the row's element. False: there is no such value. */
function find(i: u32, row: u32): bool {
  const pattern = argPtr(i);
  const end = pattern + argTextLen(i);
  let star = pattern;
  while (star < end && load<u8>(star) != 0x2a) star++;
  if (star == end) return false;
  let arrow = star + 1;
  while (arrow + 1 < end && load<u16>(arrow) != 0x3e2d) arrow++;
  // Nothing behind the arrow: it is part of the key, then. What a zero byte hides still belongs to the key or the field.
  const whole = pattern + argLen(i);
  const isField = arrow + 2 < end;
  const keyEnd = isField ? arrow : whole;
  rowText(row, 0);
  entry = lookupKey(pattern, star - pattern, star + 1, keyEnd - star - 1);
  if (entry == 0) return false;
  if (!isField) return entryType(entry) == TYPE_STRING;
  if (entryType(entry) != TYPE_HASH) return false;
  field = hashFind(entry, arrow + 2, whole - arrow - 2);
  return field != 0;
}

/** The entry under prefix, the text that is shown, postfix. */
function lookupKey(prefix: u32, prefixLen: u32, postfix: u32, postfixLen: u32): u32 {
  const length = <u64>prefixLen + rowLen + postfixLen;
  if (length > 0xe0000000) return 0;
  const inScratch = length <= KEY_SCRATCH_BYTES;
  const key = inScratch ? windowScratch(win) : arenaAlloc(<u32>length);
  if (key == 0) { lookupFailed = true; return 0; }
  memory.copy(key, prefix, prefixLen);
  memory.copy(key + prefixLen, rowPtr, rowLen);
  memory.copy(key + prefixLen + rowLen, postfix, postfixLen);
  const e = lookupRead(key, <u32>length);
  if (!inScratch) arenaFree(key);
  return e;
}

/** The text that `lookupText` found. One that is an integer is shown in the window: keep it before the next lookup. */
export let foundPtr: u32 = 0;
export let foundLen: u32 = 0;

/** Finds the text that the pattern in argument i makes of the row's element. False: there is none. */
export function lookupText(i: u32, row: u32): bool {
  if (isElement(i)) {
    rowText(row, 0);
    foundPtr = rowPtr;
    foundLen = rowLen;
    return true;
  }
  field = 0;
  if (!find(i, row)) return false;
  if (field != 0) {
    hashView(entry, field, 0);
    foundPtr = valuePtr;
    foundLen = valueLen;
  } else {
    stringView(entry, 0);
    foundPtr = viewPtr;
    foundLen = viewLen;
  }
  return true;
}

/** Replies with it, or with null. Long strings are not copied. */
export function replyLookup(i: u32, row: u32): void {
  if (isElement(i)) { rowReply(row); return; }
  field = 0;
  if (!find(i, row)) replyNull();
  else if (field != 0) hashReplyValue(entry, field);
  else replyString(entry);
}
