// Commands that look at a sorted set: ZSCORE, ZMSCORE, ZCARD, ZCOUNT, ZLEXCOUNT, ZRANK, ZREVRANK. Behaviour and texts:
// redis-server 7.0's t_zset.c, pinned by tests/differential.
import { replyArray, replyDouble, replyInt, replyNull, replyNullArray } from '../../resp/encode';
import { replyArity } from '../../resp/errors';
import { TYPE_ZSET, entryEncoding, entryPointer } from '../../table/entry';
import { lexRange, rangeCount, scoreRange } from '../../types/zset/range';
import { foundScore, zsetFindIn, zsetRankIn, zsetSize } from '../../types/zset/zset';
import { argIsWord } from '../arguments';
import { argLen, argPtr, argc } from '../context';
import { WRONG, typedRead } from '../typed';
import { highOpen, highScore, lexBounds, lowOpen, lowScore, scoreBounds } from './bounds';

export function zscore(): void {
  const e = typedRead(1, TYPE_ZSET);
  if (e == WRONG) return;
  if (e == 0 || !zsetFindIn(entryEncoding(e), entryPointer(e), argPtr(2), argLen(2))) replyNull();
  else replyDouble(foundScore);
}

export function zmscore(): void {
  const e = typedRead(1, TYPE_ZSET);
  if (e == WRONG) return;
  replyArray(argc - 2);
  for (let i: u32 = 2; i < argc; i++) {
    if (e == 0 || !zsetFindIn(entryEncoding(e), entryPointer(e), argPtr(i), argLen(i))) replyNull();
    else replyDouble(foundScore);
  }
}

export function zcard(): void {
  const e = typedRead(1, TYPE_ZSET);
  if (e != WRONG) replyInt(e == 0 ? 0 : zsetSize(entryEncoding(e), entryPointer(e)));
}

export function zcount(): void {
  if (!scoreBounds(2, 3)) return;
  const e = typedRead(1, TYPE_ZSET);
  if (e == WRONG) return;
  if (e == 0) { replyInt(0); return; }
  scoreRange(entryEncoding(e), entryPointer(e), lowScore, lowOpen, highScore, highOpen);
  replyInt(rangeCount);
}

export function zlexcount(): void {
  if (!lexBounds(2, 3)) return;
  const e = typedRead(1, TYPE_ZSET);
  if (e == WRONG) return;
  if (e == 0) { replyInt(0); return; }
  lexRange(entryEncoding(e), entryPointer(e), false);
  replyInt(rangeCount);
}

/** ZRANK and ZREVRANK. WITHSCORE is Redis 7.2's. */
export function zrank(reverse: bool): void {
  const withScore = argc == 4 && argIsWord(3, 'withscore');
  if (argc > 3 && !withScore) { replyArity(argPtr(0), argLen(0)); return; }
  const e = typedRead(1, TYPE_ZSET);
  if (e == WRONG) return;
  const rank = e == 0 ? -1 : zsetRankIn(entryEncoding(e), entryPointer(e), argPtr(2), argLen(2));
  if (rank < 0) {
    if (withScore) replyNullArray();
    else replyNull();
    return;
  }
  if (withScore) replyArray(2);
  replyInt(reverse ? <i64>zsetSize(entryEncoding(e), entryPointer(e)) - 1 - rank : rank);
  if (withScore) replyDouble(foundScore);
}
