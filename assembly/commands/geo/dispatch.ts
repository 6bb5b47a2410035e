// From opcode to function, for the commands of this folder; and which of them are slow as they stand.
import { TYPE_ZSET, entryType } from '../../table/entry';
import { find, root } from '../../table/table';
import { zsetCount } from '../../types/zset/value';
import { argLen, argPtr, argc, db, opcode } from '../context';
import { OP_GEOADD, OP_GEODIST, OP_GEOHASH, OP_GEOPOS } from '../table.generated';
import { geoadd } from './add';
import { NO_PROBLEM } from './arguments';
import { readOptions, sourceIndex } from './options';
import { geodist, geohash, geopos } from './places';
import { search, searchCost } from './search';

/** Places replied, or added, in about half a millisecond; and places that a search looks at. */
const PLACES: u32 = 1000;
const PLACES_SEARCHED: u32 = 3000;

export function dispatchGeo(): void {
  switch (opcode) {
    case OP_GEOADD: geoadd(); break;
    case OP_GEOPOS: geopos(); break;
    case OP_GEODIST: geodist(); break;
    case OP_GEOHASH: geohash(); break;
    default: search();
  }
}

/** Would the frame in hand, of `bytes` bytes, hold the latch for longer than about a millisecond? */
export function geoSlow(bytes: u32): bool {
  switch (opcode) {
    case OP_GEOADD: return argc > PLACES * 3;
    case OP_GEOPOS: case OP_GEOHASH: return argc > PLACES;
    case OP_GEODIST: return false;
    default: return searchIsSlow();
  }
}

/** A search costs what lies in the cells around its centre: few logarithmic lookups tell. */
function searchIsSlow(): bool {
  const i = sourceIndex();
  const e = find(root(db), argPtr(i), argLen(i));
  if (e == 0 || entryType(e) != TYPE_ZSET || zsetCount(e) <= PLACES_SEARCHED) return false;
  return readOptions(e) == NO_PROBLEM && searchCost(e) > PLACES_SEARCHED;
}
