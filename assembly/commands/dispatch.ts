// From opcode to function. The order is the table's; the compiler makes a jump table of it.
import { EXPIRY_SECONDS } from './arguments';
import { argLen, argPtr, argc, opcode } from './context';
import { bitfield } from './bitfield';
import { bitcount, bitpos, getbit, setbit } from './bits';
import { bitop } from './bitop';
import { copy, del, exists, expire, memoryUsage, move, object, persist, rename, touch, ttl, type } from './keys';
import { FIRST_FAMILY_OPCODE, dispatchFamilies } from './families';
import { lcs } from './lcs';
import { dbsize, flush, keys, randomkey, scan, swapdb } from './scan';
import {
  append, decr, decrby, get, getdel, getex, getrange, getset, incr, incrby, incrbyfloat, mget, mset, set, setWithTime, setnx, setrange, strlen,
} from './strings';
import {
  OP_APPEND, OP_BITCOUNT, OP_BITFIELD, OP_BITFIELD_RO, OP_BITOP, OP_BITPOS, OP_COPY, OP_DBSIZE, OP_DECR, OP_DECRBY, OP_DEL, OP_ECHO, OP_EXISTS,
  OP_EXPIRE, OP_EXPIREAT, OP_EXPIRETIME, OP_FLUSHALL, OP_FLUSHDB, OP_GET, OP_GETBIT, OP_GETDEL, OP_GETEX, OP_GETRANGE, OP_GETSET, OP_INCR, OP_INCRBY,
  OP_INCRBYFLOAT, OP_KEYS, OP_LCS, OP_MEMORY, OP_MGET, OP_MOVE, OP_MSET, OP_MSETNX, OP_OBJECT, OP_PERSIST, OP_PEXPIRE, OP_PEXPIREAT, OP_PEXPIRETIME,
  OP_PING, OP_PSETEX, OP_PTTL, OP_RANDOMKEY, OP_RENAME, OP_RENAMENX, OP_SCAN, OP_SET, OP_SETBIT, OP_SETEX, OP_SETNX, OP_SETRANGE, OP_STRLEN, OP_SUBSTR,
  OP_SWAPDB, OP_TIME as FIRST_HOST_OPCODE, OP_TOUCH, OP_TTL, OP_TYPE, OP_UNLINK,
} from './table.generated';
import { replyBulk, replyRaw } from '../resp/encode';
import { replyArity, replyError } from '../resp/errors';

const PONG: u32 = <u32>memory.data<u8>([0x2b, 0x50, 0x4f, 0x4e, 0x47, 0x0d, 0x0a]);

function ping(): void {
  if (argc == 1) replyRaw(PONG, 7);
  else if (argc == 2) replyBulk(argPtr(1), argLen(1));
  else replyArity(argPtr(0), argLen(0));
}

export function dispatch(): void {
  switch (opcode) {
    case OP_GET: get(); break;
    case OP_SET: set(); break;
    case OP_SETNX: setnx(); break;
    case OP_SETEX: setWithTime(EXPIRY_SECONDS); break;
    case OP_PSETEX: setWithTime(0); break;
    case OP_GETSET: getset(); break;
    case OP_GETDEL: getdel(); break;
    case OP_GETEX: getex(); break;
    case OP_MGET: mget(); break;
    case OP_MSET: mset(false); break;
    case OP_MSETNX: mset(true); break;
    case OP_APPEND: append(); break;
    case OP_STRLEN: strlen(); break;
    case OP_GETRANGE: case OP_SUBSTR: getrange(); break;
    case OP_SETRANGE: setrange(); break;
    case OP_INCR: incr(); break;
    case OP_INCRBY: incrby(); break;
    case OP_DECR: decr(); break;
    case OP_DECRBY: decrby(); break;
    case OP_INCRBYFLOAT: incrbyfloat(); break;
    case OP_LCS: lcs(); break;
    case OP_SETBIT: setbit(); break;
    case OP_GETBIT: getbit(); break;
    case OP_BITCOUNT: bitcount(); break;
    case OP_BITPOS: bitpos(); break;
    case OP_BITOP: bitop(); break;
    case OP_BITFIELD: bitfield(false); break;
    case OP_BITFIELD_RO: bitfield(true); break;
    case OP_DEL: case OP_UNLINK: del(); break;
    case OP_EXISTS: exists(); break;
    case OP_TYPE: type(); break;
    case OP_TOUCH: touch(); break;
    case OP_EXPIRE: expire(true, false); break;
    case OP_PEXPIRE: expire(false, false); break;
    case OP_EXPIREAT: expire(true, true); break;
    case OP_PEXPIREAT: expire(false, true); break;
    case OP_TTL: ttl(false, false); break;
    case OP_PTTL: ttl(true, false); break;
    case OP_EXPIRETIME: ttl(false, true); break;
    case OP_PEXPIRETIME: ttl(true, true); break;
    case OP_PERSIST: persist(); break;
    case OP_RENAME: rename(false); break;
    case OP_RENAMENX: rename(true); break;
    case OP_COPY: copy(); break;
    case OP_MOVE: move(); break;
    case OP_RANDOMKEY: randomkey(); break;
    case OP_KEYS: keys(); break;
    case OP_SCAN: scan(); break;
    case OP_OBJECT: object(); break;
    case OP_DBSIZE: dbsize(); break;
    case OP_FLUSHALL: flush(true); break;
    case OP_FLUSHDB: flush(false); break;
    case OP_SWAPDB: swapdb(); break;
    case OP_MEMORY: memoryUsage(); break;
    case OP_PING: ping(); break;
    case OP_ECHO: replyBulk(argPtr(1), argLen(1)); break;
    default: {
      if (opcode >= FIRST_FAMILY_OPCODE && opcode < FIRST_HOST_OPCODE) dispatchFamilies();
      // The table sends everything else to the host; a frame that gets here all the same deserves an answer.
      else replyError('ERR command is not executed by the kernel');
    }
  }
}
