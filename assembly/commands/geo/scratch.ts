// The window's scratch as the geography commands use it.
//
//   offset  size
//        0   128  cells to search
//      128   256  parts of results still to be sorted
//      384    16  one long double
//      512  5120  text of a number, or of two that are no place
import { SCRATCH_BYTES, windowScratch } from '../../memory/window';
import { AREAS_BYTES } from '../../types/geo-areas';
import { SIX_DECIMALS_CHARS_MAX } from '../../types/fixed-decimals';
import { LD_BYTES, LD_CHARS_MAX } from '../../types/long-double';
import { ROW_STACK_BYTES } from '../../types/row-sort';
import { win } from '../context';

const STACK: u32 = 128;
const NUMBER: u32 = STACK + 256;
const TEXT: u32 = 512;
const TEXT_BYTES: u32 = 5120;
if (AREAS_BYTES > STACK || ROW_STACK_BYTES > NUMBER - STACK || LD_BYTES > TEXT - NUMBER) ERROR('the parts of the scratch overlap');
if (LD_CHARS_MAX > TEXT_BYTES || SIX_DECIMALS_CHARS_MAX * 2 + 1 > TEXT_BYTES) ERROR('a number does not fit its place');
if (TEXT + TEXT_BYTES > SCRATCH_BYTES) ERROR('a window has too little scratch for the geography commands');

@inline export function areasPlace(): u32 { return windowScratch(win); }
@inline export function stackPlace(): u32 { return windowScratch(win) + STACK; }
@inline export function numberPlace(): u32 { return windowScratch(win) + NUMBER; }
@inline export function textPlace(): u32 { return windowScratch(win) + TEXT; }
