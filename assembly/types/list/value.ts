// What every type of value answers to (types/value.ts), for lists.
import { dictReclaim } from '../dict';

export function listDrop(encoding: u32, pointer: u32): void {}
export function listReclaim(pointer: u32, budget: i32): i32 { return dictReclaim(pointer, budget); }
export function listCount(e: u32): u32 { return 0; }
export function listBytes(e: u32): u64 { return 0; }
export function listEncoding(e: u32): string { return 'hashtable'; }
export function listSaveType(e: u32): u32 { return 0; }
export function listSave(e: u32): void {}
export function listLoad(rdbType: u32): void {}
export function listDigest(e: u32): u64 { return 0; }
export function listCheck(e: u32): u32 { return 0; }
/** Moves blocks that would lie better elsewhere; answers what is left of the budget. */
export function listDefrag(e: u32, budget: i32): i32 { return budget; }
