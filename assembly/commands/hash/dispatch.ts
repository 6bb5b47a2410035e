// From opcode to function, for the commands of this folder; and which of them are slow as they stand.
import { argIs, argLen, argPtr, argc, db, opcode } from '../context';
import { hexpire, hpersist, httl } from './deadlines';
import { hgetdel, hgetex, hsetex } from './later';
import { hrandfield } from './random';
import { hexists, hget, hgetall, hlen, hmget, hstrlen } from './read';
import { hscan } from './scan';
import { hdel, hincrby, hincrbyfloat, hset, hsetnx } from './write';
import {
  OP_HDEL, OP_HEXISTS, OP_HEXPIRE, OP_HEXPIREAT, OP_HEXPIRETIME, OP_HGET, OP_HGETALL, OP_HGETDEL, OP_HGETEX, OP_HINCRBY, OP_HINCRBYFLOAT, OP_HKEYS,
  OP_HLEN, OP_HMGET, OP_HMSET, OP_HPERSIST, OP_HPEXPIRE, OP_HPEXPIREAT, OP_HPEXPIRETIME, OP_HPTTL, OP_HRANDFIELD, OP_HSCAN, OP_HSET, OP_HSETEX, OP_HSETNX,
  OP_HSTRLEN, OP_HTTL, OP_HVALS,
} from '../table.generated';
import { replyError } from '../../resp/errors';
import { TYPE_HASH, entryPointer, entryType } from '../../table/entry';
import { find, root } from '../../table/table';
import { hashDue } from '../../types/hash/deadlines';
import { hashIsPacked } from '../../types/hash/hash';
import { dictCount } from '../../types/dict';
import { lpBytes } from '../../types/listpack';
import { parseI64, parsedI64 } from '../../types/integer';

export function dispatchHash(): void {
  switch (opcode) {
    case OP_HSET: hset(true); break;
    case OP_HMSET: hset(false); break;
    case OP_HSETNX: hsetnx(); break;
    case OP_HGET: hget(); break;
    case OP_HMGET: hmget(); break;
    case OP_HGETALL: hgetall(true, true); break;
    case OP_HKEYS: hgetall(true, false); break;
    case OP_HVALS: hgetall(false, true); break;
    case OP_HDEL: hdel(); break;
    case OP_HLEN: hlen(); break;
    case OP_HEXISTS: hexists(); break;
    case OP_HSTRLEN: hstrlen(); break;
    case OP_HINCRBY: hincrby(); break;
    case OP_HINCRBYFLOAT: hincrbyfloat(); break;
    case OP_HRANDFIELD: hrandfield(); break;
    case OP_HSCAN: hscan(); break;
    case OP_HEXPIRE: hexpire(true, false); break;
    case OP_HPEXPIRE: hexpire(false, false); break;
    case OP_HEXPIREAT: hexpire(true, true); break;
    case OP_HPEXPIREAT: hexpire(false, true); break;
    case OP_HTTL: httl(false, false); break;
    case OP_HPTTL: httl(true, false); break;
    case OP_HEXPIRETIME: httl(false, true); break;
    case OP_HPEXPIRETIME: httl(true, true); break;
    case OP_HPERSIST: hpersist(); break;
    case OP_HGETDEL: hgetdel(); break;
    case OP_HGETEX: hgetex(); break;
    case OP_HSETEX: hsetex(); break;
    default: replyError('ERR command is not executed by the kernel');
  }
}

/** Fields walked or looked up in about half a millisecond. */
const FIELDS_WALKED: u32 = 4000;
const FIELDS_LOOKED_UP: u32 = 2000;
/** Fields drawn at random in as much time. */
const FIELDS_DRAWN: u32 = 2000;
/** Fields whose time has come and that a command may have to take out. */
const FIELDS_DUE: u32 = 1000;
/** Bytes of a listpack that are passed over in about half a millisecond. */
const PACKED_BYTES: u64 = 256 * 1024;

/** The integer at argument i; 0 if it is none. */
function numberAt(i: u32): i64 { return i < argc && parseI64(argPtr(i), argLen(i)) ? parsedI64 : 0; }

/** Fields that HRANDFIELD is asked for, whichever sign the number has; its least value has no positive one. */
function fieldsDrawn(): u64 { return <u64>abs(max(numberAt(2), -i64.MAX_VALUE)); }

/** The number behind HSCAN's COUNT. */
function fieldsScanned(): i64 {
  for (let i: u32 = 3; i + 1 < argc; i += 2) if (argIs(i, 0x746e756f63, 5)) return numberAt(i + 1);
  return 0;
}

/** Would the frame in hand, of `bytes` bytes, hold the latch for longer than about a millisecond? */
export function hashSlow(bytes: u32): bool {
  const fields = opcode == OP_HSET || opcode == OP_HMSET ? argc >>> 1 : argc;
  if (fields > FIELDS_LOOKED_UP) return true;
  const e = find(root(db), argPtr(1), argLen(1));
  if (e == 0 || entryType(e) != TYPE_HASH) return false;
  const pointer = entryPointer(e);
  if (hashIsPacked(e)) {
    // Each field that a listpack is searched for may cost a walk over it.
    const walks: u64 = opcode == OP_HRANDFIELD ? fieldsDrawn() : <u64>fields;
    return walks > PACKED_BYTES || walks * lpBytes(pointer) > PACKED_BYTES;
  }
  const count = dictCount(pointer);
  if (count > FIELDS_DUE && hashDue(e)) return true;
  switch (opcode) {
    case OP_HGETALL: case OP_HKEYS: case OP_HVALS: return count > FIELDS_WALKED;
    case OP_HRANDFIELD: return fieldsDrawn() > FIELDS_DRAWN;
    case OP_HSCAN: return fieldsScanned() > <i64>FIELDS_WALKED;
    default: return false;
  }
}
