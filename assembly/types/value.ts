// What holds for every type of value: dropping, measuring, naming, saving and loading it. Each type has the same set of
// functions in its own folder (types/<type>/value.ts); this file chooses between them.
//
// Dropping a large value takes no time and no memory: its root block goes on the list at header.droppedHead, and the
// housekeeper frees it in slices (`reclaimDropped`). So every root block of a scalable form begins with
//        0    4 next        the next dropped value, 0: the last
//        4    4 kind        type << 8 | encoding, once it is dropped
import { arenaFree, arenaSize } from '../memory/arena';
import { header } from '../memory/layout';
import { defragState } from '../memory/moving';
import {
  ENC_BLOB, ENC_INT, ENC_INTSET, ENC_PACKED, ENTRY_RAW, TYPE_HASH, TYPE_LIST, TYPE_SET, TYPE_STREAM, TYPE_STRING, TYPE_ZSET, entryEncoding,
  entryFlags, entryPointer, entryType,
} from '../table/entry';
import { kevyHash } from '../routing/kevyhash';
import { blobDrop } from './blob';
import { dictWeight } from './dict';
import { hashBytes, hashCheck, hashCount, hashDefrag, hashDigest, hashDrop, hashEncoding, hashReclaim } from './hash/value';
import { listBytes, listCheck, listCount, listDefrag, listDigest, listDrop, listEncoding, listReclaim, listSize } from './list/value';
import { setBytes, setCheck, setCount, setDefrag, setDigest, setDrop, setEncoding, setReclaim } from './set/value';
import { streamBytes, streamCheck, streamCount, streamDefrag, streamDigest, streamDrop, streamEncoding, streamReclaim, streamWeight } from './stream/value';
import { movePointer } from './moving';
import { stringLength, stringView, viewLen, viewPtr } from './string';
import { zsetBytes, zsetCheck, zsetCount, zsetDefrag, zsetDigest, zsetDrop, zsetEncoding, zsetReclaim } from './zset/value';

/** A value of more blocks than this is freed in slices. */
export const DROP_AT_ONCE_MAX: u32 = 64;

/** Gives up the value of an entry that will not be looked at again: blocks are freed now, or later if there are many. */
export function valueDrop(e: u32): void {
  const encoding = entryEncoding(e);
  if (encoding < ENC_BLOB) return;
  const pointer = entryPointer(e);
  if (encoding == ENC_BLOB) { blobDrop(pointer); return; }
  if (encoding == ENC_PACKED || encoding == ENC_INTSET) { arenaFree(pointer); return; }
  dropForm(entryType(e), encoding, pointer);
}

/** The same for a value that belongs to no entry. */
export function dropForm(type: u32, encoding: u32, pointer: u32): void {
  if (encoding == ENC_PACKED || encoding == ENC_INTSET) { arenaFree(pointer); return; }
  switch (type) {
    case TYPE_LIST: listDrop(encoding, pointer); break;
    case TYPE_SET: setDrop(encoding, pointer); break;
    case TYPE_ZSET: zsetDrop(encoding, pointer); break;
    case TYPE_HASH: hashDrop(encoding, pointer); break;
    case TYPE_STREAM: streamDrop(encoding, pointer); break;
    default: assert(false);
  }
}

/** Hangs a scalable value on the list of what is to be freed in slices. For the types' own xDrop. */
export function dropLater(type: u32, encoding: u32, pointer: u32): void {
  store<u32>(pointer, header().droppedHead);
  store<u32>(pointer, (type << 8) | encoding, 4);
  header().droppedHead = pointer;
}

/** Frees dropped values, about `budget` members of them; answers what is left of the budget, 0 or less: more is waiting. */
export function reclaimDropped(budget: i32): i32 {
  const h = header();
  let left = budget;
  while (h.droppedHead != 0) {
    if (left <= 0) return 0;
    const pointer = h.droppedHead;
    const next = load<u32>(pointer);
    // Freeing members may drop values in their turn: they go in front of the rest.
    h.droppedHead = next;
    const rest = reclaimForm(load<u32>(pointer, 4) >>> 8, pointer, left);
    if (rest <= 0) {
      store<u32>(pointer, h.droppedHead);
      h.droppedHead = pointer;
      return 0;
    }
    left = rest;
  }
  return left;
}

function reclaimForm(type: u32, pointer: u32, budget: i32): i32 {
  switch (type) {
    case TYPE_LIST: return listReclaim(pointer, budget);
    case TYPE_SET: return setReclaim(pointer, budget);
    case TYPE_ZSET: return zsetReclaim(pointer, budget);
    case TYPE_HASH: return hashReclaim(pointer, budget);
    case TYPE_STREAM: return streamReclaim(pointer, budget);
    default: assert(false); return budget;
  }
}

/**
 * Moves the blocks of a container that would lie better elsewhere; the entry's own block and strings aside.
 * @returns what is left of the budget; 0 or less, with `inside` of memory/moving.ts not 0: there is more to do.
 */
export function valueDefrag(e: u32, budget: i32): i32 {
  const encoding = entryEncoding(e);
  if (encoding == ENC_PACKED || encoding == ENC_INTSET) {
    defragState().inside = 0;
    return movePointer(e, budget);
  }
  switch (entryType(e)) {
    case TYPE_LIST: return listDefrag(e, budget);
    case TYPE_SET: return setDefrag(e, budget);
    case TYPE_ZSET: return zsetDefrag(e, budget);
    case TYPE_HASH: return hashDefrag(e, budget);
    case TYPE_STREAM: return streamDefrag(e, budget);
    default: return budget;
  }
}

/** Elements of a container; 1 for a string. */
export function valueCount(e: u32): u32 {
  switch (entryType(e)) {
    case TYPE_LIST: return listCount(e);
    case TYPE_SET: return setCount(e);
    case TYPE_ZSET: return zsetCount(e);
    case TYPE_HASH: return hashCount(e);
    case TYPE_STREAM: return streamCount(e);
    default: return 1;
  }
}

/** Bytes of all blocks behind the entry, as the arena counts them. Looks at every block of the value. */
export function valueBlockBytes(e: u32): u64 {
  const encoding = entryEncoding(e);
  if (encoding < ENC_BLOB) return 0;
  if (encoding <= ENC_INTSET) return arenaSize(entryPointer(e));
  switch (entryType(e)) {
    case TYPE_LIST: return listBytes(e);
    case TYPE_SET: return setBytes(e);
    case TYPE_ZSET: return zsetBytes(e);
    case TYPE_HASH: return hashBytes(e);
    case TYPE_STREAM: return streamBytes(e);
    default: return 0;
  }
}

/** Bytes that an element of a container is taken for when nobody counts them. */
const ELEMENT_BYTES: u64 = 64;

/** About the bytes that the value would take to copy: of a container, guessed from its elements. Takes no time. */
export function valueSize(e: u32): u64 {
  const encoding = entryEncoding(e);
  if (entryType(e) == TYPE_STRING) return stringLength(e);
  if (encoding <= ENC_INTSET) return arenaSize(entryPointer(e));
  if (entryType(e) == TYPE_LIST) return listSize(e);
  return <u64>valueCount(e) * ELEMENT_BYTES;
}

/** Members of a table that are looked at to guess what all of them weigh. */
const SAMPLE: u32 = 8;

/** About the bytes that a value outside of its entry takes; of a table, by a sample of its members. Takes no time. */
export function valueWeight(e: u32): u64 {
  const pointer = entryPointer(e);
  if (entryEncoding(e) <= ENC_INTSET) return arenaSize(pointer);
  switch (entryType(e)) {
    case TYPE_LIST: return listSize(e);
    case TYPE_STREAM: return streamWeight(pointer);
    default: return dictWeight(pointer, SAMPLE);
  }
}

/** What TYPE answers. */
export function valueTypeName(e: u32): string {
  switch (entryType(e)) {
    case TYPE_LIST: return 'list';
    case TYPE_SET: return 'set';
    case TYPE_ZSET: return 'zset';
    case TYPE_HASH: return 'hash';
    case TYPE_STREAM: return 'stream';
    default: return 'string';
  }
}

/** What OBJECT ENCODING answers. */
export function valueEncodingName(e: u32): string {
  switch (entryType(e)) {
    case TYPE_LIST: return listEncoding(e);
    case TYPE_SET: return setEncoding(e);
    case TYPE_ZSET: return zsetEncoding(e);
    case TYPE_HASH: return hashEncoding(e);
    case TYPE_STREAM: return streamEncoding(e);
    default: {
      if (entryEncoding(e) == ENC_INT) return 'int';
      return (entryFlags(e) & ENTRY_RAW) || stringLength(e) > 44 ? 'raw' : 'embstr';
    }
  }
}

/** Digest of the value alone: the same for the same content, whatever its form, and its order where it has none. */
export function valueDigest(e: u32): u64 {
  switch (entryType(e)) {
    case TYPE_LIST: return listDigest(e);
    case TYPE_SET: return setDigest(e);
    case TYPE_ZSET: return zsetDigest(e);
    case TYPE_HASH: return hashDigest(e);
    case TYPE_STREAM: return streamDigest(e);
    default: {
      stringView(e, 0);
      return kevyHash(viewPtr, viewLen);
    }
  }
}

/** Mixes two numbers into one: what digests are made of. */
export function mixDigest(a: u64, b: u64): u64 {
  let h = (a ^ b) * 0x9e3779b97f4a7c15;
  h ^= h >> 32;
  return h * 0xff51afd7ed558ccd;
}

/** The value's own integrity check: 0, or the number of the rule that is broken. */
export function valueCheck(e: u32): u32 {
  switch (entryType(e)) {
    case TYPE_STRING: return 0;
    case TYPE_LIST: return listCheck(e);
    case TYPE_SET: return setCheck(e);
    case TYPE_ZSET: return zsetCheck(e);
    case TYPE_HASH: return hashCheck(e);
    case TYPE_STREAM: return streamCheck(e);
    default: return 1;
  }
}
