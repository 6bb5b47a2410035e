// XCLAIM and XAUTOCLAIM: pending entries change their consumer. Behaviour and texts: redis-server 7.0's t_stream.c.
//
// Both look at everything first, changing nothing, so that they know what memory, log and reply will take.
import { argIsWord, integer, integerArg } from '../arguments';
import { argLen, argPtr, argc, changed, nowMs } from '../context';
import { arenaCanAlloc } from '../../memory/arena';
import { HEADER_FLAG_CLOCK_STOPPED, header } from '../../memory/layout';
import { replyArray, replyClose, replyOpen, replyReserve } from '../../resp/encode';
import { printedLength, replyError, replyErrorWith, replyOom, replySyntax } from '../../resp/errors';
import { TYPE_STREAM, entryPointer } from '../../table/entry';
import { parseI64, parsedI64 } from '../../types/integer';
import {
  groupAt, groupFind, groupPending, pendingAdd, pendingAt, pendingFind, pendingGive, pendingGrowthBytes, pendingRemove,
} from '../../types/stream/group';
import { idIncrement, idMs, idSeq, idSet, replyId } from '../../types/stream/id';
import { idBelow, treeMs, treeNext, treeSeekFrom, treeSeq, treeValue } from '../../types/stream/id-tree';
import { replyEntryBytes } from '../../types/stream/node';
import { streamFind } from '../../types/stream/stream';
import { lookupRead } from '../../table/keyspace';
import { WRONG, changeOf, typedChange } from '../typed';
import { effectsBegin, effectsReserve, logDelivered, logDelivery, logForgotten, logGroupPosition } from './effects';
import { consumerOf, replyNoGroup } from './groups';
import { idArg, isId, startArg } from './ids';
import { ARRAY, replyEntry } from './range';

const ID_REPLY_BYTES: u64 = 64;

/** The group of arguments 1 and 2, its stream at groupStream; 0: an error was replied. */
let groupStream: u32 = 0;
function groupArg(): u32 { return groupIn(typedChange(1, TYPE_STREAM)); }
/** @param e The key's entry, 0, or WRONG: the error was replied. */
function groupIn(e: u32): u32 {
  if (e == WRONG) return 0;
  groupStream = e != 0 ? entryPointer(e) : 0;
  const group = e != 0 ? groupFind(groupStream, argPtr(2), argLen(2)) : 0;
  if (group == 0) replyNoGroup(1, 2, "'");
  return group;
}

let number: i64 = 0;
function numberArg(i: u32, text: string): bool {
  if (!parseI64(argPtr(i), argLen(i))) { replyError(text); return false; }
  number = parsedI64;
  return true;
}

/** What XCLAIM's options say. */
let idsEnd: u32 = 0;
let minIdleMs: i64 = 0;
let deliveredMs: i64 = -1;
let retryCount: i64 = -1;
let force: bool = false;
let justIds: bool = false;
let lastMs: u64 = 0;
let lastSeq: u64 = 0;

/** Reads the IDs from argument 5 on, and the options behind them, or replies with the error and answers false. */
function claimArgs(): bool {
  if (!numberArg(4, 'ERR Invalid min-idle-time argument for XCLAIM')) return false;
  minIdleMs = max<i64>(number, 0);
  deliveredMs = -1;
  retryCount = -1;
  force = false;
  justIds = false;
  lastMs = 0;
  lastSeq = 0;
  let i: u32 = 5;
  while (i < argc && isId(i)) i++;
  idsEnd = i;
  for (; i < argc; i++) {
    const more = i + 1 < argc;
    if (argIsWord(i, 'force')) force = true;
    else if (argIsWord(i, 'justid')) justIds = true;
    else if (more && argIsWord(i, 'idle')) {
      if (!numberArg(++i, 'ERR Invalid IDLE option argument for XCLAIM')) return false;
      deliveredMs = nowMs - number;
    } else if (more && argIsWord(i, 'time')) {
      if (!numberArg(++i, 'ERR Invalid TIME option argument for XCLAIM')) return false;
      deliveredMs = number;
    } else if (more && argIsWord(i, 'retrycount')) {
      if (!numberArg(++i, 'ERR Invalid RETRYCOUNT option argument for XCLAIM')) return false;
      retryCount = number;
    } else if (more && argIsWord(i, 'lastid')) {
      if (!idArg(++i)) return false;
      lastMs = idMs;
      lastSeq = idSeq;
    } else {
      replyErrorWith("ERR Unrecognized XCLAIM option '", argPtr(i), printedLength(argPtr(i), argLen(i)), "'", false);
      return false;
    }
  }
  if (deliveredMs == -1) deliveredMs = nowMs;
  // A time from the future is as good as now; but the times that our own log names are right, whatever the clock says.
  else if (deliveredMs < 0 || (deliveredMs > nowMs && (header().flags & HEADER_FLAG_CLOCK_STOPPED) == 0)) deliveredMs = nowMs;
  return true;
}

export function xclaim(): void {
  const group = groupArg();
  if (group == 0 || !claimArgs()) return;
  const pointer = groupStream;
  const count = idsEnd - 5;
  // Room for everything: replies, pending entries, log.
  let replyBytes: u64 = 64;
  for (let i: u32 = 5; i < idsEnd; i++) {
    isId(i);
    replyBytes += ID_REPLY_BYTES;
    if (!justIds && streamFind(pointer, idMs, idSeq)) replyBytes += replyEntryBytes();
  }
  if (replyBytes > 0x7fffffff || !replyReserve(<u32>replyBytes)) { replyOom(); return; }
  if (count > 1 && !arenaCanAlloc(pendingGrowthBytes(count))) { replyOom(); return; }
  const g = groupAt(group);
  const moves = idBelow(g.lastMs, g.lastSeq, lastMs, lastSeq);
  effectsBegin(1, group, 3);
  if (!effectsReserve(count, count)) { replyOom(); return; }
  claimer = 0;
  if (moves) { g.lastMs = lastMs; g.lastSeq = lastSeq; }
  const open = replyOpen(count);
  let claimed: u32 = 0;
  for (let i: u32 = 5; i < idsEnd; i++) {
    isId(i);
    const state = claimOne(pointer, group);
    if (state < 0) { logDelivered(); replyOom(); return; }
    claimed += <u32>state;
  }
  logDelivered();
  if (moves) { logGroupPosition(); changed(1); }
  replyClose(open, count, ARRAY, claimed);
}

/** The consumer that claims; 0 until something is claimed: it is made no earlier. */
let claimer: u32 = 0;

/** Claims the ID that was read last. 1: done, and replied; 0: left alone, or forgotten; below 0: no memory, nothing changed. */
function claimOne(pointer: u32, group: u32): i32 {
  const ms = idMs;
  const seq = idSeq;
  let block = pendingFind(group, ms, seq);
  if (!streamFind(pointer, ms, seq)) {
    if (block != 0) forget(group, ms, seq);
    return 0;
  }
  if (block == 0 && !force) return 0;
  if (block != 0 && minIdleMs != 0 && nowMs - pendingAt(block).deliveredMs < minIdleMs) return 0;
  if (claimer == 0) claimer = consumerOf(group, 3, 1);
  if (claimer == 0) return -1;
  if (block == 0) {
    block = pendingAdd(group, claimer, ms, seq, deliveredMs, 1);
    if (block == 0) return -1;
  } else if (!pendingGive(block, claimer, ms, seq)) return -1;
  const pending = pendingAt(block);
  pending.deliveredMs = deliveredMs;
  if (retryCount >= 0) pending.deliveries = retryCount;
  else if (!justIds) pending.deliveries++;
  if (justIds) replyId(ms, seq);
  else replyEntry();
  changed(1);
  logDelivery(ms, seq, pending.deliveredMs, pending.deliveries);
  return 1;
}

/** Forgets a pending entry that the stream has no more. */
function forget(group: u32, ms: u64, seq: u64): void {
  pendingRemove(group, ms, seq);
  changed(1);
  logDelivered();
  logForgotten(ms, seq);
}

const COUNT_MAX: i64 = i64.MAX_VALUE / 16;
const LOOKS_PER_COUNT: u64 = 10;

/** What a walk of XAUTOCLAIM found: entries to claim, entries to forget, where to go on, and the bytes of its reply. */
let toClaim: u32 = 0;
let toForget: u32 = 0;
let cursorMs: u64 = 0;
let cursorSeq: u64 = 0;
let walkBytes: u64 = 0;

/** Walks what is pending from an ID on, changing nothing. */
function look(pointer: u32, group: u32, ms: u64, seq: u64, count: u64): void {
  toClaim = 0;
  toForget = 0;
  walkBytes = 256;
  let looks = count * LOOKS_PER_COUNT;
  let p = treeSeekFrom(groupPending(group), ms, seq);
  for (; p != 0 && looks != 0 && count != 0; p = treeNext(p), looks--) {
    if (!streamFind(pointer, treeMs(p), treeSeq(p))) {
      toForget++;
      count--;
    } else if (minIdleMs == 0 || nowMs - pendingAt(treeValue(p)).deliveredMs >= minIdleMs) {
      toClaim++;
      count--;
      if (!justIds) walkBytes += replyEntryBytes();
    } else continue;
    walkBytes += ID_REPLY_BYTES;
  }
  cursorMs = p != 0 ? treeMs(p) : 0;
  cursorSeq = p != 0 ? treeSeq(p) : 0;
}

let autoCount: i64 = 100;

function autoclaimArgs(): bool {
  if (!numberArg(4, 'ERR Invalid min-idle-time argument for XAUTOCLAIM')) return false;
  minIdleMs = max<i64>(number, 0);
  if (!startArg(5)) return false;
  autoCount = 100;
  justIds = false;
  for (let i: u32 = 6; i < argc; i++) {
    if (i + 1 < argc && argIsWord(i, 'count')) {
      if (!numberArg(++i, 'ERR COUNT must be > 0')) return false;
      if (number < 1 || number > COUNT_MAX) { replyError('ERR COUNT must be > 0'); return false; }
      autoCount = number;
    } else if (argIsWord(i, 'justid')) justIds = true;
    else { replySyntax(); return false; }
  }
  return true;
}

export function xautoclaim(): void {
  // Redis looks for the key first, and has it counted and told of, before it reads the arguments.
  const found = lookupRead(argPtr(1), argLen(1));
  if (!autoclaimArgs()) return;
  const fromMs = idMs;
  const fromSeq = idSeq;
  const group = groupIn(changeOf(found, TYPE_STREAM));
  if (group == 0) return;
  const pointer = groupStream;
  look(pointer, group, fromMs, fromSeq, autoCount);
  if (walkBytes > 0x7fffffff || !replyReserve(<u32>walkBytes)) { replyOom(); return; }
  if (toClaim > 1 && !arenaCanAlloc(pendingGrowthBytes(toClaim))) { replyOom(); return; }
  effectsBegin(1, group, 3);
  if (!effectsReserve(toClaim + toForget, toClaim + toForget)) { replyOom(); return; }
  claimer = 0;
  deliveredMs = nowMs;
  retryCount = -1;
  force = false;
  replyArray(3);
  replyId(cursorMs, cursorSeq);
  replyArray(toClaim);
  if (!claimFrom(pointer, group, fromMs, fromSeq)) { logDelivered(); replyOom(); return; }
  logDelivered();
  replyArray(toForget);
  forgetFrom(pointer, group, fromMs, fromSeq);
}

/** Claims what `look` counted. False: no memory; what was done is in the log. */
function claimFrom(pointer: u32, group: u32, ms: u64, seq: u64): bool {
  let left = toClaim;
  for (let p = treeSeekFrom(groupPending(group), ms, seq); p != 0 && left != 0; p = treeNext(p)) {
    // An entry that the stream has no more is for `forgetFrom`: taken out here, it would upset the walk.
    if (!streamFind(pointer, treeMs(p), treeSeq(p))) continue;
    idSet(treeMs(p), treeSeq(p));
    const state = claimOne(pointer, group);
    if (state < 0) return false;
    left -= <u32>state;
  }
  return true;
}

/** Forgets what `look` counted, and replies with the IDs. */
function forgetFrom(pointer: u32, group: u32, ms: u64, seq: u64): void {
  let left = toForget;
  idSet(ms, seq);
  while (left != 0) {
    const p = treeSeekFrom(groupPending(group), idMs, idSeq);
    if (p == 0) break;
    idSet(treeMs(p), treeSeq(p));
    if (!streamFind(pointer, idMs, idSeq)) {
      forget(group, idMs, idSeq);
      replyId(idMs, idSeq);
      left--;
    }
    idIncrement();
  }
}
