// Options of the sub-commands: --name value, each at most once.
import { parseArgs } from 'node:util';
import { LatchkeyError } from '../errors.js';

/** What an option takes: text, or nothing. */
export type OptionKinds = Readonly<Record<string, 'text' | 'flag'>>;
type Options<Kinds extends OptionKinds> = {
  readonly [Name in keyof Kinds]: Kinds[Name] extends 'flag' ? boolean : string | undefined;
};

export const badOption = (message: string): LatchkeyError => new LatchkeyError('BAD_CONFIG', message);

/** @throws LatchkeyError `BAD_CONFIG`: an option that there is not, or one without its value. */
export function readOptions<Kinds extends OptionKinds>(argv: readonly string[], kinds: Kinds): Options<Kinds> {
  const entries = Object.entries(kinds);
  const options = Object.fromEntries(
    entries.map(([name, kind]) => [name, { type: kind === 'flag' ? ('boolean' as const) : ('string' as const) }]),
  );
  try {
    const { values } = parseArgs({ args: [...argv], options, strict: true, allowPositionals: false });
    return Object.fromEntries(
      entries.map(([name, kind]) => [name, kind === 'flag' ? values[name] === true : values[name]]),
    ) as Options<Kinds>;
  } catch (error) {
    throw badOption((error as Error).message.split('. ')[0]);
  }
}

export function numberOption(
  name: string,
  text: string | undefined,
  fallback: number,
  min: number,
  max: number,
): number {
  if (text === undefined) return fallback;
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= min && value <= max)) throw badOption(`--${name} ${text}: a number from ${min} to ${max} is expected`);
  return value;
}

export function wordOption<Word extends string>(
  name: string,
  text: string | undefined,
  words: readonly [Word, ...Word[]],
): Word {
  const found = words.find((word) => word === (text ?? words[0]));
  if (found === undefined) throw badOption(`--${name} ${text}: one of ${words.join(', ')} is expected`);
  return found;
}
