// GEOADD, GEOPOS, GEODIST and GEOHASH: places one by one. Behaviour: redis-server 7.0's geo.c, pinned by tests/differential.
import { distance } from '../../types/geo-distance';
import { GEOHASH_CHARS, STEP_MAX, geohashDecode, geohashEncode, geohashText, latitude, longitude } from '../../types/geohash';
import { replyArray, replyBulk, replyFailed, replyNull, replyNullArray } from '../../resp/encode';
import { replySyntax } from '../../resp/errors';
import { TYPE_ZSET, entryEncoding, entryPointer } from '../../table/entry';
import { foundScore, zsetFindIn } from '../../types/zset/zset';
import { argIsWord } from '../arguments';
import { argLen, argPtr, argc } from '../context';
import { WRONG, typedRead } from '../typed';
import { NO_PROBLEM, argLatitude, argLongitude, placeArgs, replyProblem, unitArg, unitMetres } from './arguments';
import { replyDistance, replyPlace } from './replies';
import { textPlace } from './scratch';

/** Is the member in argument i in the set? `foundScore` is its score then. */
function hasMember(e: u32, i: u32): bool {
  return e != 0 && zsetFindIn(entryEncoding(e), entryPointer(e), argPtr(i), argLen(i));
}

export function geopos(): void {
  const e = typedRead(1, TYPE_ZSET);
  if (e == WRONG) return;
  replyArray(argc - 2);
  for (let i: u32 = 2; i < argc && !replyFailed; i++) {
    if (!hasMember(e, i)) { replyNullArray(); continue; }
    geohashDecode(foundScore);
    replyPlace();
  }
}

export function geohash(): void {
  const e = typedRead(1, TYPE_ZSET);
  if (e == WRONG) return;
  replyArray(argc - 2);
  for (let i: u32 = 2; i < argc && !replyFailed; i++) {
    if (!hasMember(e, i)) { replyNull(); continue; }
    geohashText(foundScore, textPlace());
    replyBulk(textPlace(), GEOHASH_CHARS);
  }
}

export function geodist(): void {
  let metres: f64 = 1;
  if (argc > 5) { replySyntax(); return; }
  if (argc == 5) {
    const problem = unitArg(4);
    if (problem != NO_PROBLEM) { replyProblem(problem); return; }
    metres = unitMetres;
  }
  const e = typedRead(1, TYPE_ZSET);
  if (e == WRONG) return;
  if (!hasMember(e, 2)) { replyNull(); return; }
  geohashDecode(foundScore);
  const fromLongitude = longitude;
  const fromLatitude = latitude;
  if (!hasMember(e, 3)) { replyNull(); return; }
  geohashDecode(foundScore);
  replyDistance(distance(fromLongitude, fromLatitude, longitude, latitude) / metres);
}
