// Collects the group files into one table and derives what follows from each declaration.
import { BITMAP_COMMANDS } from './bitmap.js';
import { BLOCKING_LIST_COMMANDS, BLOCKING_SORTED_SET_COMMANDS, WAIT_COMMANDS } from './blocking.js';
import { CLUSTER_COMMANDS } from './cluster.js';
import { CONNECTION_COMMANDS } from './connection.js';
import { GENERIC_COMMANDS } from './generic.js';
import { GEO_COMMANDS } from './geo.js';
import { HASH_COMMANDS } from './hash.js';
import { HYPERLOGLOG_COMMANDS } from './hyperloglog.js';
import { LIST_COMMANDS } from './list.js';
import { OBSERVATION_COMMANDS } from './observation.js';
import { OPCODES } from './opcodes.js';
import { PERSISTENCE_COMMANDS } from './persistence.js';
import { PUBSUB_COMMANDS } from './pubsub.js';
import { SERVER_COMMANDS } from './server.js';
import { SET_COMMANDS } from './set.js';
import { SORTED_SET_COMMANDS } from './sorted-set.js';
import { STREAM_COMMANDS } from './stream.js';
import { STRING_COMMANDS } from './string.js';
import { TRANSACTION_COMMANDS } from './transactions.js';
import {
  ACL_CATEGORIES,
  type AclCategory,
  type Command,
  type CommandFlag,
  type CommandSpec,
  type Group,
  type KeySpec,
} from './types.js';
import { VALUE_COMMANDS } from './values.js';

const GROUPS: readonly (readonly [Group, readonly CommandSpec[]])[] = [
  ['string', STRING_COMMANDS],
  ['bitmap', BITMAP_COMMANDS],
  ['list', LIST_COMMANDS],
  ['hash', HASH_COMMANDS],
  ['set', SET_COMMANDS],
  ['sorted-set', SORTED_SET_COMMANDS],
  ['stream', STREAM_COMMANDS],
  ['geo', GEO_COMMANDS],
  ['hyperloglog', HYPERLOGLOG_COMMANDS],
  ['generic', GENERIC_COMMANDS],
  ['generic', VALUE_COMMANDS],
  ['connection', CONNECTION_COMMANDS],
  ['server', SERVER_COMMANDS],
  ['server', PERSISTENCE_COMMANDS],
  ['list', BLOCKING_LIST_COMMANDS],
  ['sorted-set', BLOCKING_SORTED_SET_COMMANDS],
  ['generic', WAIT_COMMANDS],
  ['transactions', TRANSACTION_COMMANDS],
  ['server', OBSERVATION_COMMANDS],
  ['cluster', CLUSTER_COMMANDS],
  ['pubsub', PUBSUB_COMMANDS],
];

/** Categories that follow from a flag. Beside these, every command is either fast or slow. */
const CATEGORIES_OF_FLAG: Partial<Record<CommandFlag, readonly AclCategory[]>> = {
  write: ['write'],
  readonly: ['read'],
  admin: ['admin', 'dangerous'],
  pubsub: ['pubsub'],
  blocking: ['blocking'],
  fast: ['fast'],
};

function aclCategories(spec: CommandSpec): AclCategory[] {
  const present = new Set<AclCategory>(spec.acl);
  for (const flag of spec.flags) for (const category of CATEGORIES_OF_FLAG[flag] ?? []) present.add(category);
  if (!present.has('fast')) present.add('slow');
  return ACL_CATEGORIES.filter((category) => present.has(category));
}

/**
 * The older form of key positions, which knows one range only. Several specs make one range as long as each begins
 * where the one before it ended; the first that does not, and whatever is no plain range, is left out.
 */
function keyRangeOf(specs: readonly KeySpec[]): { firstKey: number; lastKey: number; keyStep: number } {
  let range: { firstKey: number; lastKey: number; keyStep: number } | undefined;
  for (const { begin, find } of specs) {
    if (begin === 'unknown' || !('index' in begin) || find === 'unknown' || !('last' in find)) continue;
    const lastKey = find.last < 0 ? find.last : begin.index + find.last;
    if (range === undefined) range = { firstKey: begin.index, lastKey, keyStep: find.step };
    else if (range.lastKey === begin.index - 1 && find.step === 1) range.lastKey = lastKey;
  }
  return range ?? { firstKey: 0, lastKey: 0, keyStep: 0 };
}

/**
 * Completes a declaration.
 * @param container Full name and opcode of the command that this is a subcommand of.
 * @throws Error without a number in opcodes.ts: a mistake in the table, seen at start.
 */
export function deriveCommand(group: Group, spec: CommandSpec, container?: { name: string; opcode: number }): Command {
  const opcode = container?.opcode ?? OPCODES[spec.name];
  if (opcode === undefined) throw new Error(`opcodes.ts has no number for ${spec.name}`);
  return {
    ...spec,
    fullName: container ? `${container.name}|${spec.name}` : spec.name,
    group,
    opcode,
    aclCategories: aclCategories(spec),
    ...keyRangeOf(spec.keys ?? []),
    keys: spec.keys ?? [],
    subcommands: (spec.subcommands ?? []).map((sub) => deriveCommand(group, sub, { name: spec.name, opcode })),
  };
}

/** Every command, in order of declaration. Subcommands are found in their containers. */
export const COMMANDS: readonly Command[] = GROUPS.flatMap(([group, specs]) =>
  specs.map((spec) => deriveCommand(group, spec)),
);

const byFullName = new Map<string, Command>();
for (const command of COMMANDS) {
  byFullName.set(command.fullName, command);
  for (const sub of command.subcommands) byFullName.set(sub.fullName, sub);
}

/** The command of that name, which is expected in lower case. Does not find subcommands. */
export function findCommand(nameLowerCase: string): Command | undefined {
  const command = byFullName.get(nameLowerCase);
  return command?.fullName === command?.name ? command : undefined;
}

/** The subcommand of that name, which is expected in lower case and without its container's. */
export function findSubcommand(container: Command, nameLowerCase: string): Command | undefined {
  return byFullName.get(`${container.name}|${nameLowerCase}`);
}

/** The command or subcommand (`container|name`, lower case), as COMMAND INFO and COMMAND DOCS take names. */
export function findByFullName(fullNameLowerCase: string): Command | undefined {
  return byFullName.get(fullNameLowerCase);
}

const NAME_BYTES_MAX = Math.max(...[...byFullName.keys()].map((name) => name.length));

/** An argument as a name to look up: one character per byte, A to Z in lower case. Longer than any name: ''. */
function nameOf(argument: Uint8Array): string {
  if (argument.length > NAME_BYTES_MAX) return '';
  let name = '';
  for (const byte of argument) name += String.fromCharCode(byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte);
  return name;
}

function lookUp(argv: readonly Uint8Array[]): Command | undefined {
  if (argv.length === 0) return undefined;
  const command = findCommand(nameOf(argv[0]));
  if (command === undefined || command.subcommands.length === 0 || argv.length === 1) return command;
  return findSubcommand(command, nameOf(argv[1]));
}

let lastFrame: readonly Uint8Array[] | undefined;
let lastCommand: Command | undefined;

/**
 * The command that a whole frame calls: the subcommand where it names one. A container without further arguments is
 * itself; a container with an unknown subcommand is undefined, as is an unknown name.
 * The array of a frame is not to be changed: a frame is asked about
 * several times on its way, and what was found is kept for the last one.
 */
export function commandOf(argv: readonly Uint8Array[]): Command | undefined {
  if (argv === lastFrame) return lastCommand;
  lastFrame = argv;
  lastCommand = lookUp(argv);
  return lastCommand;
}
