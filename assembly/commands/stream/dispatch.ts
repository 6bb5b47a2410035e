// From opcode to function, for the commands of this folder; which of them are slow as they stand: cost.ts.
import { opcode } from '../context';
import { replyError } from '../../resp/errors';
import {
  OP_XACK, OP_XADD, OP_XAUTOCLAIM, OP_XCLAIM, OP_XDEL, OP_XGROUP, OP_XINFO, OP_XLEN, OP_XPENDING, OP_XRANGE, OP_XREAD, OP_XREADGROUP,
  OP_XREVRANGE, OP_XSETID, OP_XTRIM,
} from '../table.generated';
import { xautoclaim, xclaim } from './claim';
import { xadd, xdel, xlen, xsetid, xtrim } from './entries';
import { xack, xgroup } from './groups';
import { xinfo } from './info';
import { xpending } from './pending';
import { xrange } from './range';
import { xread } from './read';

export { streamSlow } from './cost';

export function dispatchStream(): void {
  switch (opcode) {
    case OP_XADD: xadd(); break;
    case OP_XLEN: xlen(); break;
    case OP_XRANGE: xrange(false); break;
    case OP_XREVRANGE: xrange(true); break;
    case OP_XDEL: xdel(); break;
    case OP_XTRIM: xtrim(); break;
    case OP_XREAD: case OP_XREADGROUP: xread(); break;
    case OP_XSETID: xsetid(); break;
    case OP_XGROUP: xgroup(); break;
    case OP_XACK: xack(); break;
    case OP_XPENDING: xpending(); break;
    case OP_XCLAIM: xclaim(); break;
    case OP_XAUTOCLAIM: xautoclaim(); break;
    case OP_XINFO: xinfo(); break;
    default: replyError('ERR command is not executed by the kernel');
  }
}
