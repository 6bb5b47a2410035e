import { kevyHash } from "./kevyhash"; export function shardOfKey(r: u32, n: u32, p: u32, l: u32): u32 { return n == 1 ? 0 : <u32>(kevyHash(p, l) % n); } // PLACEHOLDER
