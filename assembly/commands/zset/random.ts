// ZRANDMEMBER. Behaviour and texts: redis-server 7.0's t_zset.c.
import { windowScratch } from '../../memory/window';
import { replyArray, replyBulk, replyDouble, replyFailed, replyNull } from '../../resp/encode';
import { replyError, replyOom, replySyntax } from '../../resp/errors';
import { TYPE_ZSET, entryEncoding, entryPointer } from '../../table/entry';
import { random } from '../../table/keyspace';
import { readLen, readPtr, readScore, zsetNext, zsetRead, zsetSize, zsetWalk } from '../../types/zset/zset';
import { argIsWord, integer, integerArg } from '../arguments';
import { argc, proto, win } from '../context';
import { WRONG, typedRead } from '../typed';
import { replyRange } from './store';

/** Up to so many different members are picked by drawing ranks; more of them, by going through the set once. */
const DRAWN_MAX: u32 = 2048;
/** More members than any reply has memory for. */
const REPEATS_MAX: i64 = 0x20000000;

/** A random number below `limit`. The bias is below limit / 2^32. */
@inline function below(limit: u32): u32 { return <u32>(((random() >> 32) * <u64>limit) >> 32); }

let withScores: bool = false;

/** Replies with the member that the walk is at. */
function replyOne(): void {
  if (withScores && proto == 3) replyArray(2);
  zsetRead();
  replyBulk(readPtr, readLen);
  if (withScores) replyDouble(readScore);
}

export function zrandmember(): void {
  if (argc > 2) { pickSeveral(); return; }
  const e = typedRead(1, TYPE_ZSET);
  if (e == WRONG) return;
  if (e == 0) { replyNull(); return; }
  withScores = false;
  zsetWalk(entryEncoding(e), entryPointer(e), below(zsetSize(entryEncoding(e), entryPointer(e))));
  replyOne();
}

function pickSeveral(): void {
  if (!integerArg(2)) return;
  const wanted = integer;
  if (wanted == i64.MIN_VALUE) {
    replyError('ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807');
    return;
  }
  withScores = argc == 4 && argIsWord(3, 'withscores');
  if (argc > 3 && !withScores) { replySyntax(); return; }
  if (withScores && (wanted < -i64.MAX_VALUE / 2 || wanted > i64.MAX_VALUE / 2)) { replyError('ERR value is out of range'); return; }
  const e = typedRead(1, TYPE_ZSET);
  if (e == WRONG) return;
  if (e == 0 || wanted == 0) { replyArray(0); return; }
  const encoding = entryEncoding(e);
  const pointer = entryPointer(e);
  const size = zsetSize(encoding, pointer);
  if (wanted < 0) pickRepeatedly(encoding, pointer, size, -wanted);
  else if (wanted >= <i64>size) replyRange(encoding, pointer, size - 1, size, true, withScores);
  else pickDifferent(encoding, pointer, size, <u32>wanted);
}

function replyHead(count: u32): void { replyArray(withScores && proto == 2 ? count * 2 : count); }

function pickRepeatedly(encoding: u32, pointer: u32, size: u32, count: i64): void {
  if (count > REPEATS_MAX) { replyOom(); return; }
  replyHead(<u32>count);
  for (let left = count; left != 0 && !replyFailed; left--) {
    zsetWalk(encoding, pointer, below(size));
    replyOne();
  }
}

function pickDifferent(encoding: u32, pointer: u32, size: u32, count: u32): void {
  replyHead(count);
  if (count <= DRAWN_MAX) {
    const ranks = windowScratch(win);
    drawRanks(ranks, size, count);
    for (let i: u32 = 0; i < count && !replyFailed; i++) {
      zsetWalk(encoding, pointer, load<u32>(ranks + (i << 2)));
      replyOne();
    }
    return;
  }
  // Each member in turn, with the chance that makes exactly `count` of them.
  zsetWalk(encoding, pointer, 0);
  for (let rank: u32 = 0; count != 0 && !replyFailed; rank++) {
    if (below(size - rank) < count) { replyOne(); count--; }
    zsetNext();
  }
}

/** Writes `count` different ranks below `size` in ascending order: Floyd's way, a draw for each. */
function drawRanks(ranks: u32, size: u32, count: u32): void {
  for (let i: u32 = 0; i < count; i++) {
    const top = size - count + i;
    let rank = below(top + 1);
    let at = placeOf(ranks, i, rank);
    if (at < i && load<u32>(ranks + (at << 2)) == rank) { rank = top; at = i; }
    memory.copy(ranks + (at << 2) + 4, ranks + (at << 2), (i - at) << 2);
    store<u32>(ranks + (at << 2), rank);
  }
}

/** Where a rank is among `count` sorted ones, or belongs. */
function placeOf(ranks: u32, count: u32, rank: u32): u32 {
  let low: u32 = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (load<u32>(ranks + (middle << 2)) < rank) low = middle + 1;
    else high = middle;
  }
  return low;
}
