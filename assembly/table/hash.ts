import { kevyHash } from "../routing/kevyhash"; export function tableHash(p: u32, n: u32): u64 { return kevyHash(p, n); } // PLACEHOLDER
