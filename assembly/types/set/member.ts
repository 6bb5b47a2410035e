// The member in hand: the one that is looked for, added or taken out, or that a walk has come to. Some sets know it as
// text, others as an integer; it is turned into the other form only when somebody asks for it.
//
// One per instance. Its text lies where it was found and is valid until that set changes.
import { win } from '../../commands/context';
import { fxArg, fxInt } from '../../log/ring';
import { replyBulk, replyBulkInt } from '../../resp/encode';
import { I64_CHARS_MAX, formatI64, parseI64, parsedI64 } from '../integer';
import { SPARE_SET_MEMBER } from '../../memory/spare';


const UNTRIED: u32 = 0;
const INTEGER: u32 = 1;
const NO_INTEGER: u32 = 2;

/** The text, once `memberText` was called or when it was a text from the start. */
export let memberPtr: u32 = 0;
export let memberLen: u32 = 0;
/** The integer, when `memberIsInt` says that it is one. */
export let memberInt: i64 = 0;
let hasText: bool = false;
let intState: u32 = 0;

export function memberFromText(ptr: u32, length: u32): void {
  memberPtr = ptr;
  memberLen = length;
  hasText = true;
  intState = UNTRIED;
}

export function memberFromInt(value: i64): void {
  memberInt = value;
  hasText = false;
  intState = INTEGER;
}

/** Is it the text of an integer? Then memberInt is that integer. */
export function memberIsInt(): bool {
  if (intState == UNTRIED) {
    // '-' and the digits lie in 45..57.
    intState = memberLen - 1 < 20 && <u32>load<u8>(memberPtr) - 45 <= 12 && parseI64(memberPtr, memberLen) ? INTEGER : NO_INTEGER;
    if (intState == INTEGER) memberInt = parsedI64;
  }
  return intState == INTEGER;
}

/** Makes memberPtr and memberLen show it. */
export function memberText(): void {
  if (hasText) return;
  memberPtr = win + SPARE_SET_MEMBER;
  memberLen = formatI64(memberInt, memberPtr);
  hasText = true;
}

export function replyMember(): void {
  if (hasText) replyBulk(memberPtr, memberLen);
  else replyBulkInt(memberInt);
}

/** Adds it to the effect that is being put together. A text has to stay where it is until the effect's end. */
export function logMember(): void {
  if (hasText) fxArg(memberPtr, memberLen);
  else fxInt(memberInt);
}

/** Bytes of its text, or more. */
@inline export function memberBytes(): u32 { return hasText ? memberLen : I64_CHARS_MAX; }
