// Commands that only the host sends (CALL_INTERNAL): how a value travels from one shard to another. Their names begin
// with NUL, which a client's frame cannot smuggle in.
//
//   NUL IMAGE key             bulk: the value's image, or null. Leaves the access clock alone.
//   NUL PUT key image [COPY]  stores the image under the key, replacing what is there; logged by value. Told of as what
//                             RENAME, or COPY, does to its destination. +OK
//   NUL LEAVE key             deletes the key, logged as DEL, told of as what RENAME does to its source. +OK
//   NUL GUEST key image       takes the image in as a guest until `guestsClear`. +OK
//   NUL SIZE key              integer: about the bytes of the value, -1 if there is none. Touches nothing.
//   NUL SORTED key            leaves a sorted set as SORT does that sorted it elsewhere, as a guest: `skiplist` by name. +OK
//   NUL XCHECK XREADGROUP ... would the command begin, as far as this shard knows? +OK, +SLOW, or its error. Changes nothing.
//                             XREAD, too, which is told of keys that it looks for in vain.
//   NUL SLOT slot cursor most   a part of a walk over the keys of a slot: cluster.ts
//   NUL DIGEST                bulk: 16 hex digits over the database's whole content (order-free)
//   NUL DBn command ...       any command, in database n: how the log names another database than 0 (exec.ts)
//
// What an image is: commands/dump/image.ts.
import { CALL_SLOW } from '../abi';
import { argc, argLen, argPtr, argvBase, callFlags, changed, contextLoad, db, setArgs, setCommand, win } from './context';
import { slotWalk } from './cluster';
import { isSlow } from './cost';
import { guest, image, put } from './dump/image';
import { argChanged } from '../events/arguments';
import { NOTIFY_GENERIC } from '../events/events';
import { EVENT_RENAME_FROM } from '../events/names';
import { fxArg, fxBegin, fxEnd, logOn, logReserve } from '../log/ring';
import { replyStatusText } from './keys';
import { windowAt } from '../memory/window';
import { kevyHash } from '../routing/kevyhash';
import { replyBulk, replyInt, replyOk, replyReserve } from '../resp/encode';
import { replyError, replyOom } from '../resp/errors';
import { ENTRY_LARGE, TYPE_ZSET, entryExpiry, entryFlags, entryKey, entryKeyLen, entrySetFlags, entryType } from '../table/entry';
import { keyDrop } from '../snapshot/before-write';
import { EXPIRE_LOG_BYTES, LOOKUP_QUIET, lookup } from '../table/keyspace';
import { readCheck } from './stream/read';
import { OP_XREAD, OP_XREADGROUP } from './table.generated';
import { BUCKETS, Root, STASH, bucketAt, root, slotAt, unlinkFound, usedSlots, segmentAt } from '../table/table';
import { mixDigest, valueCheck, valueDigest, valueSize } from '../types/value';
import { SPARE_IMAGE } from '../memory/spare';

export { logValue, logValueForget, logValueReserve } from './dump/log';


function nameIs(text: string): bool {
  const length = <u32>text.length;
  if (argLen(0) != length + 1) return false;
  const name = argPtr(0) + 1;
  for (let i: u32 = 0; i < length; i++) if (load<u8>(name + i) != load<u8>(changetype<usize>(text) + (i << 1))) return false;
  return true;
}

export function dispatchInternal(): void {
  if (nameIs('IMAGE') && argc == 2) image();
  else if (nameIs('PUT') && (argc == 3 || argc == 4)) put();
  else if (nameIs('GUEST') && argc == 3) guest();
  else if (nameIs('LEAVE') && argc == 2) leave();
  else if (nameIs('SIZE') && argc == 2) size();
  else if (nameIs('SORTED') && argc == 2) sorted();
  else if (nameIs('XCHECK') && argc > 1) checkReadGroup();
  else if (nameIs('SLOT') && argc == 4) slotWalk();
  else if (nameIs('DIGEST') && argc == 1) digest();
  else replyError('ERR unknown internal command');
}

function leave(): void {
  if (!logReserve(<u64>argLen(1) + EXPIRE_LOG_BYTES)) { replyOom(); return; }
  if (lookup(argPtr(1), argLen(1), LOOKUP_QUIET) != 0) {
    keyDrop(unlinkFound(root(db)));
    changed(1);
    if (logOn()) { fxBegin('DEL'); fxArg(argPtr(1), argLen(1)); fxEnd(); }
    argChanged(1, NOTIFY_GENERIC, EVENT_RENAME_FROM);
  }
  replyOk();
}

function size(): void {
  const e = lookup(argPtr(1), argLen(1), LOOKUP_QUIET);
  replyInt(e == 0 ? -1 : <i64>valueSize(e));
}

/** Redis turns a sorted set that it sorts into a skiplist, for good. */
function sorted(): void {
  const e = lookup(argPtr(1), argLen(1), LOOKUP_QUIET);
  if (e != 0 && entryType(e) == TYPE_ZSET) entrySetFlags(e, entryFlags(e) | ENTRY_LARGE);
  replyOk();
}

/** XREADGROUP delivers for good, so with streams of several shards each is asked before the first one begins; XREAD likewise. */
function checkReadGroup(): void {
  setArgs(argvBase + 8, argc - 1);
  setCommand(argLen(0) == 5 ? OP_XREAD : OP_XREADGROUP, 0);
  if (!readCheck()) return;
  if ((callFlags & CALL_SLOW) != 0 || !isSlow(0)) replyOk();
  else if (replyReserve(8)) replyStatusText('SLOW');
}

// Two walks over all entries of a database: for its digest, and for the integrity of its values.

/** Digest of one database: a sum over its entries, so that the order in which they lie does not show. */
export function databaseDigest(database: u32): u64 { return walk(root(database), false); }

/** 0, or the number of the rule that the first unsound value of the database breaks. */
export function valuesCheck(database: u32): u32 {
  // Integers in listpacks are viewed in a window's spare part; an instance that has executed nothing yet has none in hand.
  if (win == 0) contextLoad(windowAt(0));
  return <u32>walk(root(database), true);
}

function walk(r: Root, checks: bool): u64 {
  let sum: u64 = 0;
  if (r.directory == 0) return 0;
  const size: u32 = 1 << r.depth;
  let i: u32 = 0;
  while (i < size) {
    const segment = load<u32>(r.directory + (i << 2));
    for (let b: u32 = 0; b < BUCKETS + STASH; b++) {
      const bucket = bucketAt(segment, b);
      let mask = usedSlots(bucket);
      while (mask != 0) {
        const e = load<u32>(slotAt(bucket, ctz(mask)));
        mask &= mask - 1;
        if (!checks) sum += entryDigest(e);
        else {
          const reason = valueCheck(e);
          if (reason != 0) return reason;
        }
      }
    }
    i += 1 << (r.depth - segmentAt(segment).depth);
  }
  return sum;
}

function entryDigest(e: u32): u64 {
  let h = mixDigest(kevyHash(entryKey(e), entryKeyLen(e)), <u64>entryType(e));
  h = mixDigest(h, valueDigest(e));
  return mixDigest(h, <u64>entryExpiry(e));
}

function digest(): void {
  const value = databaseDigest(db);
  const text = win + SPARE_IMAGE;
  for (let i: u32 = 0; i < 16; i++) {
    const nibble = <u32>(value >> (60 - (<u64>i << 2))) & 15;
    store<u8>(text + i, nibble < 10 ? nibble + 48 : nibble + 87);
  }
  replyBulk(text, 16);
}
