// What every type of value answers to (types/value.ts), for zsets.
import { dictReclaim } from '../dict';

export function zsetDrop(encoding: u32, pointer: u32): void {}
export function zsetReclaim(pointer: u32, budget: i32): i32 { return dictReclaim(pointer, budget); }
export function zsetCount(e: u32): u32 { return 0; }
export function zsetBytes(e: u32): u64 { return 0; }
export function zsetEncoding(e: u32): string { return 'hashtable'; }
export function zsetSaveType(e: u32): u32 { return 0; }
export function zsetSave(e: u32): void {}
export function zsetLoad(rdbType: u32): void {}
export function zsetDigest(e: u32): u64 { return 0; }
export function zsetCheck(e: u32): u32 { return 0; }
/** Moves blocks that would lie better elsewhere; answers what is left of the budget. */
export function zsetDefrag(e: u32, budget: i32): i32 { return budget; }
