// PLACEHOLDER until the real arena is written.
import { ARENA_STATE } from './layout';
export function arenaInit(base: u32, pagesMax: u32): bool { store<u32>(ARENA_STATE, base); store<u32>(ARENA_STATE, base, 4); return grow(base + 65536); }
function grow(end: u32): bool { const pages = <i32>((end + 65535) >>> 16); const have = memory.size(); if (pages > have) return memory.grow(max(pages - have, 256)) >= 0; return true; }
function cls(size: u32): u32 { return 32 - clz(size + 15); }
export function arenaAlloc(size: u32): u32 { const c = cls(size); const head = ARENA_STATE + 16 + (c << 2); const f = load<u32>(head); if (f) { store<u32>(head, load<u32>(f)); return f; } const p = load<u32>(ARENA_STATE); if (!grow(p + (1 << c))) return 0; store<u32>(ARENA_STATE, p + (1 << c)); store<u32>(p, c); return p + 8; }
export function arenaFree(ptr: u32): void { const c = load<u32>(ptr - 8); const head = ARENA_STATE + 16 + (c << 2); store<u32>(ptr, load<u32>(head)); store<u32>(head, ptr); }
export function arenaSize(ptr: u32): u32 { return (1 << load<u32>(ptr - 8)) - 8; }
export function arenaRealloc(ptr: u32, used: u32, size: u32): u32 { if (arenaSize(ptr) >= size) return ptr; const q = arenaAlloc(size); if (q) { memory.copy(q, ptr, used); arenaFree(ptr); } return q; }
export function arenaUsedBytes(): u64 { return 0; }
export function arenaCommittedBytes(): u64 { return 0; }
export function arenaCanAlloc(bytes: u64): bool { return bytes < 0x80000000; }
export function arenaCheck(): u32 { return 0; }
export function arenaPurge(): u64 { return 0; }
export function arenaLargestFreeRun(): u32 { return 0; }
