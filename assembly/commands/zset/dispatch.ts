// From opcode to function, for the commands of this folder.
import { opcode } from '../context';
import {
  OP_ZADD, OP_ZCARD, OP_ZCOUNT, OP_ZDIFF, OP_ZDIFFSTORE, OP_ZINCRBY, OP_ZINTER, OP_ZINTERCARD, OP_ZINTERSTORE, OP_ZLEXCOUNT, OP_ZMPOP, OP_ZMSCORE, OP_ZPOPMAX,
  OP_ZPOPMIN, OP_ZRANDMEMBER, OP_ZRANGE, OP_ZRANGEBYLEX, OP_ZRANGEBYSCORE, OP_ZRANGESTORE, OP_ZRANK, OP_ZREM, OP_ZREMRANGEBYLEX, OP_ZREMRANGEBYRANK,
  OP_ZREMRANGEBYSCORE, OP_ZREVRANGE, OP_ZREVRANGEBYLEX, OP_ZREVRANGEBYSCORE, OP_ZREVRANK, OP_ZSCAN, OP_ZSCORE, OP_ZUNION, OP_ZUNIONSTORE,
} from '../table.generated';
import { replyError } from '../../resp/errors';
import { zadd, zincrby } from './add';
import { DIFF, INTER, UNION, zcombine, zintercard } from './combine';
import { zrandmember } from './random';
import { ANY_WAY, BY_ANY, zrange } from './range';
import { zcard, zcount, zlexcount, zmscore, zrank, zscore } from './read';
import { BY_LEX, BY_RANK, BY_SCORE, zmpop, zpop, zrem, zremrange } from './remove';
import { zscan } from './scan';

export { sortedSetSlow } from './cost';

export function dispatchSortedSet(): void {
  switch (opcode) {
    case OP_ZADD: zadd(); break;
    case OP_ZINCRBY: zincrby(); break;
    case OP_ZREM: zrem(); break;
    case OP_ZSCORE: zscore(); break;
    case OP_ZMSCORE: zmscore(); break;
    case OP_ZCARD: zcard(); break;
    case OP_ZCOUNT: zcount(); break;
    case OP_ZLEXCOUNT: zlexcount(); break;
    case OP_ZRANK: zrank(false); break;
    case OP_ZREVRANK: zrank(true); break;
    case OP_ZRANGE: zrange(1, BY_ANY, ANY_WAY); break;
    case OP_ZRANGESTORE: zrange(2, BY_ANY, ANY_WAY); break;
    case OP_ZREVRANGE: zrange(1, BY_RANK, 1); break;
    case OP_ZRANGEBYSCORE: zrange(1, BY_SCORE, 0); break;
    case OP_ZREVRANGEBYSCORE: zrange(1, BY_SCORE, 1); break;
    case OP_ZRANGEBYLEX: zrange(1, BY_LEX, 0); break;
    case OP_ZREVRANGEBYLEX: zrange(1, BY_LEX, 1); break;
    case OP_ZREMRANGEBYRANK: zremrange(BY_RANK); break;
    case OP_ZREMRANGEBYSCORE: zremrange(BY_SCORE); break;
    case OP_ZREMRANGEBYLEX: zremrange(BY_LEX); break;
    case OP_ZPOPMIN: zpop(false); break;
    case OP_ZPOPMAX: zpop(true); break;
    case OP_ZMPOP: zmpop(); break;
    case OP_ZRANDMEMBER: zrandmember(); break;
    case OP_ZUNION: zcombine(UNION, false); break;
    case OP_ZINTER: zcombine(INTER, false); break;
    case OP_ZDIFF: zcombine(DIFF, false); break;
    case OP_ZUNIONSTORE: zcombine(UNION, true); break;
    case OP_ZINTERSTORE: zcombine(INTER, true); break;
    case OP_ZDIFFSTORE: zcombine(DIFF, true); break;
    case OP_ZINTERCARD: zintercard(); break;
    case OP_ZSCAN: zscan(); break;
    default: replyError('ERR command is not executed by the kernel');
  }
}
