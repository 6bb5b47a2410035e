// Results that become a sorted set: GEOSEARCHSTORE, and GEORADIUS and its like with STORE or STOREDIST.
import { EVENT_GEORADIUSSTORE, EVENT_GEOSEARCHSTORE } from '../../events/names';
import { replyOom } from '../../resp/errors';
import { entryEncoding } from '../../table/entry';
import { unitMetres } from '../../types/geo-areas';
import { readLen, readPtr, zsetDropHeld, zsetHoldNew, zsetPut, zsetReadPlace } from '../../types/zset/zset';
import { changed, opcode } from '../context';
import { OP_GEOSEARCHSTORE } from '../table.generated';
import { storeHeld } from '../zset/store';
import { STORE_DISTANCE, options, storeIndex } from './options';
import { resultDistance, resultMember, resultScore } from './results';

/** Stores the first `wanted` results, found in `e`, which may be the very key that they replace. */
export function storeResults(e: u32, wanted: u32): void {
  const encoding = entryEncoding(e);
  if (!zsetHoldNew()) { replyOom(); return; }
  for (let i: u32 = 0; i < wanted; i++) {
    const score = (options & STORE_DISTANCE) != 0 ? resultDistance(i) / unitMetres : resultScore(i);
    zsetReadPlace(encoding, resultMember(i));
    if (!zsetPut(score, readPtr, readLen)) {
      zsetDropHeld();
      replyOom();
      return;
    }
  }
  // Redis counts each member as a change.
  if (storeHeld(storeIndex, opcode == OP_GEOSEARCHSTORE ? EVENT_GEOSEARCHSTORE : EVENT_GEORADIUSSTORE)) changed(wanted - 1);
}
