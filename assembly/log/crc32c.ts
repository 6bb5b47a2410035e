export function crc32cUpdate(c: u32, p: u32, n: u32): u32 { return c; } // PLACEHOLDER
