// Finds the keys in a whole command by its key specs, as Redis 7.0 does for COMMAND GETKEYS and for routing.
import { commandOf } from './table.js';
import type { Command, KeyFlag, KeySpec, Reply } from './types.js';

export interface KeyPosition {
  /** Index into the command's arguments; its name is 0. */
  readonly position: number;
  readonly flags: readonly KeyFlag[];
}

/** Compares without regard to ASCII case, up to the first zero byte: Redis takes options for C strings. */
function isWord(argument: Uint8Array, wordLowerCase: string): boolean {
  const end = argument.indexOf(0);
  if ((end < 0 ? argument.length : end) !== wordLowerCase.length) return false;
  for (let i = 0; i < wordLowerCase.length; i++) {
    const byte = argument[i];
    if ((byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte) !== wordLowerCase.charCodeAt(i)) return false;
  }
  return true;
}

/** SET reads its key only with the option GET. Redis looks for that word from the third argument on, wherever it is. */
function setKeyFlags(argv: readonly Uint8Array[]): readonly KeyFlag[] {
  return argv.slice(3).some((argument) => isWord(argument, 'get')) ? ['RW', 'access', 'update'] : ['OW', 'update'];
}

/** BITFIELD only reads if it is made of GET and OVERFLOW alone; what cannot be parsed counts as a write. */
function bitfieldKeyFlags(argv: readonly Uint8Array[]): readonly KeyFlag[] {
  for (let i = 2; i < argv.length; ) {
    const following = argv.length - i - 1;
    if (isWord(argv[i], 'get') && following >= 2) i += 3;
    else if (isWord(argv[i], 'overflow') && following >= 1) i += 2;
    else return ['RW', 'access', 'update'];
  }
  return ['RO', 'access'];
}

/** The true flags of keys whose spec says `variable_flags`. */
const VARIABLE_FLAGS: Readonly<Record<string, (argv: readonly Uint8Array[]) => readonly KeyFlag[]>> = {
  set: setKeyFlags,
  bitfield: bitfieldKeyFlags,
};

/** SORT stores under the last STORE that is no argument of an option before it. */
function sortKeys(argv: readonly Uint8Array[]): KeyPosition[] {
  const keys: KeyPosition[] = [{ position: 1, flags: ['RO', 'access'] }];
  for (let i = 2; i < argv.length; i++) {
    if (isWord(argv[i], 'limit')) i += 2;
    else if (isWord(argv[i], 'get') || isWord(argv[i], 'by')) i++;
    else if (isWord(argv[i], 'store') && i + 1 < argv.length) keys[1] = { position: i + 1, flags: ['OW', 'update'] };
  }
  return keys;
}

/** Commands whose specs do not tell all: Redis looks through their arguments instead. */
const WITHOUT_SPECS: Readonly<Record<string, (argv: readonly Uint8Array[]) => KeyPosition[]>> = {
  sort: sortKeys,
  sort_ro: () => [{ position: 1, flags: ['RO', 'access'] }],
};

/** Where the keys of a spec begin; -1 if the command says that there are none, undefined if it cannot be known. */
function beginning(spec: KeySpec, argv: readonly Uint8Array[]): number | undefined {
  if (spec.begin === 'unknown') return undefined;
  if ('index' in spec.begin) return spec.begin.index;
  const { keyword, startFrom } = spec.begin;
  const word = keyword.toLowerCase();
  const step = startFrom > 0 ? 1 : -1;
  // Neither search looks at the name of the command, and the one forwards does not look at the last argument.
  const end = startFrom > 0 ? argv.length - 1 : 1;
  for (let i = startFrom > 0 ? startFrom : argv.length + startFrom; step > 0 ? i < end : i > end; i += step) {
    if (i < argv.length && isWord(argv[i], word)) return i + 1;
  }
  return -1;
}

/** A whole argument as a decimal integer, or undefined. */
function integerOf(argument: Uint8Array): number | undefined {
  if (argument.length > 20) return undefined;
  const text = String.fromCharCode(...argument);
  return /^(0|-?[1-9][0-9]*)$/.test(text) ? Number(text) : undefined;
}

/** First and last position of a spec's keys and the step between them, or undefined if the command is malformed. */
function rangeOf(spec: KeySpec, begin: number, argv: readonly Uint8Array[]) {
  const { find } = spec;
  if (find === 'unknown') return undefined;
  if ('last' in find) {
    let last = begin + find.last;
    if (find.last < 0) {
      const end = find.limit <= 1 ? argv.length : begin + Math.floor((argv.length - begin) / find.limit);
      last = end + find.last;
    }
    return { first: begin, last, step: find.step };
  }
  const numberAt = begin + find.keyNumber;
  const count = numberAt < argv.length ? integerOf(argv[numberAt]) : undefined;
  if (count === undefined || count < 0) return undefined;
  const first = begin + find.first;
  return { first, last: first + (count - 1) * find.step, step: find.step };
}

/**
 * The keys of a command that `command` describes, in the order of its specs.
 * @returns Nothing if it has no keys or if they cannot be found, the command being malformed.
 */
export function keysOfCommand(command: Command, argv: readonly Uint8Array[]): KeyPosition[] {
  if (command.fullName in WITHOUT_SPECS) return argv.length < 2 ? [] : WITHOUT_SPECS[command.fullName](argv);
  const keys: KeyPosition[] = [];
  for (const spec of command.keys) {
    if (spec.flags.includes('not_key')) continue;
    const begin = beginning(spec, argv);
    if (begin === -1) continue;
    const range = begin === undefined ? undefined : rangeOf(spec, begin, argv);
    if (range === undefined || range.first >= argv.length || range.last >= argv.length) return [];
    if (range.last < range.first || spec.flags.includes('incomplete')) return [];
    const variable = spec.flags.includes('variable_flags') ? VARIABLE_FLAGS[command.fullName] : undefined;
    const flags = variable ? variable(argv) : spec.flags;
    for (let position = range.first; position <= range.last; position += range.step) keys.push({ position, flags });
  }
  return keys;
}

/** Channels whose slot decides where a command belongs, though they are no keys: those of sharded publish and subscribe. */
export function slotsOfChannels(command: Command, argv: readonly Uint8Array[]): KeyPosition[] {
  const specs = command.keys.filter(({ flags }) => flags.includes('not_key'));
  return specs.flatMap((spec) => {
    const begin = beginning(spec, argv);
    const range = begin === undefined || begin === -1 ? undefined : rangeOf(spec, begin, argv);
    const positions: KeyPosition[] = [];
    if (range === undefined || range.last >= argv.length) return positions;
    for (let position = range.first; position <= range.last; position += range.step) {
      positions.push({ position, flags: spec.flags });
    }
    return positions;
  });
}

/** Where the options of commands begin that store under the last STORE or STOREDIST among them, whatever their specs say. */
const STORING_FROM: Readonly<Record<string, number>> = { georadius: 6, georadiusbymember: 5 };

/**
 * The keys that a command touches when it is executed. COMMAND GETKEYS may name more, as Redis does: of several places
 * to store results under, only the last one counts.
 */
export function keysTouched(command: Command, argv: readonly Uint8Array[]): KeyPosition[] {
  const from = STORING_FROM[command.fullName];
  if (from === undefined || argv.length < from) return keysOfCommand(command, argv);
  const keys: KeyPosition[] = [{ position: 1, flags: ['RO', 'access'] }];
  for (let i = from; i + 1 < argv.length; i++) {
    if (isWord(argv[i], 'store') || isWord(argv[i], 'storedist')) keys[1] = { position: ++i, flags: ['OW', 'update'] };
  }
  return keys;
}

/** The keys of a whole command, its name being the first argument. Nothing if the command is unknown or has none. */
export function keysOf(argv: readonly Uint8Array[]): KeyPosition[] {
  const command = commandOf(argv);
  return command ? keysOfCommand(command, argv) : [];
}

/**
 * The reply to COMMAND GETKEYS, or with flags to COMMAND GETKEYSANDFLAGS.
 * @param argv The command asked about, without the words COMMAND GETKEYS. The reply borrows from it.
 */
export function commandGetKeysReply(argv: readonly Uint8Array[], withFlags: boolean): Reply {
  const command = commandOf(argv);
  if (command === undefined) return { error: 'ERR Invalid command specified' };
  if (command.keys.every((spec) => spec.flags.includes('not_key'))) {
    return { error: 'ERR The command has no key arguments' };
  }
  if (command.arity > 0 ? argv.length !== command.arity : argv.length < -command.arity) {
    return { error: 'ERR Invalid number of arguments specified for command' };
  }
  const keys = keysOfCommand(command, argv);
  if (keys.length === 0 && !command.flags.includes('no_mandatory_keys')) {
    return { error: 'ERR Invalid arguments specified for command' };
  }
  if (!withFlags) return keys.map(({ position }) => argv[position]);
  return keys.map(({ position, flags }) => [argv[position], { set: flags.map((status) => ({ status })) }]);
}
