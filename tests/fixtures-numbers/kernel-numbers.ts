// assembly/testing/numbers.ts behind functions that take and give JavaScript values.
import { type Build, loadTestModule } from '../support/wasm.js';

const A_TEXT = 0x20000;
const B_TEXT = 0x22000;
const A = 0x24000;
const B = 0x24010;
const SUM = 0x24020;
const OUT = 0x25000;
const SCRATCH = 0x28000;

/** What INCRBYFLOAT would answer: a number's text, or which of its two complaints. */
export type Increment = string | { error: 'not a float' | 'not finite' };

/** The first ten bytes of a long double, as the processor stores them, in hexadecimal. */
export type LongDoubleHex = string;

export interface KernelNumbers {
  readonly longDoubleScratchBytes: number;
  readonly longDoubleCharsMax: number;
  parseInteger(text: string | Uint8Array): bigint | undefined;
  formatInteger(value: bigint): string;
  formatUnsigned(value: bigint): string;
  parseFloat(text: string | Uint8Array): LongDoubleHex | undefined;
  addFloats(a: LongDoubleHex, b: LongDoubleHex): LongDoubleHex;
  formatFloat(a: LongDoubleHex): string;
  increment(value: string | Uint8Array, by: string | Uint8Array): Increment;
}

export function kernelNumbers(build: Build): KernelNumbers {
  const module = loadTestModule('numbers', build);
  const { exports } = module;
  const view = Buffer.from(module.memory.buffer);
  // Whatever is written outside of the places a function was given shows up as a change of this pattern.
  const GUARD = 0xa5;
  const put = (text: string | Uint8Array, at: number): number => {
    const bytes = typeof text === 'string' ? Buffer.from(text) : text;
    view.set(bytes, at);
    // Digits behind the text would change the number if they were read.
    view.fill('7', at + bytes.length, at + bytes.length + 16);
    return bytes.length;
  };
  const guarded = (at: number, bytesMax: number, write: () => number): string => {
    view.fill(GUARD, at - 32, at + bytesMax + 32);
    const length = write();
    if (length > bytesMax) throw new Error(`${length} bytes written where ${bytesMax} were promised`);
    for (const edge of [at - 32, at + bytesMax]) {
      if (view.subarray(edge, edge + 32).some((byte) => byte !== GUARD))
        throw new Error('written outside the place given');
    }
    return view.toString('latin1', at, at + length);
  };
  const formatExact = (write: () => number): string => {
    const text = guarded(OUT, 20, write);
    if (view.subarray(OUT + text.length, OUT + 20).some((byte) => byte !== GUARD))
      throw new Error('written beyond the end');
    return text;
  };
  const setHex = (hex: string, at: number) => view.fill(0, at, at + 16).set(Buffer.from(hex, 'hex'), at);
  const scratchBytes: number = exports.LD_SCRATCH_BYTES.value;
  const charsMax: number = exports.LD_CHARS_MAX.value;
  const parse = (ptr: number, length: number, out: number): boolean => {
    view.fill(GUARD, SCRATCH + scratchBytes, SCRATCH + scratchBytes + 64);
    const ok = exports.ldParse(ptr, length, out, SCRATCH) !== 0;
    if (view.subarray(SCRATCH + scratchBytes, SCRATCH + scratchBytes + 64).some((byte) => byte !== GUARD)) {
      throw new Error('written beyond the scratch area');
    }
    return ok;
  };
  return {
    longDoubleScratchBytes: scratchBytes,
    longDoubleCharsMax: charsMax,
    parseInteger: (text) => (exports.parseI64(A_TEXT, put(text, A_TEXT)) ? exports.parsed() : undefined),
    formatInteger: (value) => formatExact(() => exports.formatI64(value, OUT)),
    formatUnsigned: (value) => formatExact(() => exports.formatU64(value, OUT)),
    parseFloat: (text) => (parse(A_TEXT, put(text, A_TEXT), A) ? view.toString('hex', A, A + 10) : undefined),
    addFloats(a, b) {
      setHex(a, A);
      setHex(b, B);
      exports.ldAdd(A, B, SUM);
      return view.toString('hex', SUM, SUM + 10);
    },
    formatFloat(a) {
      setHex(a, A);
      return guarded(OUT, charsMax, () => exports.ldFormat(A, OUT, SCRATCH));
    },
    increment(value, by) {
      if (!parse(A_TEXT, put(value, A_TEXT), A)) return { error: 'not a float' };
      if (!parse(B_TEXT, put(by, B_TEXT), B)) return { error: 'not a float' };
      exports.ldAdd(A, B, A);
      if (!exports.ldIsFinite(A)) return { error: 'not finite' };
      return guarded(OUT, charsMax, () => exports.ldFormat(A, OUT, SCRATCH));
    },
  };
}
