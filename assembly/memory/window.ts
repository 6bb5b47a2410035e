// Where the parts of a window lie. One window belongs to one thread; the kernel only touches the caller's.
import { ARGV_BYTES, ENDS_BYTES, INLINE_BYTES_MAX, SLACK_BYTES, WINDOW_FAILED, WINDOW_FRAMES, WINDOW_GROUPS, WINDOW_IN, WINDOW_PIECES, FRAMES_MAX, SHARDS_MAX, PIECES_MAX } from '../abi';
import { WINDOWS, header } from './layout';

/** Working memory for one command: long decimals, tables of LCS. */
export const SCRATCH_BYTES: u32 = 65536;
/** Working memory for one number: any function may read or write a double, so it is apart from the command's. */
export const LIMBS_BYTES: u32 = 8192;

if (WINDOW_PIECES + PIECES_MAX * 16 > WINDOW_FRAMES) ERROR('the piece table runs into the frame table');
if (WINDOW_FRAMES + FRAMES_MAX * 16 > WINDOW_GROUPS) ERROR('the frame table runs into the group table');
if (WINDOW_GROUPS + (SHARDS_MAX + 1) * 16 > WINDOW_FAILED) ERROR('the group table runs into the counters');

@inline export function windowArgv(win: u32): u32 { return win + WINDOW_IN + header().windowInBytes + SLACK_BYTES; }
@inline export function windowInline(win: u32): u32 { return windowArgv(win) + ARGV_BYTES; }
@inline export function windowScratch(win: u32): u32 { return windowInline(win) + INLINE_BYTES_MAX + SLACK_BYTES; }
@inline export function windowLimbs(win: u32): u32 { return windowScratch(win) + SCRATCH_BYTES; }
@inline export function windowStaging(win: u32): u32 { return windowLimbs(win) + LIMBS_BYTES; }
@inline export function windowOut(win: u32): u32 { return windowStaging(win) + header().windowInBytes + SLACK_BYTES + ENDS_BYTES; }
@inline export function windowReturn(win: u32): u32 { return windowOut(win) + header().windowOutBytes + ENDS_BYTES; }

/** Size of one window, a multiple of 4 KiB, for the given input and output sizes (multiples of 4 KiB). */
export function windowBytesFor(inBytes: u32, outBytes: u32): u32 {
  const bytes = WINDOW_IN + 2 * (inBytes + SLACK_BYTES) + ARGV_BYTES + INLINE_BYTES_MAX + SLACK_BYTES + SCRATCH_BYTES + LIMBS_BYTES + 2 * (ENDS_BYTES + outBytes);
  return (bytes + 4095) & ~4095;
}
@inline export function windowAt(index: u32): u32 { return WINDOWS + index * header().windowBytes; }
