// A node of a stream: neighbouring entries in one listpack, exactly as Redis packs them, so that its bytes are what DUMP
// writes. The node's own ID, its master ID, is that of its first entry ever; the stream's tree knows it.
//
//   count  deleted  fields  field ... field  0                              the master entry
//   flags  ms  seq  value ... value  elements                               an entry with the master's fields
//   flags  ms  seq  fields  field value ... field value  elements           an entry with others
//
//   count     entries that are there; deleted: entries that are only flagged as gone. A node without the former may stay.
//   flags     ITEM_DELETED, ITEM_SAME_FIELDS
//   ms, seq   what the entry's ID is above the master ID, each by itself, modulo 2^64
//   elements  of the entry, this one not counted: from here its beginning is found backwards
//
// The block has NODE_SLACK bytes more than the listpack needs whenever entries are added: the counts may grow by a few
// bytes later, when entries are deleted, and that must not need memory.
import { arenaAlloc, arenaFree, arenaRealloc, arenaSize } from '../../memory/arena';
import { replyArray } from '../../resp/encode';
import {
  LP_BYTES_MAX, LP_HEADER_BYTES, lpAfter, lpBytes, lpEquals, lpIntAt, lpPrev, lpReplyElement, lpSizeAt, lpWrite, lpWriteInt,
} from '../listpack';

export const ITEM_DELETED: u32 = 1;
export const ITEM_SAME_FIELDS: u32 = 2;
/** Room that is left for counts to grow: from one byte to nine each, at the very most. */
export const NODE_SLACK: u32 = 24;
/** Integers of one entry and of the counts, in their longest form. */
const ENTRY_INTS_BYTES: u32 = 64;
const MASTER_INTS_BYTES: u32 = 64;
const COUNT_UNKNOWN: u32 = 0xffff;
const END: u32 = 0xff;

@inline function endOf(lp: u32): u32 { return lp + lpBytes(lp) - 1; }
@inline function isEnd(p: u32): bool { return <u32>load<u8>(p) == END; }

// The node in hand

/** The node that `nodeOpen` looked at: its block, its master ID, its counts, where its fields and its entries begin. */
export let nodeAt: u32 = 0;
export let nodeMs: u64 = 0;
export let nodeSeq: u64 = 0;
export let nodeCount: u32 = 0;
export let nodeDeleted: u32 = 0;
export let nodeFields: u32 = 0;
let fieldsAt: u32 = 0;
let entriesAt: u32 = 0;

/** Reads the master entry. Everything named node* and entry* holds until the node changes. */
export function nodeOpen(lp: u32, ms: u64, seq: u64): void {
  nodeAt = lp;
  nodeMs = ms;
  nodeSeq = seq;
  let p = lp + LP_HEADER_BYTES;
  nodeCount = <u32>lpIntAt(p);
  p = lpAfter(p);
  nodeDeleted = <u32>lpIntAt(p);
  p = lpAfter(p);
  nodeFields = <u32>lpIntAt(p);
  fieldsAt = lpAfter(p);
  entriesAt = 0;
}

/** Entries of a node that are there. */
@inline export function nodeLive(lp: u32): u32 { return <u32>lpIntAt(lp + LP_HEADER_BYTES); }
/** Entries of a node, deleted ones included. */
export function nodeTotal(lp: u32): u32 {
  const p = lp + LP_HEADER_BYTES;
  return <u32>lpIntAt(p) + <u32>lpIntAt(lpAfter(p));
}

// The entry in hand

export let entryAt: u32 = 0;
export let entryMs: u64 = 0;
export let entrySeq: u64 = 0;
export let entryFlags: u32 = 0;
export let entryFields: u32 = 0;
/** Its first value, or its first field if it has its own. */
let entryData: u32 = 0;

/** Reads the entry at `p`, a place between entries; false: it is the end. */
function entryRead(p: u32): bool {
  if (isEnd(p)) return false;
  entryAt = p;
  entryFlags = <u32>lpIntAt(p);
  p = lpAfter(p);
  entryMs = nodeMs + <u64>lpIntAt(p);
  p = lpAfter(p);
  entrySeq = nodeSeq + <u64>lpIntAt(p);
  p = lpAfter(p);
  if (entryFlags & ITEM_SAME_FIELDS) entryFields = nodeFields;
  else {
    entryFields = <u32>lpIntAt(p);
    p = lpAfter(p);
  }
  entryData = p;
  return true;
}

/** The node's first entry, deleted or not; false: it has none. */
export function entryFirst(): bool {
  if (entriesAt == 0) {
    let p = fieldsAt;
    for (let i: u32 = 0; i < nodeFields; i++) p = lpAfter(p);
    entriesAt = lpAfter(p);
  }
  return entryRead(entriesAt);
}
/** Where the entry in hand ends. */
function entryEnd(): u32 {
  let p = entryData;
  const values = entryFlags & ITEM_SAME_FIELDS ? entryFields : entryFields << 1;
  for (let i: u32 = 0; i < values; i++) p = lpAfter(p);
  return lpAfter(p);
}
export function entryNext(): bool { return entryRead(entryEnd()); }

/** The entry that ends at `p`; false: the master entry does. */
function entryEndingAt(p: u32): bool {
  p = lpPrev(nodeAt, p);
  let elements = <u32>lpIntAt(p);
  if (elements == 0) return false;
  while (elements != 0) { p = lpPrev(nodeAt, p); elements--; }
  return entryRead(p);
}
export function entryLast(): bool { return entryEndingAt(endOf(nodeAt)); }
export function entryPrev(): bool { return entryEndingAt(entryAt); }

/** Replies with the fields and values of the entry in hand, an array. */
export function replyEntryFields(): void {
  replyArray(entryFields << 1);
  let field = fieldsAt;
  let p = entryData;
  const same = (entryFlags & ITEM_SAME_FIELDS) != 0;
  for (let i: u32 = 0; i < entryFields; i++) {
    if (same) { lpReplyElement(field); field = lpAfter(field); }
    else { lpReplyElement(p); p = lpAfter(p); }
    lpReplyElement(p);
    p = lpAfter(p);
  }
}

/** An upper bound of what `replyEntryFields` writes for the entry in hand. */
export function replyEntryBytes(): u64 {
  let sum: u64 = 64;
  elementsBegin();
  for (let i: u32 = 0; i < entryFields << 1; i++) {
    elementsNext();
    sum += <u64>lpSizeAt(entryElement) + 48;
  }
  return sum;
}

/** The i-th step through fields and values of the entry in hand: `entryElement` is each in its turn. */
export let entryElement: u32 = 0;
let elementField: u32 = 0;
let elementNext: u32 = 0;
let elementIsValue: bool = false;
export function elementsBegin(): void { elementField = fieldsAt; elementNext = entryData; elementIsValue = false; }
export function elementsNext(): void {
  if (!elementIsValue && (entryFlags & ITEM_SAME_FIELDS)) {
    entryElement = elementField;
    elementField = lpAfter(elementField);
  } else {
    entryElement = elementNext;
    elementNext = lpAfter(elementNext);
  }
  elementIsValue = !elementIsValue;
}

// Adding. Fields and values come as rows of (ptr u32, bytes u32), as arguments do.

@inline function rowPtr(rows: u32, i: u32): u32 { return load<u32>(rows + (i << 3)); }
@inline function rowLen(rows: u32, i: u32): u32 { return load<u32>(rows + (i << 3), 4); }

/** An upper bound of what these texts take as elements. */
function textsBound(rows: u32, count: u32, step: u32): u64 {
  let sum: u64 = 0;
  for (let i: u32 = 0; i < count; i += step) {
    const length = rowLen(rows, i);
    sum += <u64>length + (length < 64 ? 2 : 10);
  }
  return sum;
}

function setBytes(lp: u32, end: u32): void {
  store<u8>(end, END);
  store<u32>(lp, end + 1 - lp);
}
function countElements(lp: u32, more: u32): void {
  const had = <u32>load<u16>(lp, 4);
  if (had != COUNT_UNKNOWN) store<u16>(lp, min<u64>(<u64>had + more, COUNT_UNKNOWN), 4);
}

/** Writes an entry at the node's end, where there is room. */
function writeEntry(lp: u32, flags: u32, ms: u64, seq: u64, rows: u32, fields: u32): void {
  let p = lpWriteInt(endOf(lp), flags);
  p = lpWriteInt(p, <i64>ms);
  p = lpWriteInt(p, <i64>seq);
  const same = (flags & ITEM_SAME_FIELDS) != 0;
  if (!same) p = lpWriteInt(p, fields);
  for (let i: u32 = 0; i < fields; i++) {
    if (!same) p = lpWrite(p, rowPtr(rows, i << 1), rowLen(rows, i << 1));
    p = lpWrite(p, rowPtr(rows, (i << 1) + 1), rowLen(rows, (i << 1) + 1));
  }
  const elements = same ? fields + 3 : (fields << 1) + 4;
  p = lpWriteInt(p, elements);
  countElements(lp, elements + 1);
  setBytes(lp, p);
}

/** A node with one entry, whose ID is the node's. 0: no memory. */
export function nodeNew(rows: u32, fields: u32): u32 {
  const bound = textsBound(rows, fields << 1, 1) + LP_HEADER_BYTES + ENTRY_INTS_BYTES + MASTER_INTS_BYTES + NODE_SLACK;
  if (bound > LP_BYTES_MAX) return 0;
  const lp = arenaAlloc(<u32>bound);
  if (lp == 0) return 0;
  let p = lpWriteInt(lp + LP_HEADER_BYTES, 1);
  p = lpWriteInt(p, 0);
  p = lpWriteInt(p, fields);
  for (let i: u32 = 0; i < fields; i++) p = lpWrite(p, rowPtr(rows, i << 1), rowLen(rows, i << 1));
  p = lpWriteInt(p, 0);
  store<u16>(lp, 0, 4);
  countElements(lp, fields + 4);
  setBytes(lp, p);
  writeEntry(lp, ITEM_SAME_FIELDS, 0, 0, rows, fields);
  return lp;
}

/** Are these the fields of the node in hand, in its order? */
function sameFields(rows: u32, fields: u32): bool {
  if (fields != nodeFields) return false;
  let p = fieldsAt;
  for (let i: u32 = 0; i < fields; i++) {
    if (!lpEquals(p, rowPtr(rows, i << 1), rowLen(rows, i << 1))) return false;
    p = lpAfter(p);
  }
  return true;
}

/**
 * Adds an entry, its ID above all others, to a node.
 * @param bytesMax What the node is expected to grow to: its block does not reach beyond that for nothing.
 * @returns the block to use from now on, or 0: no memory, nothing changed.
 */
export function nodeAdd(lp: u32, masterMs: u64, masterSeq: u64, ms: u64, seq: u64, rows: u32, fields: u32, bytesMax: u32): u32 {
  nodeOpen(lp, masterMs, masterSeq);
  const same = sameFields(rows, fields);
  const texts = same ? textsBound(rows + 8, (fields << 1) - 1, 2) : textsBound(rows, fields << 1, 1);
  const need = texts + lpBytes(lp) + ENTRY_INTS_BYTES + NODE_SLACK;
  if (need > LP_BYTES_MAX) return 0;
  if (need > arenaSize(lp)) {
    const room = max(need, min(need + (need >>> 1), <u64>bytesMax + ENTRY_INTS_BYTES + NODE_SLACK));
    const used = lpBytes(lp);
    let wide = arenaRealloc(lp, used, <u32>room);
    if (wide == 0) wide = arenaRealloc(lp, used, <u32>need);
    if (wide == 0) return 0;
    lp = wide;
  }
  setIntAt(lp, lp + LP_HEADER_BYTES, <i64>nodeCount + 1);
  writeEntry(lp, same ? ITEM_SAME_FIELDS : 0, ms - masterMs, seq - masterSeq, rows, fields);
  return lp;
}

/** Gives an element that is an integer another value. What lies behind moves if its size changes: there is room. */
function setIntAt(lp: u32, p: u32, value: i64): void {
  const behind = lpAfter(p);
  const had = behind - p;
  const end = lp + lpBytes(lp);
  // The new form may be longer than the old one: it is first written to the slack, and measured there.
  const size = lpWriteInt(end, value) - end;
  if (size != had) {
    assert(end + size - had <= lp + arenaSize(lp));
    memory.copy(p + size, behind, end - behind);
    store<u32>(lp, end + size - had - lp);
  }
  lpWriteInt(p, value);
}

/** A full node in a block that fits it, or as it is: never fails. */
export function nodeFit(lp: u32): u32 {
  const bytes = lpBytes(lp) + NODE_SLACK;
  if (bytes + (bytes >>> 3) >= arenaSize(lp)) return lp;
  const fresh = arenaAlloc(bytes);
  if (fresh == 0) return lp;
  if (arenaSize(fresh) >= arenaSize(lp)) { arenaFree(fresh); return lp; }
  memory.copy(fresh, lp, lpBytes(lp));
  arenaFree(lp);
  return fresh;
}

/** A node's own block from the bytes of a listpack that has been found sound. 0: no memory. */
export function nodeCopy(from: u32, bytes: u32): u32 {
  const lp = arenaAlloc(bytes + NODE_SLACK);
  if (lp != 0) memory.copy(lp, from, bytes);
  return lp;
}

// Deleting: flags only. Needs no memory.

/** Flags the entry in hand as deleted; the counts are the caller's (nodeSetCounts). Entry and node stay in hand. */
export function entryFlagDeleted(): void {
  // Both forms of the flags are one byte.
  store<u8>(entryAt, entryFlags | ITEM_DELETED);
  entryFlags |= ITEM_DELETED;
}

/** Writes the counts of the node in hand. Entries behind them may move: nothing is in hand afterwards. */
export function nodeSetCounts(live: u32, deleted: u32): void {
  const p = nodeAt + LP_HEADER_BYTES;
  setIntAt(nodeAt, p, live);
  setIntAt(nodeAt, lpAfter(p), deleted);
}
