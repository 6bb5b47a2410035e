// The numbers that the kernel and its host agree on. host/kernel/abi.ts mirrors them; tests/unit/abi.test.ts compares
// the two files constant by constant.

// Status codes of `exec`, `run` and `cut`. 0 and above: a state that the caller goes on from.
/** Everything that was passed in has been executed. */
export const STATUS_DONE: i32 = 0;
/** What remains is the beginning of a frame. `needBytes` says how many bytes it has at least. */
export const STATUS_NEED_MORE: i32 = 1;
/** The frame at `consumed` is the host's: a connection or server command, or one the table does not know. */
export const STATUS_HOST: i32 = 2;
/** The frame at `consumed` touches several shards, or all of them: the host takes the latches and leads it. */
export const STATUS_MANY: i32 = 3;
/** The frame at `consumed` would hold the latch for longer than about a millisecond. Nothing was touched. */
export const STATUS_SLOW: i32 = 4;
/** The batch limit or the output window is exhausted: write out what there is and call again. */
export const STATUS_FULL: i32 = 5;
/** The bytes at `consumed` break the protocol. The error reply is in the output; the connection must be closed. */
export const STATUS_MALFORMED: i32 = 6;
/** The frame at `consumed` does not fit a window (bytes or arguments). */
export const STATUS_BIG: i32 = 7;
/** The latch is held by somebody else. Nothing was touched. */
export const STATUS_BUSY: i32 = 8;
/** Memory could not be had; the output is as it was before the call. */
export const STATUS_NO_MEMORY: i32 = 9;
/** The frame at `consumed` may write, and CALL_NO_WRITES is set. Nothing was touched. */
export const STATUS_WRITE: i32 = 10;
/** The frame at `consumed` may make the data grow, and the shard has used up its part of maxmemory. Nothing was touched. */
export const STATUS_EVICT: i32 = 11;

// A window: what one thread and one shard say to each other. Offsets from its base.
//
//   offset  size                   field
//        0   512                   control block, below
//      512  1024                   calls per opcode, u32 each; the host reads and clears them
//     1536  1024                   piece table: 64 rows of ptr u32, bytes u32, kind u32, blob u32
//     2560  FRAMES_MAX*16          frame table of `cut`: offset u32, bytes u32, group u32, spare u32
//     4608  (SHARDS_MAX+1)*16      group table of `cut`: staging offset u32, bytes u32, frames u32, flags u32
//     8960  1024                   calls per opcode that answered with an error, u32 each
//     9984  1024                   frames per opcode that were refused before they ran, u32 each
//    11008  1280                   spare
//    12288  inBytes + 64           input: socket bytes, or frames staged for this shard
//           argvBytes              argument table: ptr u32, bytes u32
//           65536 + 64             inline arguments after unquoting
//           65536                  scratch of the command in hand
//           8192                   digits of a number being read or written
//           inBytes + 64           staging area of `cut`
//           ENDS_BYTES             where each reply ends, stored downwards from the output
//           outBytes               output
//           ENDS_BYTES             the same for ...
//           outBytes               ... the return area: replies of other shards, waiting for `merge`
export const CONTROL_BYTES: u32 = 512;
export const WINDOW_CALLS: u32 = 512;
export const WINDOW_PIECES: u32 = 1536;
export const PIECES_MAX: u32 = 64;
export const WINDOW_FRAMES: u32 = 2560;
export const FRAMES_MAX: u32 = 128;
export const WINDOW_GROUPS: u32 = 4608;
export const SHARDS_MAX: u32 = 256;
export const WINDOW_FAILED: u32 = 8960;
export const WINDOW_REJECTED: u32 = 9984;
export const WINDOW_IN: u32 = 12288;
export const SLACK_BYTES: u32 = 64;
export const ARGV_BYTES: u32 = 266240;
/** More words than an inline line of 64 KiB can hold, so that only multibulk frames ever answer BIG. */
export const ARGS_MAX: u32 = ARGV_BYTES / 8;
export const INLINE_BYTES_MAX: u32 = 65536;
export const ENDS_BYTES: u32 = FRAMES_MAX * 4;

// Control block. The host writes the first half before a call; the kernel writes the second half in it.
//   offset size field
//        0    8 nowMs          f64  Unix milliseconds
//        8    4 db             u32
//       12    4 proto          u32  2 or 3
//       16    4 flags          u32  CALL_*
//       20    4 commandsMax    u32  1..FRAMES_MAX
//       24    4 bulkBytesMax   u32  proto-max-bulk-len
//       28    4 lruClock       u32  24 bits: seconds of the LRU clock, or minutes << 8 under LFU
//       32    4 consumed       u32  input bytes that were executed
//       36    4 outBytes       u32  output bytes, pieces included (modulo 2^32)
//       40    4 commands       u32  commands executed
//       44    4 pieces         u32  rows in the piece table; 0: the output is outBytes at the output's start
//       48    4 frameBytes     u32  size of the frame that stopped the call
//       52    4 opcode         u32  of the last command executed, or of the one that stopped the call
//       56    4 argc           u32  of the frame that stopped the call
//       60    4 needBytes      u32  with NEED_MORE and BIG
//       64    4 errors         u32  error replies written
//       68    4 held           u32  1: `run` has kept the latch, since somebody is to be told or served before it goes
//       72    4 rejected       u32  of the commands, how many did not run: arguments are missing, or memory is
//       76    4 ran            u32  opcode of the first command that ran, 0: none did
//       80    4 groups         u32  groups that `cut` filled
//       84    4 group          u32  the only group, if groups is 1
//       88    4 writes         u32  changes made
//       92    4 slowGroup      u32  group that must execute last, or NO_GROUP (`cut`)
//       96   28 errorKinds     u32  errors by first word: ERR, WRONGTYPE, OOM, BUSYGROUP, NOGROUP, BUSYKEY, INVALIDOBJ
//      124    4 mixed          u32  0: all commands that ran were the same one
//      128  384 candidates          of `evictSample`: 16 rows, table/evict.ts
export const CONTROL_NOW: u32 = 0;
export const CONTROL_DB: u32 = 8;
export const CONTROL_PROTO: u32 = 12;
export const CONTROL_FLAGS: u32 = 16;
export const CONTROL_COMMANDS_MAX: u32 = 20;
export const CONTROL_BULK_MAX: u32 = 24;
export const CONTROL_LRU_CLOCK: u32 = 28;
export const CONTROL_CONSUMED: u32 = 32;
export const CONTROL_OUT_BYTES: u32 = 36;
export const CONTROL_COMMANDS: u32 = 40;
export const CONTROL_PIECES: u32 = 44;
export const CONTROL_FRAME_BYTES: u32 = 48;
export const CONTROL_OPCODE: u32 = 52;
export const CONTROL_ARGC: u32 = 56;
export const CONTROL_NEED: u32 = 60;
export const CONTROL_ERRORS: u32 = 64;
export const CONTROL_HELD: u32 = 68;
export const CONTROL_REJECTED: u32 = 72;
export const CONTROL_RAN: u32 = 76;
export const CONTROL_GROUPS: u32 = 80;
export const CONTROL_GROUP: u32 = 84;
export const CONTROL_WRITES: u32 = 88;
export const CONTROL_SLOW_GROUP: u32 = 92;
export const CONTROL_ERROR_KINDS: u32 = 96;
export const ERROR_KINDS: u32 = 7;
export const CONTROL_MIXED: u32 = 124;
export const CONTROL_CANDIDATES: u32 = 128;
export const CANDIDATES_MAX: u32 = 16;
export const NO_GROUP: u32 = 0xffffffff;

/** Every frame is the host's: the connection has not authenticated yet. The parser's smaller limits apply too. */
export const CALL_HOST_ALL: u32 = 1;
/** CLIENT NO-TOUCH: reads leave the access clock alone. */
export const CALL_NO_TOUCH: u32 = 2;
/** CLIENT REPLY OFF: commands run, their replies are dropped. */
export const CALL_REPLY_OFF: u32 = 4;
/** All latches that matter are held: never stop for the output, for SLOW or for other shards. */
export const CALL_ALL: u32 = 8;
/** The caller may hold the latch for long (slow lane, embedded calls, replay). */
export const CALL_SLOW: u32 = 16;
/** Commands whose name begins with NUL are allowed: they come from the host. */
export const CALL_INTERNAL: u32 = 32;
/** Frames that may write are stopped at: writers are paused, or what they would log has no room. */
export const CALL_NO_WRITES: u32 = 64;
/** What could be evicted has been, or is being: frames that make the data grow are executed even so. */
export const CALL_EVICTED: u32 = 128;
/** Nothing can be evicted: frames that make the data grow get -OOM while the shard has used up its part. */
export const CALL_OOM: u32 = 256;
/** Every frame is the host's: it looks at each before anything is executed. */
export const CALL_EACH: u32 = 512;
/** Nothing is executed: a frame that would prove slow is answered with STATUS_SLOW. */
export const CALL_PROBE: u32 = 1024;
/** Nobody is told that a key was looked up in vain: the host's own look at a key is no read of the client's. */
export const CALL_SILENT: u32 = 2048;

/** The frames came in at a cluster port, of the shard that the bits from PORT_SHARD_SHIFT on say. */
export const CALL_CLUSTER: u32 = 0x8000;
export const PORT_SHARD_SHIFT: u32 = 16;

/** Kinds of rows in the piece table. */
export const PIECE_BYTES: u32 = 0;
/** Part of a pinned blob: stays as it is until `release`, and may be read without the latch. */
export const PIECE_PINNED: u32 = 1;
/** An arena block that held output and that `release` frees; it carries no bytes itself. */
export const PIECE_OWNED: u32 = 2;

// Eviction: what a policy goes by, and whether only keys with an expiry may go. 0: nothing is ever evicted.
export const EVICT_LRU: u32 = 1;
export const EVICT_LFU: u32 = 2;
export const EVICT_TTL: u32 = 3;
export const EVICT_RANDOM: u32 = 4;
export const EVICT_VOLATILE: u32 = 8;
