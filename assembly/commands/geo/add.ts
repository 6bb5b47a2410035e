// GEOADD: places become members of a sorted set, their cells' numbers the scores. Behaviour: redis-server 7.0's geo.c and
// the ZADD that it ends in, pinned by tests/differential.
import { argChanged } from '../../events/arguments';
import { NOTIFY_ZSET, keyNew } from '../../events/events';
import { EVENT_ZADD } from '../../events/names';
import { logFrame, logFramePart } from '../../log/ring';
import { arenaCanAlloc } from '../../memory/arena';
import { replyInt } from '../../resp/encode';
import { replyOom, replySyntax } from '../../resp/errors';
import { TYPE_ZSET, entryEncoding, entryPointer } from '../../table/entry';
import { LOOKUP_QUIET, lookup } from '../../table/keyspace';
import { STEP_MAX, geohashEncode } from '../../types/geohash';
import {
  foundScore, heldEncoding, heldPointer, zsetDropHeld, zsetFind, zsetGrowthBytes, zsetHoldKey, zsetHoldNew, zsetInsert, zsetKeepIn, zsetRescore,
} from '../../types/zset/zset';
import { argIsWord } from '../arguments';
import { argLen, argPtr, argc, changed } from '../context';
import { WRONG, newContainer, typedWrite } from '../typed';
import { NO_PROBLEM, argLatitude, argLongitude, placeArgs, replyProblem } from './arguments';

const NX: u32 = 1;
const XX: u32 = 2;
const CH: u32 = 4;

/** Options read last. */
let options: u32 = 0;
/** Members added and moved by the last `addPlace`s. */
let added: u32 = 0;
let moved: u32 = 0;

/** Reads the options; answers the first argument behind them. */
function readOptions(): u32 {
  let i: u32 = 2;
  options = 0;
  for (; i < argc; i++) {
    if (argIsWord(i, 'nx')) options |= NX;
    else if (argIsWord(i, 'xx')) options |= XX;
    else if (argIsWord(i, 'ch')) options |= CH;
    else break;
  }
  return i;
}

export function geoadd(): void {
  const first = readOptions();
  if (first == argc || (argc - first) % 3 != 0 || (options & (NX | XX)) == (NX | XX)) { replySyntax(); return; }
  for (let i = first; i < argc; i += 3) {
    const problem = placeArgs(i);
    if (problem != NO_PROBLEM) { replyProblem(problem); return; }
  }
  const e = typedWrite(1, TYPE_ZSET);
  if (e == WRONG) return;
  added = 0;
  moved = 0;
  if (e == 0) {
    if ((options & XX) != 0) { replyInt(0); return; }
    if (!addToNew(first)) { replyOom(); return; }
  } else if (!addTo(e, first)) { replyOom(); return; }
  changed(added + moved);
  if (e == 0) keyNew(argPtr(1), argLen(1));
  if (added + moved != 0) {
    logFrame();
    argChanged(1, NOTIFY_ZSET, EVENT_ZADD);
  }
  replyInt((options & CH) != 0 ? added + moved : added);
}

/** Makes the key; false: no memory, nothing changed. */
function addToNew(first: u32): bool {
  if (!zsetHoldNew()) return false;
  let e: u32 = 0;
  if (addPlaces(first) == argc) {
    lookup(argPtr(1), argLen(1), LOOKUP_QUIET); // the set's own lookups came between
    e = newContainer(1, TYPE_ZSET, heldEncoding, heldPointer);
  }
  if (e == 0) {
    zsetDropHeld();
    return false;
  }
  zsetKeepIn(e);
  return true;
}

/** Adds to what is there; false: no memory. Nothing has changed then, unless the arena had promised too much. */
function addTo(e: u32, first: u32): bool {
  let bytes: u64 = 0;
  for (let i = first; i < argc; i += 3) bytes += argLen(i + 2);
  const count = <u64>(argc - first) / 3;
  if (count > 1 && !arenaCanAlloc(zsetGrowthBytes(entryEncoding(e), entryPointer(e), count, bytes))) return false;
  zsetHoldKey(e);
  const end = addPlaces(first);
  zsetKeepIn(e);
  if (end == argc) return true;
  if (added + moved != 0) {
    changed(added + moved);
    logFramePart(end);
    argChanged(1, NOTIFY_ZSET, EVENT_ZADD);
  }
  return false;
}

/** Puts all places into the held set; answers the argument before whose place memory ended, or argc. */
function addPlaces(first: u32): u32 {
  for (let i = first; i < argc; i += 3) {
    placeArgs(i);
    if (!addPlace(<f64>geohashEncode(argLongitude, argLatitude, STEP_MAX), argPtr(i + 2), argLen(i + 2))) return i;
  }
  return argc;
}

function addPlace(score: f64, ptr: u32, length: u32): bool {
  if (!zsetFind(ptr, length)) {
    if ((options & XX) != 0) return true;
    if (!zsetInsert(score, ptr, length)) return false;
    added++;
  } else if ((options & NX) == 0 && foundScore != score) {
    if (!zsetRescore(score, ptr, length)) return false;
    moved++;
  }
  return true;
}
