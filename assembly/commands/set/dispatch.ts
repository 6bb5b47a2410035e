// From opcode to function, for the commands of this folder; and which of them are slow as they stand.
import { replyError } from '../../resp/errors';
import { opcode } from '../context';
import {
  OP_SADD, OP_SCARD, OP_SDIFF, OP_SDIFFSTORE, OP_SINTER, OP_SINTERCARD, OP_SINTERSTORE, OP_SISMEMBER, OP_SMEMBERS, OP_SMISMEMBER, OP_SMOVE, OP_SPOP,
  OP_SRANDMEMBER, OP_SREM, OP_SSCAN, OP_SUNION, OP_SUNIONSTORE,
} from '../table.generated';
import { sdiff, sinter, sintercard, sunion } from './algebra';
import { sadd, scard, sismember, smembers, smismember, smove, srem, sscan } from './members';
import { spop, srandmember } from './random';

export { setSlow } from './cost';

export function dispatchSet(): void {
  switch (opcode) {
    case OP_SADD: sadd(); break;
    case OP_SREM: srem(); break;
    case OP_SMEMBERS: smembers(); break;
    case OP_SISMEMBER: sismember(); break;
    case OP_SMISMEMBER: smismember(); break;
    case OP_SCARD: scard(); break;
    case OP_SPOP: spop(); break;
    case OP_SRANDMEMBER: srandmember(); break;
    case OP_SMOVE: smove(); break;
    case OP_SINTER: sinter(false); break;
    case OP_SINTERCARD: sintercard(); break;
    case OP_SINTERSTORE: sinter(true); break;
    case OP_SUNION: sunion(false); break;
    case OP_SUNIONSTORE: sunion(true); break;
    case OP_SDIFF: sdiff(false); break;
    case OP_SDIFFSTORE: sdiff(true); break;
    case OP_SSCAN: sscan(); break;
    default: replyError('ERR command is not executed by the kernel');
  }
}
