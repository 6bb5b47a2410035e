// The integrity check of a small sorted set (types/zset/packed.ts).
import { arenaSize } from '../../memory/arena';
import { lpAfter, lpBytes, lpFirst, lpIsInt, lpLen, lpNext, lpPtr, lpRead, lpView } from '../listpack';
import { lpValid } from '../listpack-valid';
import { packedFind, packedScore } from './packed';
import { SEEK_MEMBER, seekBelow, seekFor } from './seek';

/** Members up to which every one is looked for, which is quadratic. */
const LOOKED_FOR_MAX: u32 = 512;

/** 0, or the number of the rule that is broken. */
export function packedCheck(lp: u32): u32 {
  const bytes = lpBytes(lp);
  if (bytes > arenaSize(lp)) return 20;
  if (!lpValid(lp, bytes, true)) return 21;
  let p = lpFirst(lp);
  if (p == 0) return 22;
  let before: u32 = 0;
  for (let i: u32 = 0; p != 0; i++) {
    const at = lpAfter(p);
    lpRead(at);
    if (!lpIsInt && lpLen != 4 && lpLen != 8 && lpLen != 9) return 23;
    const score = packedScore(at);
    if (score != score) return 24;
    if (before != 0) {
      const previous = packedScore(lpAfter(before));
      lpView(p, 0);
      seekFor(SEEK_MEMBER, score, lpPtr, lpLen);
      lpView(before, 1);
      if (!seekBelow(previous, lpPtr, lpLen)) return 25;
    }
    if (i < LOOKED_FOR_MAX) {
      lpView(p, 0);
      if (packedFind(lp, lpPtr, lpLen) != p) return 26;
    }
    before = p;
    p = lpNext(lp, at);
  }
  return 0;
}
