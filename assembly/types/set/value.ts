// What every type of value answers to (types/value.ts), for sets.
import { dictReclaim } from '../dict';

export function setDrop(encoding: u32, pointer: u32): void {}
export function setReclaim(pointer: u32, budget: i32): i32 { return dictReclaim(pointer, budget); }
export function setCount(e: u32): u32 { return 0; }
export function setBytes(e: u32): u64 { return 0; }
export function setEncoding(e: u32): string { return 'hashtable'; }
export function setSaveType(e: u32): u32 { return 0; }
export function setSave(e: u32): void {}
export function setLoad(rdbType: u32): void {}
export function setDigest(e: u32): u64 { return 0; }
export function setCheck(e: u32): u32 { return 0; }
/** Moves blocks that would lie better elsewhere; answers what is left of the budget. */
export function setDefrag(e: u32, budget: i32): i32 { return budget; }
