// LPUSH, RPUSH, LPUSHX, RPUSHX, LPOP, RPOP, LMPOP, LMOVE, RPOPLPUSH: the ends of lists. Texts and order of checks:
// redis-server 7.0's t_list.c.
import { argLen, argPtr, argc, changed, win } from '../context';
import { argIsWord } from '../arguments';
import { newContainer, removeKey, typedWrite, unmakeKey } from '../typed';
import { argChanged } from '../../events/arguments';
import { NOTIFY_LIST, keyEvent, keyModified, keyNew } from '../../events/events';
import { EVENT_LPOP, EVENT_LPUSH, EVENT_RPOP, EVENT_RPUSH } from '../../events/names';
import { fxArg, fxBegin, fxEnd, fxInt, logFrame, logOn } from '../../log/ring';
import { windowScratch } from '../../memory/window';
import { replyArray, replyBulk, replyFailed, replyInt, replyNull, replyNullArray } from '../../resp/encode';
import { replyArity, replyOom, replySyntax } from '../../resp/errors';
import { ENC_PACKED, TYPE_LIST } from '../../table/entry';
import { LP_EMPTY_BYTES, lpFree, lpNew } from '../../types/listpack';
import { cursorFirst, cursorLast, cursorReply, listCount } from '../../types/list/cursor';
import { listCut, listMove, listPush, listRotate } from '../../types/list/edit';
import { bounded, boundedArg, isEntry, replyFromEnd, sideArg, takeFromEnd } from './common';

/** A new list without elements for the key in argument i, which a lookup has just failed to find. 0: no memory. */
function newList(i: u32): u32 {
  const lp = lpNew(LP_EMPTY_BYTES);
  if (lp == 0) return 0;
  const e = newContainer(i, TYPE_LIST, ENC_PACKED, lp);
  if (e == 0) lpFree(lp);
  return e;
}

export function push(atHead: bool, onlyExisting: bool): void {
  const found = typedWrite(1, TYPE_LIST);
  if (found != 0 && !isEntry(found)) return;
  if (found == 0 && onlyExisting) { replyInt(0); return; }
  const e = found != 0 ? found : newList(1);
  if (e == 0) { replyOom(); return; }
  for (let i: u32 = 2; i < argc; i++) {
    if (listPush(e, atHead, argPtr(i), argLen(i))) continue;
    // What has been put in is taken out again.
    if (found == 0) unmakeKey(argPtr(1), argLen(1));
    else listCut(e, atHead, i - 2);
    replyOom();
    return;
  }
  const count = listCount(e);
  changed(argc - 2);
  logFrame();
  if (found == 0) keyNew(argPtr(1), argLen(1));
  argChanged(1, NOTIFY_LIST, atHead ? EVENT_LPUSH : EVENT_RPUSH);
  replyInt(count);
}

/** LPOP and RPOP. */
export function pop(atHead: bool): void {
  if (argc > 3) { replyArity(argPtr(0), argLen(0)); return; }
  const many = argc == 3;
  if (many && !boundedArg(2, 0, 'ERR value is out of range, must be positive')) return;
  const wanted = bounded;
  const e = typedWrite(1, TYPE_LIST);
  if (e == 0) {
    if (many) replyNullArray();
    else replyNull();
    return;
  }
  if (!isEntry(e)) return;
  if (many && wanted == 0) { replyArray(0); return; }
  const count: u32 = many ? <u32>min(wanted, <i64>listCount(e)) : 1;
  if (many) replyFromEnd(e, atHead, count);
  else {
    if (atHead) cursorFirst(e);
    else cursorLast(e);
    cursorReply();
  }
  if (replyFailed) return;
  takeFromEnd(1, e, atHead, count);
  changed(count);
  logFrame();
}

/** LMPOP. With keys on several shards the host goes through them and asks here for one at a time. */
export function lmpop(): void {
  if (!boundedArg(1, 1, 'ERR numkeys should be greater than 0')) return;
  const keys = bounded;
  if (keys >= <i64>argc - 2) { replySyntax(); return; }
  const sideAt = <u32>keys + 2;
  const side = sideArg(sideAt);
  if (side < 0) return;
  let wanted: i64 = -1;
  for (let i = sideAt + 1; i < argc; i++) {
    if (wanted != -1 || i + 1 >= argc || !argIsWord(i, 'count')) { replySyntax(); return; }
    i++;
    if (!boundedArg(i, 1, 'ERR count should be greater than 0')) return;
    wanted = bounded;
  }
  const atHead = side == 1;
  for (let i: u32 = 2; i < sideAt; i++) {
    const e = typedWrite(i, TYPE_LIST);
    if (e == 0) continue;
    if (!isEntry(e)) return;
    const count = <u32>min(max(wanted, 1), <i64>listCount(e));
    replyArray(2);
    replyBulk(argPtr(i), argLen(i));
    replyFromEnd(e, atHead, count);
    if (replyFailed) return;
    takeFromEnd(i, e, atHead, count);
    changed(count);
    if (!logOn()) return;
    fxBegin(atHead ? 'LPOP' : 'RPOP');
    fxArg(argPtr(i), argLen(i));
    fxInt(count);
    fxEnd();
    return;
  }
  replyNullArray();
}

export function lmove(): void {
  const from = sideArg(3);
  if (from < 0) return;
  const to = sideArg(4);
  if (to >= 0) move(from == 1, to == 1);
}

export function rpoplpush(): void { move(false, true); }

/** The element at an end of the list in argument 1 goes to an end of the list in argument 2. Both keys are on this shard. */
function move(fromHead: bool, toHead: bool): void {
  const source = typedWrite(1, TYPE_LIST);
  if (source == 0) { replyNull(); return; }
  if (!isEntry(source)) return;
  const found = typedWrite(2, TYPE_LIST);
  if (found != 0 && !isEntry(found)) return;
  if (fromHead) cursorFirst(source);
  else cursorLast(source);
  cursorReply();
  if (replyFailed) return;
  let goesLast = false;
  if (found == source) {
    if (fromHead != toHead && !listRotate(source, fromHead, windowScratch(win))) { replyOom(); return; }
  } else {
    const target = found != 0 ? found : newList(2);
    if (target == 0) { replyOom(); return; }
    const last = listCount(source) == 1;
    if (!listMove(source, fromHead, target, toHead)) {
      if (found == 0) unmakeKey(argPtr(2), argLen(2));
      replyOom();
      return;
    }
    goesLast = last;
  }
  changed(1);
  logFrame();
  if (found == 0) keyNew(argPtr(2), argLen(2));
  argChanged(2, NOTIFY_LIST, toHead ? EVENT_LPUSH : EVENT_RPUSH);
  keyEvent(NOTIFY_LIST, fromHead ? EVENT_LPOP : EVENT_RPOP, argPtr(1), argLen(1));
  if (goesLast) removeKey(argPtr(1), argLen(1));
  keyModified(argPtr(1), argLen(1));
}
