// Error replies: Redis's own texts. Literals live in static data; no string is ever built.
import { CONTROL_ERROR_KINDS, ERROR_KINDS } from '../abi';
import { argLen, argPtr, argc, win } from '../commands/context';
import { advance, outPos, replyEmergency, replyReserve, replyRollback } from './encode';

// Kinds of errors, by their first words: the order of ERROR_KINDS in host/worker/stats.ts.
const ERROR_ERR: u32 = 0;
const ERROR_WRONGTYPE: u32 = 1;
const ERROR_OOM: u32 = 2;
const ERROR_BUSYGROUP: u32 = 3;
const ERROR_NOGROUP: u32 = 4;
const ERROR_BUSYKEY: u32 = 5;
const ERROR_INVALIDOBJ: u32 = 6;
if (ERROR_INVALIDOBJ >= ERROR_KINDS) ERROR('the control block has too few counters for the kinds of errors');

/** Error replies since `errorsClear`. The control block counts them by kind. */
export let errors: u32 = 0;
export function errorsClear(): void {
  errors = 0;
  memory.fill(win + CONTROL_ERROR_KINDS, 0, ERROR_KINDS * 4);
}

function count(kind: u32): void {
  errors++;
  const counter = win + CONTROL_ERROR_KINDS + (kind << 2);
  store<u32>(counter, load<u32>(counter) + 1);
}

/** The kind of a text that begins with its code. */
function kindOf(text: string): u32 {
  switch (load<u8>(changetype<usize>(text))) {
    case 0x57: return ERROR_WRONGTYPE;
    // BUSYG, BUSYK
    case 0x42: return load<u8>(changetype<usize>(text), 8) == 0x47 ? ERROR_BUSYGROUP : ERROR_BUSYKEY;
    case 0x4e: return ERROR_NOGROUP;
    case 0x49: return ERROR_INVALIDOBJ;
    default: return ERROR_ERR;
  }
}

/** Copies a literal of ASCII characters to outPos. The caller has reserved room. */
export function writeText(text: string): void {
  const length = <u32>text.length;
  const from = <u32>changetype<usize>(text);
  for (let i: u32 = 0; i < length; i++) store<u8>(outPos + i, load<u8>(from + (i << 1)));
  advance(length);
}

/** "-text\r\n". `text` begins with its code: ERR, WRONGTYPE, BUSYGROUP. */
export function replyError(text: string): void {
  if (!replyReserve(<u32>text.length + 8)) return;
  count(kindOf(text));
  store<u8>(outPos, 0x2d);
  advance(1);
  writeText(text);
  store<u16>(outPos, 0x0a0d);
  advance(2);
}

/** How much of a text Redis prints, to whom it is a C string: what stands in front of its first NUL. */
export function printedLength(ptr: u32, length: u32): u32 {
  for (let i: u32 = 0; i < length; i++) if (load<u8>(ptr + i) == 0) return i;
  return length;
}

/** A word from outside, up to its first NUL; CR and LF become spaces. The caller has reserved room. */
function writeWord(ptr: u32, length: u32): void {
  for (let i: u32 = 0; i < length; i++) {
    const c = <u32>load<u8>(ptr + i);
    store<u8>(outPos + i, c == 13 || c == 10 ? 32 : c);
  }
  advance(length);
}

/** "-beforeWORDbetweenWORDafter\r\n": an error that names two things. `before` begins with its code. */
export function replyErrorPair(before: string, ptr: u32, length: u32, between: string, ptr2: u32, length2: u32, after: string): void {
  const first = printedLength(ptr, length);
  const second = printedLength(ptr2, length2);
  if (!replyReserve(first + second + 512)) return;
  count(kindOf(before));
  store<u8>(outPos, 0x2d);
  advance(1);
  writeText(before);
  writeWord(ptr, first);
  writeText(between);
  writeWord(ptr2, second);
  writeText(after);
  store<u16>(outPos, 0x0a0d);
  advance(2);
}

/** "-before'WORD'after\r\n" with a word that came from outside; CR and LF become spaces. */
export function replyErrorWith(before: string, ptr: u32, length: u32, after: string, lower: bool): void {
  if (!replyReserve(<u32>before.length + length + <u32>after.length + 8)) return;
  count(ERROR_ERR);
  store<u8>(outPos, 0x2d);
  advance(1);
  writeText(before);
  for (let i: u32 = 0; i < length; i++) {
    let c = <u32>load<u8>(ptr + i);
    if (c == 13 || c == 10) c = 32;
    if (lower && c >= 65 && c <= 90) c |= 32;
    store<u8>(outPos + i, c);
  }
  advance(length);
  writeText(after);
  store<u16>(outPos, 0x0a0d);
  advance(2);
}

export function replyWrongType(): void { replyError('WRONGTYPE Operation against a key holding the wrong kind of value'); }
export function replySyntax(): void { replyError('ERR syntax error'); }
export function replyNotInteger(): void { replyError('ERR value is not an integer or out of range'); }
export function replyArity(ptr: u32, length: u32): void {
  replyErrorWith("ERR wrong number of arguments for '", ptr, length, "' command", true);
}
export function replyTooLong(): void { replyError('ERR string exceeds maximum allowed size (proto-max-bulk-len)'); }

/** Takes back what the command wrote and answers -OOM. Works when nothing can be allocated any more. */
export function replyOom(): void {
  replyRollback();
  count(ERROR_OOM);
  replyEmergency(OOM_TEXT, OOM_LENGTH);
}
// "-OOM command not allowed when used memory > 'maxmemory'.\r\n"
const OOM_LENGTH: u32 = 58;
const OOM_TEXT: u32 = <u32>memory.data<u8>([
  0x2d, 0x4f, 0x4f, 0x4d, 0x20, 0x63, 0x6f, 0x6d, 0x6d, 0x61, 0x6e, 0x64, 0x20, 0x6e, 0x6f, 0x74, 0x20, 0x61, 0x6c, 0x6c, 0x6f,
  0x77, 0x65, 0x64, 0x20, 0x77, 0x68, 0x65, 0x6e, 0x20, 0x75, 0x73, 0x65, 0x64, 0x20, 0x6d, 0x65, 0x6d, 0x6f, 0x72, 0x79, 0x20,
  0x3e, 0x20, 0x27, 0x6d, 0x61, 0x78, 0x6d, 0x65, 0x6d, 0x6f, 0x72, 0x79, 0x27, 0x2e, 0x0d, 0x0a,
]);

/** Unknown subcommand of a container, as Redis words it; the subcommand is cut at a zero byte, and at 128 bytes. */
export function replyUnknownSubcommand(container: string): void {
  const length = argc > 1 ? printedLength(argPtr(1), min<u32>(argLen(1), 128)) : 0;
  if (!replyReserve(length + 128)) return;
  count(ERROR_ERR);
  store<u8>(outPos, 0x2d);
  advance(1);
  writeText("ERR unknown subcommand '");
  const ptr = argPtr(1);
  for (let i: u32 = 0; i < length; i++) {
    const c = <u32>load<u8>(ptr + i);
    store<u8>(outPos + i, c == 13 || c == 10 ? 32 : c);
  }
  advance(length);
  writeText("'. Try ");
  writeText(container);
  writeText(' HELP.');
  store<u16>(outPos, 0x0a0d);
  advance(2);
}
