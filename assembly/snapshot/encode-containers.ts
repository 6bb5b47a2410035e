// Encodes lists, sets, hashes and sorted sets, an element a step (encode.ts drives, cursor.ts has the place).
//
//   list, set   u32 count, then texts
//   hash        u32 count, then [deadline u64, in the own form only][field text][value text]
//   zset        u32 count, then [member text][score f64], the lowest score first
import { ENC_INTSET, ENC_PACKED, entryEncoding, entryExpiry, entryKey, entryKeyLen, entryPointer } from '../table/entry';
import { blobBytes, blobLength } from '../types/blob';
import { dictCount, dictRoot } from '../types/dict';
import { intsetCount, intsetValue } from '../types/intset';
import { formatI64 } from '../types/integer';
import { listCount } from '../types/list/cursor';
import { nodeBlock, nodeIsPlain, nodeNext, rootOf } from '../types/list/node';
import { lpCount, lpFirst, lpLen, lpNext, lpPtr, lpView } from '../types/listpack';
import { stringView, viewLen, viewPtr } from '../types/string';
import { packedScore } from '../types/zset/packed';
import { placeEntry, placeNext, placeScore, treeSelect } from '../types/zset/seek';
import { treeWord, zsetSize } from '../types/zset/zset';
import { win } from '../commands/context';
import { SPARE_SET_MEMBER } from '../memory/spare';
import { Cursor, PHASE_DONE, PHASE_ELEMENT, PHASE_HEAD, PHASE_SECOND, putText, tableNext } from './cursor';
import { SINK_UNSOUND, sinkFail, sinkU32, sinkU64 } from './sink';

/** Is the tree's place (types/zset/seek.ts) that of the cursor's rank? Nobody else moves it within one call. */
let placed: bool = false;
/** To be called whenever encoding goes on. */
export function encodeWake(): void { placed = false; }

/** Writes the count; elements come next, unless there are none. */
function head(c: Cursor, count: u32): void {
  sinkU32(count);
  c.left = count;
  c.phase = count != 0 ? PHASE_ELEMENT : PHASE_DONE;
}
@inline function oneLess(c: Cursor): void {
  c.left--;
  c.phase = c.left != 0 ? PHASE_ELEMENT : PHASE_DONE;
}

/** Writes the element of a listpack at the cursor and steps on. False: there is none, though there should be. */
function putPacked(c: Cursor, lp: u32): bool {
  if (c.at == 0) { sinkFail(SINK_UNSOUND); return false; }
  const p = lp + c.at;
  lpView(p, 0);
  putText(c, lpPtr, lpLen);
  const next = lpNext(lp, p);
  c.at = next != 0 ? next - lp : 0;
  return true;
}
@inline function firstOf(lp: u32): u32 { const p = lpFirst(lp); return p != 0 ? p - lp : 0; }

export function encodeList(c: Cursor): void {
  const pointer = entryPointer(c.entry);
  const packed = entryEncoding(c.entry) == ENC_PACKED;
  if (c.phase == PHASE_HEAD) {
    head(c, listCount(c.entry));
    c.block = packed ? 0 : rootOf(pointer).head;
    c.at = packed ? firstOf(pointer) : c.block != 0 && !nodeIsPlain(c.block) ? firstOf(nodeBlock(c.block)) : 0;
    return;
  }
  if (packed) {
    if (putPacked(c, pointer)) oneLess(c);
    return;
  }
  const node = c.block;
  if (node == 0) { sinkFail(SINK_UNSOUND); return; }
  const block = nodeBlock(node);
  if (nodeIsPlain(node)) putText(c, blobBytes(block), blobLength(block));
  else if (!putPacked(c, block)) return;
  oneLess(c);
  if (c.at != 0) return;
  const next = nodeNext(node);
  c.block = next;
  c.at = next != 0 && !nodeIsPlain(next) ? firstOf(nodeBlock(next)) : 0;
}

export function encodeSet(c: Cursor): void {
  const pointer = entryPointer(c.entry);
  const encoding = entryEncoding(c.entry);
  if (c.phase == PHASE_HEAD) {
    head(c, encoding == ENC_INTSET ? intsetCount(pointer) : encoding == ENC_PACKED ? lpCount(pointer) : dictCount(pointer));
    c.at = encoding == ENC_PACKED ? firstOf(pointer) : 0;
    return;
  }
  if (encoding == ENC_INTSET) {
    const text = win + SPARE_SET_MEMBER;
    putText(c, text, formatI64(intsetValue(pointer, c.at), text));
    c.at++;
  } else if (encoding == ENC_PACKED) {
    if (!putPacked(c, pointer)) return;
  } else {
    const m = tableNext(c, dictRoot(pointer));
    if (m == 0) return;
    putText(c, entryKey(m), entryKeyLen(m));
  }
  oneLess(c);
}

export function encodeHash(c: Cursor): void {
  const pointer = entryPointer(c.entry);
  if (entryEncoding(c.entry) == ENC_PACKED) { packedHash(c, pointer); return; }
  if (c.phase == PHASE_HEAD) { head(c, dictCount(pointer)); return; }
  if (c.phase == PHASE_ELEMENT) {
    c.block = tableNext(c, dictRoot(pointer));
    if (c.block == 0) return;
    // Without a deadline it is -1, all ones.
    if (c.own) sinkU64(<u64>entryExpiry(c.block));
    putText(c, entryKey(c.block), entryKeyLen(c.block));
    c.phase = PHASE_SECOND;
    if (c.spanLeft != 0) return;
  }
  stringView(c.block, 0);
  putText(c, viewPtr, viewLen);
  oneLess(c);
}

function packedHash(c: Cursor, lp: u32): void {
  if (c.phase == PHASE_HEAD) {
    head(c, lpCount(lp) >>> 1);
    c.at = firstOf(lp);
    return;
  }
  const second = c.phase == PHASE_SECOND;
  if (!putPacked(c, lp)) return;
  if (second) oneLess(c);
  else c.phase = PHASE_SECOND;
}

export function encodeZset(c: Cursor): void {
  const pointer = entryPointer(c.entry);
  const encoding = entryEncoding(c.entry);
  const packed = encoding == ENC_PACKED;
  if (c.phase == PHASE_HEAD) {
    head(c, zsetSize(encoding, pointer));
    c.at = packed ? firstOf(pointer) : 0;
    return;
  }
  if (!packed && !placed) treeSelect(treeWord(pointer), c.at);
  placed = true;
  if (c.phase == PHASE_ELEMENT) {
    if (packed) {
      if (!putPacked(c, pointer)) return;
    } else putText(c, entryKey(placeEntry()), entryKeyLen(placeEntry()));
    c.phase = PHASE_SECOND;
    if (c.spanLeft != 0) return;
  }
  if (packed) {
    const p = pointer + c.at;
    sinkU64(reinterpret<u64>(packedScore(p)));
    const next = lpNext(pointer, p);
    c.at = next != 0 ? next - pointer : 0;
  } else {
    sinkU64(reinterpret<u64>(placeScore()));
    c.at++;
    placeNext();
  }
  oneLess(c);
}
