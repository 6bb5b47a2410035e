// Finds where an entry of the snapshot file ends, and so whether it is there as a whole: what has passed here is read by
// decode.ts without looking at lengths again. The bytes may come from anybody; every loop is bounded by them.
import {
  BAD_OP, BAD_TTL, OP_DATABASE, OP_END, OP_HASH, OP_HASH_DEADLINES, OP_LIST, OP_SET, OP_STREAM, OP_STREAM_READ, OP_STRING, OP_ZSET, TTL_GIVEN, TTL_NONE,
  VERSION_NO_GROUPS, VERSION_OWN,
} from './ops';

let at: u32 = 0;
let stop: u32 = 0;
/** The entry is not complete: it ends here at the earliest, as an address that may lie beyond 32 bits. 0: it is. */
let needed: u64 = 0;

/** What the last `entryEnd` found of an entry that is not complete: bytes it has at least. */
export let skipNeed: u64 = 0;
/** Why it is no entry at all: BAD_*, 0. */
export let skipBad: u32 = 0;
/** Where its key lies and its payload begins, and its time to live, -1: none. */
export let skipKey: u32 = 0;
export let skipKeyLen: u32 = 0;
export let skipPayload: u32 = 0;
export let skipHasTtl: bool = false;
export let skipTtl: u64 = 0;

/** Nothing is looked at: skipNeed and skipBad are 0. */
export function skipNothing(): void {
  skipNeed = 0;
  skipBad = 0;
}

/** Are there `bytes` more? */
@inline function have(bytes: u64): bool {
  if (bytes <= <u64>(stop - at)) return true;
  if (needed == 0) needed = <u64>at + bytes;
  at = stop;
  return false;
}
@inline function skip(bytes: u64): void { if (have(bytes)) at += <u32>bytes; }
@inline function u32At(): u32 {
  if (!have(4)) return 0;
  at += 4;
  return load<u32>(at - 4);
}
@inline function skipText(): void {
  if (!have(4)) return;
  const length = load<u32>(at);
  skip(<u64>length + 4);
}

/** A count of elements of at least `bytesMin` bytes each; 0 if there are not that many bytes. */
function count(bytesMin: u64): u32 {
  const n = u32At();
  return have(<u64>n * bytesMin) ? n : 0;
}

/**
 * Where the entry at `p` ends, 0: skipNeed and skipBad say why it does not. OP_END and OP_DATABASE count as entries
 * without a key.
 */
export function entryEnd(p: u32, end: u32, version: u32): u32 {
  at = p;
  stop = end;
  needed = 0;
  skipBad = 0;
  skipNeed = 0;
  skipKeyLen = 0;
  const op = <u32>load<u8>(at);
  at++;
  if (!opKnown(op, version)) { skipBad = BAD_OP; return 0; }
  if (op == OP_DATABASE) skip(4);
  else if (op != OP_END) skipEntry(op, version);
  if (skipBad != 0) return 0;
  if (needed == 0) return at;
  skipNeed = needed - p;
  return 0;
}

function opKnown(op: u32, version: u32): bool {
  if (op <= OP_STREAM) return true;
  return version == VERSION_OWN && (op == OP_DATABASE || op == OP_HASH_DEADLINES || op == OP_STREAM_READ);
}

function skipEntry(op: u32, version: u32): void {
  if (!have(1)) return;
  const ttl = <u32>load<u8>(at);
  at++;
  if (ttl != TTL_NONE && ttl != TTL_GIVEN) { skipBad = BAD_TTL; return; }
  skipHasTtl = ttl == TTL_GIVEN;
  if (skipHasTtl) {
    if (!have(8)) return;
    skipTtl = load<u64>(at);
    at += 8;
  }
  skipKeyLen = u32At();
  skipKey = at;
  skip(skipKeyLen);
  skipPayload = at;
  switch (op) {
    case OP_STRING: skipText(); break;
    case OP_LIST:
    case OP_SET: skipTexts(count(4)); break;
    case OP_HASH: skipPairs(count(8), 0); break;
    case OP_HASH_DEADLINES: skipPairs(count(16), 8); break;
    case OP_ZSET: skipMembers(count(12)); break;
    default: skipStream(version, op == OP_STREAM_READ);
  }
}

function skipTexts(n: u32): void { for (let i: u32 = 0; i < n && needed == 0; i++) skipText(); }
function skipPairs(n: u32, before: u32): void {
  for (let i: u32 = 0; i < n && needed == 0; i++) { skip(before); skipText(); skipText(); }
}
function skipMembers(n: u32): void {
  for (let i: u32 = 0; i < n && needed == 0; i++) { skipText(); skip(8); }
}

function skipStream(version: u32, own: bool): void {
  skip(40);
  const entries = count(20);
  for (let i: u32 = 0; i < entries && needed == 0; i++) {
    skip(16);
    skipPairs(count(8), 0);
  }
  if (version <= VERSION_NO_GROUPS) return;
  const groups = count(own ? 36 : 28);
  for (let i: u32 = 0; i < groups && needed == 0; i++) {
    skipText();
    skip(own ? 24 : 16);
    skipMembers(count(12));
    const pending = count(own ? 36 : 32);
    for (let k: u32 = 0; k < pending && needed == 0; k++) {
      skip(16);
      skipText();
      skip(own ? 16 : 12);
    }
  }
}
