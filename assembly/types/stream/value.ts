// What every type of value answers to (types/value.ts), for streams.
import { dictReclaim } from '../dict';

export function streamDrop(encoding: u32, pointer: u32): void {}
export function streamReclaim(pointer: u32, budget: i32): i32 { return dictReclaim(pointer, budget); }
export function streamCount(e: u32): u32 { return 0; }
export function streamBytes(e: u32): u64 { return 0; }
export function streamEncoding(e: u32): string { return 'hashtable'; }
export function streamSaveType(e: u32): u32 { return 0; }
export function streamSave(e: u32): void {}
export function streamLoad(rdbType: u32): void {}
export function streamDigest(e: u32): u64 { return 0; }
export function streamCheck(e: u32): u32 { return 0; }
/** Moves blocks that would lie better elsewhere; answers what is left of the budget. */
export function streamDefrag(e: u32, budget: i32): i32 { return budget; }
