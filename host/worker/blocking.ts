// Commands that wait when they find nothing, as data: what they ask at once, what is executed on a key to serve them later,
// and how the reply of that becomes theirs. Reply shapes and texts: redis-server 7.0's blocked.c, t_list.c and t_zset.c.
import { TYPE_LIST, TYPE_STREAM, TYPE_ZSET } from '../kernel/value-types.js';

/** One wait for one key. */
export interface KeyWait {
  readonly key: Buffer;
  /** What is executed to serve the client from this key. */
  readonly frame: readonly Buffer[];
}

export interface Blocking {
  /** TYPE_* of the values that can serve it. */
  readonly type: number;
  /** Milliseconds; 0: for ever. */
  readonly timeoutMs: number;
  /** The same without waiting: answered at once if there is something, or if it is wrong. */
  readonly attempt: readonly Buffer[];
  readonly waits: readonly KeyWait[];
  /** Makes the reply of `attempt`, or of a wait's frame, this command's. */
  shape(reply: Buffer): Buffer;
  /** Of the reply of a wait's frame, before `shape`. */
  shapeServed?(reply: Buffer): Buffer;
  /** It is an element that moves, and this is where to. */
  readonly destination?: Buffer;
  /** The reply when the time is up, in RESP2. */
  readonly nothing: string;
}

const text = (value: string): Buffer => Buffer.from(value, 'latin1');
const same = (reply: Buffer): Buffer => reply;

/** Is this reply the answer of a command that found nothing? */
export const foundNothing = (reply: Uint8Array): boolean =>
  reply[0] === 0x5f || ((reply[0] === 0x2a || reply[0] === 0x24) && reply[1] === 0x2d);

/** Where the RESP value at `at` ends. */
function endOfBulk(reply: Buffer, at: number): number {
  const line = reply.indexOf('\r\n', at, 'latin1');
  return line + 2 + Number(reply.toString('latin1', at + 1, line)) + 2;
}

/** LMPOP's [key, [element]] as BLPOP's [key, element]. */
function keyAndElement(reply: Buffer): Buffer {
  if (reply[0] !== 0x2a || foundNothing(reply)) return reply;
  const end = endOfBulk(reply, 4);
  return Buffer.concat([reply.subarray(0, end), reply.subarray(end + 4)]);
}

/** ZMPOP's [key, [[member, score]]] as BZPOPMIN's [key, member, score]. */
function keyMemberScore(reply: Buffer): Buffer {
  if (reply[0] !== 0x2a || foundNothing(reply)) return reply;
  const end = endOfBulk(reply, 4);
  return Buffer.concat([text('*3\r\n'), reply.subarray(4, end), reply.subarray(end + 8)]);
}

const SIDE = /^(left|right)$/i;

/** A wrong timeout, in the words of Redis. */
export class TimeoutError extends Error {}

const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const HEXADECIMAL = /^([+-]?)0x([\da-f]+)\.?([\da-f]*)(?:p([+-]?\d+))?$/i;
const INFINITE = /^([+-]?)inf(inity)?$/i;
/** More milliseconds than 64 bits hold come out negative in Redis. */
const MILLISECONDS_MAX = 2 ** 63;

/** A number as strtold reads it; NaN: it is none. */
function numberOf(written: string): number {
  if (DECIMAL.test(written)) return Number(written);
  const infinite = INFINITE.exec(written);
  if (infinite) return infinite[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  const hex = HEXADECIMAL.exec(written);
  if (!hex) return Number.NaN;
  const [, sign, whole, fraction, power] = hex;
  const digits = Number.parseInt(whole + fraction, 16) * 2 ** (Number(power ?? 0) - 4 * fraction.length);
  return sign === '-' ? -digits : digits;
}

/** Seconds as Redis takes them: a double; rounded up to milliseconds. */
export function secondsArg(arg: Buffer): number {
  const value = numberOf(arg.toString('latin1'));
  if (Number.isNaN(value)) throw new TimeoutError('ERR timeout is not a float or out of range');
  if (value < 0 || value * 1000 >= MILLISECONDS_MAX) throw new TimeoutError('ERR timeout is negative');
  return Math.ceil(value * 1000);
}

/** Milliseconds of XREAD's BLOCK. The kernel has checked them. */
function millisecondsArg(arg: Buffer): number {
  return Number(arg.toString('latin1'));
}

function pops(
  name: string,
  keys: readonly Buffer[],
  rest: readonly Buffer[],
  shape: Blocking['shape'],
  timeoutMs: number,
): Blocking {
  const type = name === 'LMPOP' ? TYPE_LIST : TYPE_ZSET;
  const frame = (some: readonly Buffer[]) => [text(name), text(String(some.length)), ...some, ...rest];
  const waits = keys.map((key) => ({ key, frame: frame([key]) }));
  return { type, timeoutMs, attempt: frame(keys), waits, shape, nothing: '*-1\r\n' };
}

function moves(source: Buffer, destination: Buffer, sides: readonly Buffer[], timeoutMs: number): Blocking {
  const frame = [text('LMOVE'), source, destination, ...sides];
  return {
    type: TYPE_LIST,
    timeoutMs,
    attempt: frame,
    waits: [{ key: source, frame }],
    shape: same,
    destination,
    nothing: '*-1\r\n',
  };
}

/** A group that is gone while a client waits for it is told in other words than one that never was. */
function ofStream(reply: Buffer): Buffer {
  if (!reply.subarray(0, 8).equals(text('-NOGROUP'))) return reply;
  return text('-NOGROUP the consumer group this client was blocked on no longer exists\r\n');
}

/** XREAD and XREADGROUP with BLOCK. @param lastId The ID that `$` stands for in a stream, now. */
function reads(argv: readonly Buffer[], lastId: (key: Buffer) => Buffer): Blocking | undefined {
  const words = argv.map((arg) => arg.toString('latin1').toLowerCase());
  const ofGroup = words[0] === 'xreadgroup';
  const options: Buffer[] = [];
  let timeoutMs = -1;
  let i = 1;
  for (; i < argv.length && words[i] !== 'streams'; i++) {
    if (words[i] === 'block' && i + 1 < argv.length) timeoutMs = millisecondsArg(argv[++i]);
    else if (words[i] === 'group' && i + 2 < argv.length) options.push(argv[i], argv[++i], argv[++i]);
    else if (words[i] === 'count' && i + 1 < argv.length) options.push(argv[i], argv[++i]);
    else options.push(argv[i]);
  }
  // Where an ID is missing, the kernel says so.
  const count = Math.floor((argv.length - i - 1) / 2);
  const waits: KeyWait[] = [];
  for (let k = 0; k < count; k++) {
    const key = argv[i + 1 + k];
    const id = argv[i + 1 + count + k];
    const from = !ofGroup && id.toString('latin1') === '$' ? lastId(key) : id;
    waits.push({ key, frame: [argv[0], ...options, argv[i], key, from] });
  }
  // The kernel checks BLOCK, and does not wait.
  return { type: TYPE_STREAM, timeoutMs, attempt: argv, waits, shape: same, shapeServed: ofStream, nothing: '*-1\r\n' };
}

/** Whether XREAD or XREADGROUP says BLOCK. */
export function saysBlock(argv: readonly Buffer[]): boolean {
  for (let i = 1; i < argv.length; i++) {
    const word = argv[i].toString('latin1').toLowerCase();
    if (word === 'block') return true;
    if (word === 'streams') return false;
  }
  return false;
}

/**
 * What a blocking command comes down to.
 * @param lastId The ID that `$` stands for in a stream, now: asked with the latches held.
 * @returns undefined: none of this module's commands, or nothing to wait for.
 * @throws TimeoutError with Redis's words.
 */
export function blockingOf(
  name: string,
  argv: readonly Buffer[],
  lastId: (key: Buffer) => Buffer,
): Blocking | undefined {
  const last = argv.length - 1;
  switch (name) {
    case 'blpop':
    case 'brpop':
      return pops(
        'LMPOP',
        argv.slice(1, last),
        [text(name === 'blpop' ? 'LEFT' : 'RIGHT')],
        keyAndElement,
        secondsArg(argv[last]),
      );
    case 'bzpopmin':
    case 'bzpopmax':
      return pops(
        'ZMPOP',
        argv.slice(1, last),
        [text(name === 'bzpopmin' ? 'MIN' : 'MAX')],
        keyMemberScore,
        secondsArg(argv[last]),
      );
    case 'blmpop':
    case 'bzmpop': {
      const timeoutMs = secondsArg(argv[1]);
      const keys = Number(argv[2].toString('latin1'));
      const whole = name === 'blmpop' ? 'LMPOP' : 'ZMPOP';
      // The count of keys is checked where the command without waiting is executed.
      if (!Number.isSafeInteger(keys) || keys < 1 || keys > argv.length - 4) {
        return { ...pops(whole, [], [], same, timeoutMs), attempt: [text(whole), ...argv.slice(2)] };
      }
      return pops(whole, argv.slice(3, 3 + keys), argv.slice(3 + keys), same, timeoutMs);
    }
    case 'blmove':
      // A wrong side is a syntax error, told before a wrong timeout.
      if (!SIDE.test(argv[3].toString('latin1')) || !SIDE.test(argv[4].toString('latin1')))
        return { ...moves(argv[1], argv[2], argv.slice(3, 5), 0), waits: [] };
      return moves(argv[1], argv[2], argv.slice(3, 5), secondsArg(argv[5]));
    case 'brpoplpush':
      return { ...moves(argv[1], argv[2], [text('RIGHT'), text('LEFT')], secondsArg(argv[3])) };
    case 'xread':
    case 'xreadgroup':
      return reads(argv, lastId);
    default:
      return undefined;
  }
}
