// Commands and replies as text that a person can read and redis-cli can take back.
import type { Arg } from '../resp-client.js';

const EXCERPT_CHARS_MAX = 240;

/** Bytes as printable ASCII with redis-cli's escapes, without quotes around them. */
export function escapeBytes(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) {
    if (byte === 0x0a) text += '\\n';
    else if (byte === 0x0d) text += '\\r';
    else if (byte === 0x09) text += '\\t';
    else if (byte === 0x22 || byte === 0x5c) text += `\\${String.fromCharCode(byte)}`;
    else if (byte >= 0x20 && byte < 0x7f) text += String.fromCharCode(byte);
    else text += `\\x${byte.toString(16).padStart(2, '0')}`;
  }
  return text;
}

/** One argument as redis-cli would take it: quoted only when it has to be; long ones cut, their length noted. */
export function formatArg(arg: Arg): string {
  const bytes = arg instanceof Uint8Array ? arg : Buffer.from(String(arg));
  const text = escapeBytes(bytes);
  if (text.length > EXCERPT_CHARS_MAX) return `"${text.slice(0, EXCERPT_CHARS_MAX)}"…(${bytes.length} bytes)`;
  return /^[!#-&(-[\]-~]+$/.test(text) ? text : `"${text}"`;
}

export function formatCommand(command: readonly Arg[]): string {
  return command.map(formatArg).join(' ');
}

/** A raw reply on one line; of a long one the stretch around `around`, usually the first byte that differs. */
export function formatReply(reply: Uint8Array | undefined, around = 0): string {
  if (!reply) return '(no reply)';
  const from = Math.max(0, around - EXCERPT_CHARS_MAX / 4);
  const to = Math.min(reply.length, from + EXCERPT_CHARS_MAX);
  const cut = from > 0 || to < reply.length;
  const text = `${from > 0 ? '…' : ''}${escapeBytes(reply.subarray(from, to))}${to < reply.length ? '…' : ''}`;
  return cut ? `${text} (bytes ${from} to ${to} of ${reply.length})` : text;
}

/** The first offset at which two byte strings differ, the shorter length if one is the other's beginning. */
export function firstDifference(left: Uint8Array, right: Uint8Array): number {
  const limit = Math.min(left.length, right.length);
  let at = 0;
  while (at < limit && left[at] === right[at]) at++;
  return at;
}

/** Splits a line as redis-cli does: words, "double quoted" with escapes, 'single quoted'. */
export function parseCommandLine(line: string): Buffer[] {
  const args: Buffer[] = [];
  let at = 0;
  while (at < line.length) {
    if (/\s/.test(line[at])) {
      at++;
      continue;
    }
    const bytes: Buffer[] = [];
    const quote = line[at] === '"' || line[at] === "'" ? line[at++] : undefined;
    for (;;) {
      if (at >= line.length) {
        if (quote) throw new Error(`unbalanced quotes: ${line}`);
        break;
      }
      const char = line[at];
      if (quote ? char === quote : /\s/.test(char)) {
        at++;
        break;
      }
      const escaped = quote === '"' && char === '\\' ? /^\\(x[0-9a-fA-F]{2}|.)/.exec(line.slice(at)) : null;
      if (escaped) {
        bytes.push(escapedBytes(escaped[1]));
        at += escaped[0].length;
      } else {
        const whole = String.fromCodePoint(line.codePointAt(at)!);
        bytes.push(Buffer.from(whole));
        at += whole.length;
      }
    }
    args.push(Buffer.concat(bytes));
  }
  return args;
}

const NAMED_ESCAPES: Record<string, string> = { n: '\n', r: '\r', t: '\t', b: '\b', a: '\x07' };

/** The byte or bytes that follow a backslash stand for. */
function escapedBytes(code: string): Buffer {
  if (/^x[0-9a-fA-F]{2}$/.test(code)) return Buffer.from([Number.parseInt(code.slice(1), 16)]);
  return Buffer.from(NAMED_ESCAPES[code] ?? code);
}
