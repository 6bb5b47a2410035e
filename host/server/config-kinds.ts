// Kinds of configuration values: how Redis reads each, and the words it refuses a bad one with. A value has one
// canonical text, which is what CONFIG GET answers; the typed value follows from it.

import { notifyBits, notifyShown, notifyText } from './notify-flags.js';

export interface BufferLimit {
  /** Bytes of pending replies at which a client is dropped at once; 0: no limit. */
  readonly hardBytes: number;
  /** Bytes above which a client is dropped if it stays there for `softSeconds`; 0: no limit. */
  readonly softBytes: number;
  readonly softSeconds: number;
}
export interface BufferLimits {
  readonly normal: BufferLimit;
  readonly replica: BufferLimit;
  readonly pubsub: BufferLimit;
}

export type Kind =
  | {
      readonly kind: 'integer';
      readonly min: number;
      readonly max: number | bigint;
      /** What is outside is moved to the nearest of these two, in silence. */
      readonly clamp?: readonly [min: number, max: number];
    }
  /** File permissions: octal digits, 0 to 777. */
  | { readonly kind: 'octal' }
  /** Bytes, with an optional unit. */
  | { readonly kind: 'memory'; readonly min: bigint; readonly max: bigint }
  | { readonly kind: 'enum'; readonly words: readonly string[] }
  | { readonly kind: 'bool' }
  | { readonly kind: 'string'; readonly hostname?: boolean }
  /** Words, written in one value with single spaces between them, or as several arguments. */
  | { readonly kind: 'list'; readonly countMax: number; readonly tooMany: string }
  | { readonly kind: 'bufferLimits' }
  /** Letters for classes of keyspace notifications. */
  | { readonly kind: 'notifyFlags' }
  /** Pairs of seconds and changes: a snapshot is due once both have passed. */
  | { readonly kind: 'savePoints' }
  /** Numbers from 0 to 100. */
  | { readonly kind: 'percentiles' };

export interface SavePoint {
  readonly seconds: number;
  readonly changes: number;
}

/** What became of a value: its canonical text, or Redis's sentence about what is wrong with it. */
export type Parsed = { readonly text: string } | { readonly problem: string };

const UNITS: Readonly<Record<string, bigint>> = {
  '': 1n,
  b: 1n,
  k: 1000n,
  kb: 1024n,
  m: 1_000_000n,
  mb: 1n << 20n,
  g: 1_000_000_000n,
  gb: 1n << 30n,
};
const BAD_NOTIFY = "Invalid event class character. Use 'Ag$lshzxeKEtmdn'.";
const CLASSES: Readonly<Record<string, number>> = { normal: 0, slave: 1, replica: 1, pubsub: 2 };
/** CONFIG GET still calls replicas by their former name. */
const CLASS_NAMES = ['normal', 'slave', 'pubsub'];

/** Bytes of `100`, `100mb`, `1k`; undefined if it is no such thing. A unit alone counts as nought, as for Redis. */
function memoryOf(text: string): bigint | undefined {
  const [, digits, unit] = /^(\d*)([a-z]*)$/i.exec(text) ?? [];
  const factor = unit === undefined ? undefined : UNITS[unit.toLowerCase()];
  return factor === undefined ? undefined : BigInt(digits || '0') * factor;
}

/** Redis takes an integer only as it would write it itself: no plus, no leading noughts, no spaces. */
function integerOf(text: string): bigint | undefined {
  if (!/^(0|-?[1-9]\d{0,18})$/.test(text)) return undefined;
  const value = BigInt(text);
  return value === BigInt.asIntN(64, value) ? value : undefined;
}

function between(min: number | bigint | string, max: number | bigint | string): Parsed {
  return { problem: `argument must be between ${min} and ${max} inclusive` };
}

function parseInteger(kind: Kind & { kind: 'integer' }, text: string): Parsed {
  const value = integerOf(text);
  if (value === undefined) return { problem: "argument couldn't be parsed into an integer" };
  const { min, max, clamp } = kind;
  if (value < min || value > max) return between(min, max);
  return { text: String(clamp ? Math.min(Math.max(Number(value), clamp[0]), clamp[1]) : value) };
}

function parseOctal(text: string): Parsed {
  if (!/^-?[0-7]+$/.test(text)) return { problem: "argument couldn't be parsed as an octal number" };
  const value = text.startsWith('-') ? -1 : Number.parseInt(text, 8);
  return value < 0 || value > 0o777 ? between(0, 777) : { text: value.toString(8) };
}

const HOSTNAME_CHARACTERS_MAX = 255;

function hostnameProblem(text: string): Parsed | undefined {
  if (text.length > HOSTNAME_CHARACTERS_MAX) return { problem: 'Hostnames must be less than 256 characters' };
  if (/^[a-z0-9.-]*$/i.test(text)) return undefined;
  return { problem: 'Hostnames may only contain alphanumeric characters, hyphens or dots' };
}

function parseMemory(kind: Kind & { kind: 'memory' }, text: string): Parsed {
  const value = memoryOf(text);
  if (value === undefined) return { problem: 'argument must be a memory value' };
  return value < kind.min || value > kind.max ? between(kind.min, kind.max) : { text: String(value) };
}

/** Groups of class, hard limit, soft limit, soft seconds; classes that are not named keep what they have. */
function parseBufferLimits(words: readonly string[], present: string): Parsed {
  if (words.length % 4 !== 0) return { problem: 'Wrong number of arguments in buffer limit configuration.' };
  const rows = present.split(' ');
  for (let i = 0; i < words.length; i += 4) {
    const index = CLASSES[words[i].toLowerCase()];
    if (index === undefined) return { problem: 'Invalid client class specified in buffer limit configuration.' };
    const hard = memoryOf(words[i + 1]);
    const soft = memoryOf(words[i + 2]);
    const seconds = words[i + 3] === '' ? 0n : integerOf(words[i + 3]);
    if (hard === undefined || soft === undefined || seconds === undefined || seconds < 0n) {
      return { problem: 'Error in hard, soft or soft_seconds setting in buffer limit configuration.' };
    }
    rows.splice(index * 4, 4, CLASS_NAMES[index], String(hard), String(soft), String(seconds));
  }
  return { text: rows.join(' ') };
}

function parseSavePoints(words: readonly string[]): Parsed {
  const numbers = words.map(integerOf);
  const sound = numbers.every(
    (value, i) => value !== undefined && value >= (i % 2 === 0 ? 1n : 0n) && value < 1n << 31n,
  );
  if (words.length % 2 !== 0 || !sound) return { problem: 'Invalid save parameters' };
  return { text: numbers.join(' ') };
}

/** Whether several arguments make one value: else a line of a file has exactly one. */
export function takesWords({ kind }: Kind): boolean {
  return kind === 'list' || kind === 'bufferLimits' || kind === 'savePoints' || kind === 'percentiles';
}

function parsePercentiles(words: readonly string[]): Parsed {
  const name = 'latency-tracking-info-percentiles';
  for (const word of words) {
    if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(word)) return { problem: `Invalid ${name} parameters` };
    const number = Number(word);
    if (number < 0 || number > 100) return { problem: `${name} parameters should sit between [0.0,100.0]` };
  }
  return { text: words.map((word) => String(Number(word))).join(' ') };
}

/** One value of several words as its words. */
export function wordsOf(value: string): string[] {
  return value === '' ? [] : value.split(' ');
}

/**
 * Reads a value.
 * @param words   One word for most kinds.
 * @param present Canonical text of the present value, which some kinds change in part.
 */
export function parseValue(kind: Kind, words: readonly string[], present: string): Parsed {
  const word = words[0] ?? '';
  switch (kind.kind) {
    case 'integer':
      return parseInteger(kind, word);
    case 'octal':
      return parseOctal(word);
    case 'memory':
      return parseMemory(kind, word);
    case 'enum': {
      const text = word.toLowerCase();
      if (kind.words.includes(text)) return { text };
      return { problem: `argument(s) must be one of the following: ${kind.words.join(', ')}` };
    }
    case 'bool': {
      const text = word.toLowerCase();
      return text === 'yes' || text === 'no' ? { text } : { problem: "argument must be 'yes' or 'no'" };
    }
    case 'string':
      return (kind.hostname ? hostnameProblem(word) : undefined) ?? { text: word };
    case 'list':
      return words.length > kind.countMax ? { problem: kind.tooMany } : { text: words.join(' ') };
    case 'bufferLimits':
      return parseBufferLimits(words, present);
    case 'savePoints':
      return parseSavePoints(words);
    case 'percentiles':
      return parsePercentiles(words);
    case 'notifyFlags': {
      const bits = notifyBits(word);
      return bits === undefined ? { problem: BAD_NOTIFY } : { text: notifyText(bits) };
    }
  }
}

/** What CONFIG GET answers for a canonical text. */
export function shownValue({ kind }: Kind, text: string): string {
  return kind === 'notifyFlags' ? notifyShown(text) : text;
}

/** The typed value behind a canonical text. Integers over 2^53 are rounded. */
export function typedValue(kind: Kind, text: string): unknown {
  switch (kind.kind) {
    case 'integer':
    case 'memory':
      return Number(text);
    case 'octal':
      return Number.parseInt(text, 8);
    case 'bool':
      return text === 'yes';
    case 'notifyFlags':
      return notifyBits(text);
    case 'list':
      return wordsOf(text);
    case 'bufferLimits': {
      const cells = text.split(' ').map(Number);
      const limit = (row: number): BufferLimit => ({
        hardBytes: cells[row * 4 + 1],
        softBytes: cells[row * 4 + 2],
        softSeconds: cells[row * 4 + 3],
      });
      return { normal: limit(0), replica: limit(1), pubsub: limit(2) } satisfies BufferLimits;
    }
    case 'percentiles':
      return wordsOf(text).map(Number);
    case 'savePoints': {
      const numbers = wordsOf(text).map(Number);
      const points: SavePoint[] = [];
      for (let i = 0; i < numbers.length; i += 2) points.push({ seconds: numbers[i], changes: numbers[i + 1] });
      return points;
    }
    default:
      return text;
  }
}
