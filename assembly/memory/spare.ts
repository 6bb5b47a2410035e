// Small working memory in a window's spare part, each piece with one owner: whoever keeps an address into one may call
// everybody but its owner. Offsets from the window's base.
//
//   offset  size  owner
//     8976  1408  effects: rows, texts, record headers (log/ring.ts)
//    10384    64  the cursor of an entry that is encoded in one go (snapshot/encode.ts)
//    10448  1200  free
//    11648   288  a short image (commands/dump/image.ts)
//    11936    32  an ID about to be saved (types/stream/save.ts)
//    11968    32  a member of an intset as text (types/set/member.ts)
//    12000    32  an integer looked for in a set (types/set/set.ts)
//    12032    64  an integer of a listpack as text, two places (types/listpack.ts)
//    12096    32  an integer of a payload as text (rdb/reader.ts)
//    12128    32  an integer or a length about to be saved (rdb/writer.ts)
//    12160    64  an image's header; a digest (commands/dump/image.ts, commands/internal.ts)
//    12224    64  an integer string as text, two places (types/string.ts); the byte that broke the protocol
import { WINDOW_GROUPS, WINDOW_IN, SHARDS_MAX } from '../abi';

export const SPARE_EFFECTS: u32 = 8976;
export const SPARE_EFFECTS_BYTES: u32 = 1408;
export const SPARE_ENCODE: u32 = 10384;
export const SPARE_SHORT_IMAGE: u32 = 11648;
export const SPARE_STREAM_ID: u32 = 11936;
export const SPARE_SET_MEMBER: u32 = 11968;
export const SPARE_SET_TEXT: u32 = 12000;
export const SPARE_LISTPACK: u32 = 12032;
export const SPARE_LOAD: u32 = 12096;
export const SPARE_SAVE: u32 = 12128;
export const SPARE_IMAGE: u32 = 12160;
export const SPARE_STRING: u32 = 12224;
if (WINDOW_GROUPS + (SHARDS_MAX + 1) * 16 > SPARE_EFFECTS) ERROR('the group table runs into the spare part');
if (SPARE_STRING + 64 > WINDOW_IN) ERROR('the spare part runs into the input');
