// The state of the call in progress: one instance's private scratch, set by `exec` from the control block and by the
// parser from the frame. Nothing here outlives a call, so it needs no address in the shard's memory.
import { CONTROL_DB, CONTROL_FLAGS, CONTROL_NOW, CONTROL_PROTO, CONTROL_LRU_CLOCK, CONTROL_BULK_MAX } from '../abi';

/** Base of the caller's window. */
export let win: u32 = 0;
/** Unix milliseconds, constant during a call. */
export let nowMs: i64 = 0;
/** Database that commands work on; a logged record or an internal command may change it for one command. */
export let db: u32 = 0;
export let proto: u32 = 2;
export let callFlags: u32 = 0;
/** Access clock that lookups stamp entries with: 24 bits. */
export let lruClock: u32 = 0;
export let bulkBytesMax: u32 = 0;

/** Arguments of the frame in hand; rows of (ptr u32, bytes u32) at argvBase. */
export let argc: u32 = 0;
export let argvBase: u32 = 0;
/** Opcode and table flags of the command in hand. */
export let opcode: u32 = 0;
export let frameFlags: u32 = 0;
/** Raised by each command that changed something; `exec` turns it into the shard's dirty counter. */
export let changes: u32 = 0;

export function contextLoad(window: u32): void {
  win = window;
  nowMs = <i64>load<f64>(window + CONTROL_NOW);
  db = load<u32>(window + CONTROL_DB);
  proto = load<u32>(window + CONTROL_PROTO);
  callFlags = load<u32>(window + CONTROL_FLAGS);
  lruClock = load<u32>(window + CONTROL_LRU_CLOCK);
  bulkBytesMax = load<u32>(window + CONTROL_BULK_MAX);
}
@inline export function setArgs(base: u32, count: u32): void { argvBase = base; argc = count; }
@inline export function setCommand(code: u32, flags: u32): void { opcode = code; frameFlags = flags; }
@inline export function setDb(index: u32): void { db = index; }
@inline export function setNow(ms: i64): void { nowMs = ms; }
@inline export function changed(count: u32): void { changes += count; }
@inline export function clearChanges(): void { changes = 0; }

@inline export function argPtr(i: u32): u32 { return load<u32>(argvBase + (i << 3)); }
@inline export function argLen(i: u32): u32 { return load<u32>(argvBase + (i << 3), 4); }

/** Is argument i the word `lower` (up to 8 ASCII letters packed little-endian, lower case), in any letter case? */
export function argIs(i: u32, lower: u64, length: u32): bool {
  if (argLen(i) != length) return false;
  const p = argPtr(i);
  let word: u64 = 0;
  for (let k: u32 = 0; k < length; k++) {
    let c = <u64>load<u8>(p + k);
    if (c >= 65 && c <= 90) c |= 32;
    word |= c << (k << 3);
  }
  return word == lower;
}
