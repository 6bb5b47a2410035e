// What the kernel answers about log bytes: the numbers of assembly/log/verify.ts and assembly/log/replay.ts, which say what
// each means. tests/unit/log-format.test.ts compares them.

export const VERIFY_MORE = 0;
export const VERIFY_INTERNAL = 1;
export const VERIFY_CHECKSUM = 2;
export const VERIFY_LENGTH = 3;
export const VERIFY_SHAPE = 4;
export const RECORD_BYTES_MAX = 0x7ff00000;
export const RECORD_HEADER = 8;
export const REPLAY_ALL = 0;
export const REPLAY_MORE = 1;
export const REPLAY_INTERNAL = 2;
export const REPLAY_DAMAGE = 3;
export const REPLAY_ERROR = 4;
export const REPLAY_UNKNOWN = 5;
export const REPLAY_NO_MEMORY = 6;
export const REPLAY_REFUSED = 7;
