// Finds where values of an RDB file end: their parts are passed over, not looked at. What they hold is checked by the
// kernel's RESTORE, which reads all of these encodings.
//
// Length:  00nnnnnn · 01nnnnnn nnnnnnnn · 0x80 u32 big-endian · 0x81 u64 big-endian · 11nnnnnn an encoded string
// String:  a length and so many bytes, or 0xc0 i8 · 0xc1 i16 · 0xc2 i32 · 0xc3 packed length, length, bytes (LZF)
import type { ByteSource } from './byte-source.js';
import { lzfUnpack } from './lzf.js';

const TYPE_MODULE = 6;
export const TYPE_MODULE_2 = 7;

const STREAM_ID_BYTES = 16;
const TIME_BYTES = 8;

/** Types that a version of Redis beyond those read here writes, for a message that says more than a number. */
const LATER_TYPES: Readonly<Record<number, string>> = {
  22: 'a hash with field deadlines (Redis 7.4)',
  23: 'a hash with field deadlines (Redis 7.4)',
  24: 'a hash with field deadlines (Redis 7.4)',
  25: 'a hash with field deadlines (Redis 7.4)',
};

/** A length that follows `first`, its first byte, which announces one. */
function lengthAfter(source: ByteSource, first: number): number {
  if (first < 0x40) return first;
  if (first < 0x80) return ((first & 0x3f) << 8) | source.byte();
  if (first === 0x80) return source.u32be();
  if (first === 0x81) return Number(source.u64be());
  return source.fail(`0x${first.toString(16)} begins no length`, source.offset - 1);
}

export function readLength(source: ByteSource): number {
  return lengthAfter(source, source.byte());
}

export function skipString(source: ByteSource): void {
  const first = source.byte();
  if (first === 0xc0) source.skip(1);
  else if (first === 0xc1) source.skip(2);
  else if (first === 0xc2) source.skip(4);
  else if (first === 0xc3) {
    const packed = readLength(source);
    readLength(source);
    source.skip(packed);
  } else source.skip(lengthAfter(source, first));
}

export function readString(source: ByteSource): Buffer {
  const start = source.offset;
  const first = source.byte();
  if (first === 0xc0) return Buffer.from(String((source.byte() << 24) >> 24));
  if (first === 0xc1) return Buffer.from(String(source.take(2).readInt16LE()));
  if (first === 0xc2) return Buffer.from(String(source.i32le()));
  if (first === 0xc3) {
    const packed = readLength(source);
    const length = readLength(source);
    return lzfUnpack(source.take(packed), length) ?? source.fail('a packed string does not unpack', start);
  }
  return source.take(lengthAfter(source, first));
}

/** So many times; every round reads, so that the end of the file bounds them. */
function times(count: number, round: () => void): void {
  for (let i = 0; i < count; i++) round();
}

/** Passes over the body of a value. @throws Damage, also for a type that is none of Redis 5 to 7. */
export function skipValue(source: ByteSource, type: number): void {
  const string = (): void => skipString(source);
  switch (type) {
    case 0: // string
    case 9: // zipmap
    case 10: // ziplist of a list
    case 11: // intset
    case 12: // ziplist of a sorted set
    case 13: // ziplist of a hash
    case 16: // listpack of a hash
    case 17: // listpack of a sorted set
    case 20: // listpack of a set
      string();
      break;
    case 1: // list
    case 2: // set
    case 14: // list of ziplists
      times(readLength(source), string);
      break;
    case 3: // sorted set, scores as text
      times(readLength(source), () => {
        string();
        const length = source.byte();
        // 253, 254, 255: not a number, and the two infinities.
        if (length < 253) source.skip(length);
      });
      break;
    case 4: // hash
      times(readLength(source) * 2, string);
      break;
    case 5: // sorted set, scores as bytes
      times(readLength(source), () => {
        string();
        source.skip(8);
      });
      break;
    case 18: // list of listpacks and single elements
      times(readLength(source), () => {
        readLength(source);
        string();
      });
      break;
    case 15:
    case 19:
    case 21:
      skipStream(source, type);
      break;
    default: {
      const what = type === TYPE_MODULE ? 'a module value of Redis 4 before its release' : LATER_TYPES[type];
      source.fail(what ? `${what} cannot be read` : `${type} is no type of value of Redis 5 to 7`);
    }
  }
}

function skipStream(source: ByteSource, type: number): void {
  const length = (): number => readLength(source);
  times(length(), () => {
    skipString(source);
    skipString(source);
  });
  // Entries and the last ID; later also the first ID, the greatest deleted one, and the entries ever added.
  times(type === 15 ? 3 : 8, length);
  times(length(), () => skipGroup(source, type));
}

function skipGroup(source: ByteSource, type: number): void {
  skipString(source);
  times(type === 15 ? 2 : 3, () => readLength(source));
  times(readLength(source), () => {
    source.skip(STREAM_ID_BYTES + TIME_BYTES);
    readLength(source);
  });
  times(readLength(source), () => {
    skipString(source);
    source.skip(type === 21 ? 2 * TIME_BYTES : TIME_BYTES);
    times(readLength(source), () => source.skip(STREAM_ID_BYTES));
  });
}

/** A module's name of nine characters, from the number that stands for it and its version. */
export function readModuleName(source: ByteSource): string {
  const start = source.offset;
  if (source.byte() !== 0x81) source.fail('a module has no name', start);
  const id = source.u64be();
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return Array.from({ length: 9 }, (_, i) => letters[Number((id >> BigInt(58 - 6 * i)) & 63n)]).join('');
}

/** Passes over what a module has written, up to its end mark. */
export function skipModuleData(source: ByteSource): void {
  for (;;) {
    const kind = readLength(source);
    if (kind === 0) return;
    if (kind === 1 || kind === 2) readLength(source);
    else if (kind === 3) source.skip(4);
    else if (kind === 4) source.skip(8);
    else if (kind === 5) skipString(source);
    else source.fail(`${kind} begins nothing that a module writes`);
  }
}
