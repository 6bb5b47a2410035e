// The hash commands that only read. Behaviour and texts: redis-server 7.0's t_hash.c, pinned by tests/differential.
import { argLen, argPtr, argc } from '../context';
import { WRONG } from '../typed';
import { replyArray, replyFailed, replyInt, replyMap, replyNull } from '../../resp/encode';
import { hashFields, hashFind, hashReplyValue, hashView, valueLen } from '../../types/hash/hash';
import { fieldsBegin, fieldsNext, replyWalkedName, replyWalkedValue } from '../../types/hash/walk';
import { hashRead } from './common';

export function hget(): void {
  const e = hashRead();
  if (e == WRONG) return;
  const at = e == 0 ? 0 : hashFind(e, argPtr(2), argLen(2));
  if (at == 0) replyNull();
  else hashReplyValue(e, at);
}

export function hmget(): void {
  const e = hashRead();
  if (e == WRONG) return;
  replyArray(argc - 2);
  for (let i: u32 = 2; i < argc; i++) {
    const at = e == 0 ? 0 : hashFind(e, argPtr(i), argLen(i));
    if (at == 0) replyNull();
    else hashReplyValue(e, at);
  }
}

export function hlen(): void {
  const e = hashRead();
  if (e != WRONG) replyInt(e == 0 ? 0 : hashFields(e));
}

export function hexists(): void {
  const e = hashRead();
  if (e != WRONG) replyInt(e != 0 && hashFind(e, argPtr(2), argLen(2)) != 0 ? 1 : 0);
}

export function hstrlen(): void {
  const e = hashRead();
  if (e == WRONG) return;
  const at = e == 0 ? 0 : hashFind(e, argPtr(2), argLen(2));
  if (at == 0) { replyInt(0); return; }
  hashView(e, at, 0);
  replyInt(valueLen);
}

/** HGETALL, HKEYS and HVALS. */
export function hgetall(names: bool, values: bool): void {
  const e = hashRead();
  if (e == WRONG) return;
  const count = e == 0 ? 0 : hashFields(e);
  if (names && values) replyMap(count);
  else replyArray(count);
  if (e == 0) return;
  fieldsBegin(e);
  while (!replyFailed && fieldsNext()) {
    if (names) replyWalkedName();
    if (values) replyWalkedValue(e);
  }
}
