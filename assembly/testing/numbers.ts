// Numbers as text, alone: integers, doubles and long doubles.
import { parsedDouble } from '../types/double';
import { parsedI64 } from '../types/integer';

export { I64_CHARS_MAX, formatI64, formatU64, parseI64 } from '../types/integer';
export {
  LD_BYTES, LD_CHARS_MAX, LD_SCRATCH_BYTES, LD_TEXT_BYTES_MAX, ldAdd, ldFormat, ldIsFinite, ldParse,
} from '../types/long-double';
export { DOUBLE_CHARS_MAX, formatDouble17, parseDouble, parseDoubleLoosely } from '../types/double';

/** What the last parseDouble found. */
export function parsedAsDouble(): f64 { return parsedDouble; }
/** What the last parseI64 found. */
export function parsed(): i64 { return parsedI64; }
