// What every type of value answers to (types/value.ts), for hashs.
import { dictReclaim } from '../dict';

export function hashDrop(encoding: u32, pointer: u32): void {}
export function hashReclaim(pointer: u32, budget: i32): i32 { return dictReclaim(pointer, budget); }
export function hashCount(e: u32): u32 { return 0; }
export function hashBytes(e: u32): u64 { return 0; }
export function hashEncoding(e: u32): string { return 'hashtable'; }
export function hashSaveType(e: u32): u32 { return 0; }
export function hashSave(e: u32): void {}
export function hashLoad(rdbType: u32): void {}
export function hashDigest(e: u32): u64 { return 0; }
export function hashCheck(e: u32): u32 { return 0; }
/** Moves blocks that would lie better elsewhere; answers what is left of the budget. */
export function hashDefrag(e: u32, budget: i32): i32 { return budget; }
