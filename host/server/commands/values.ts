// What most host commands need: arguments read as Redis reads them, and the replies they share.
import type { Encoded } from '../context.js';

export const OK = { status: 'OK' } as const;
export const SYNTAX_ERROR = { error: 'ERR syntax error' } as const;
export const NOT_AN_INTEGER = 'ERR value is not an integer or out of range';

const LLONG_MAX = 2n ** 63n - 1n;
const LLONG_MIN = -(2n ** 63n);

/**
 * Longer arguments are cut before they are compared, quoted or kept: none of them means anything, and a text of half a
 * gigabyte is more than a string can be.
 */
export const TEXT_BYTES_MAX = 65536;

/** Up to the first zero byte, one character per byte: Redis takes many arguments for C strings. */
export function cString(argument: Uint8Array): string {
  const length = Math.min(argument.length, TEXT_BYTES_MAX);
  const bytes = Buffer.from(argument.buffer, argument.byteOffset, length);
  const end = bytes.indexOf(0);
  return bytes.toString('latin1', 0, end < 0 ? length : end);
}

/** Are these the bytes of an ASCII text? */
export function equals(argument: Uint8Array, text: string): boolean {
  return argument.length === text.length && cString(argument) === text;
}

/** An option's name in lower case. */
export function word(argument: Uint8Array): string {
  return cString(argument).toLowerCase();
}

/** A whole argument as a signed 64-bit integer in decimal, without sign or zeros to spare; undefined if it is none. */
export function integer(argument: Uint8Array): bigint | undefined {
  if (argument.length === 0 || argument.length > 20) return undefined;
  const text = Buffer.from(argument).toString('latin1');
  if (!/^(0|-?[1-9][0-9]*)$/.test(text)) return undefined;
  const value = BigInt(text);
  return value <= LLONG_MAX && value >= LLONG_MIN ? value : undefined;
}

/**
 * An error that quotes its caller's bytes.
 * @param text Code and message, one character per byte. Line breaks in it become spaces, as in Redis.
 */
export function quotingError(text: string): Encoded {
  return { encoded: Buffer.from(`-${text.replace(/[\r\n]/g, ' ')}\r\n`, 'latin1') };
}

/** For what a container's own code finds fault with, where the table does not know better. */
export function subcommandSyntaxError(argv: readonly Uint8Array[]): Encoded {
  const container = word(argv[0]).toUpperCase();
  return quotingError(
    `ERR unknown subcommand or wrong number of arguments for '${cString(argv[1]).slice(0, 128)}'. Try ${container} HELP.`,
  );
}
