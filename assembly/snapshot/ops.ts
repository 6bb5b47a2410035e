// The numbers of the snapshot file, KEVYSNAP. docs/formats.md has the file byte by byte; host/persistence/dump-format.ts
// mirrors this file, and tests/unit/dump-format.test.ts compares the two.
//
//   [op u8][ttl: 0, or 1 and u64 Unix ms][key: u32 and bytes][payload]           an entry; integers are little-endian
//   [OP_DATABASE][u32]                                                            what follows belongs to that database
//   [OP_END]
export const OP_END: u32 = 0;
// kevy's, versions 2 to 4.
export const OP_STRING: u32 = 1;
export const OP_HASH: u32 = 2;
export const OP_LIST: u32 = 3;
export const OP_SET: u32 = 4;
export const OP_ZSET: u32 = 5;
export const OP_STREAM: u32 = 6;
// Our own, in files whose version is VERSION_OWN.
/** u32: the database that the entries behind it belong to. Before the first one: 0. */
export const OP_DATABASE: u32 = 0xa0;
/** As OP_HASH, with a u64 in front of each field: its deadline in Unix ms, NO_DEADLINE for none. */
export const OP_HASH_DEADLINES: u32 = 0xa2;
/** As OP_STREAM, with a group's entries-read (i64, -1: not known) behind its last ID, and deliveries as u64. */
export const OP_STREAM_READ: u32 = 0xa6;

/** Time to live in ms, not a time. */
export const VERSION_REMAINING: u32 = 2;
export const VERSION_NO_GROUPS: u32 = 3;
export const VERSION_KEVY: u32 = 4;
/** 'L': kevy refuses it by name, whatever version it has got to. */
export const VERSION_OWN: u32 = 0x4c;

export const TTL_NONE: u32 = 0;
export const TTL_GIVEN: u32 = 1;
export const NO_DEADLINE: u64 = 0xffffffffffffffff;

// What `snapshotLoad` (decode.ts) answers.
/** All bytes were whole entries, and are in the table. */
export const LOADED_ALL: i32 = 0;
/** What remains is the beginning of an entry: `needBytes` of it at least have to be there. */
export const LOADED_PART: i32 = 1;
/** OP_END was read. */
export const LOADED_END: i32 = 2;
/** The bytes at `consumed` are no entry: `errors` has a BAD_* reason. */
export const LOADED_CORRUPT: i32 = -1;
/** No memory for the entry at `consumed`. */
export const LOADED_NO_MEMORY: i32 = -2;

export const BAD_OP: u32 = 1;
export const BAD_TTL: u32 = 2;
/** A database that this store does not have. */
export const BAD_DATABASE: u32 = 3;
/** A container without an element, a member or field twice, a score that is no number, IDs that do not ascend, and so on. */
export const BAD_VALUE: u32 = 4;
