// COMMAND and its subcommands: the command table, as clients ask for it.
import {
  COMMANDS,
  type Command,
  type CommandFilter,
  commandDocsReply,
  commandFilter,
  commandGetKeysReply,
  commandInfoReply,
  findByFullName,
} from '../../commands/index.js';
import type { HostHandler } from '../context.js';
import { cString, SYNTAX_ERROR, word } from './values.js';

const FILTERS: readonly string[] = ['module', 'aclcat', 'pattern'] satisfies CommandFilter['by'][];

/** Commands and subcommands by full name, in any letter case. */
function named(argument: Buffer): Command | undefined {
  const name = word(argument);
  return name.length === argument.length ? findByFullName(name) : undefined;
}

const all: HostHandler = () => COMMANDS.map(commandInfoReply);

const count: HostHandler = () => COMMANDS.length;

const list: HostHandler = (argv) => {
  if (argv.length === 2) return commandFilter();
  if (argv.length !== 5 || word(argv[2]) !== 'filterby') return SYNTAX_ERROR;
  const by = word(argv[3]);
  if (!FILTERS.includes(by)) return SYNTAX_ERROR;
  return commandFilter({ by: by as CommandFilter['by'], value: cString(argv[4]) });
};

const info: HostHandler = (argv) => (argv.length === 2 ? COMMANDS : argv.slice(2).map(named)).map(commandInfoReply);

const docs: HostHandler = (argv) => {
  const asked = argv.length === 2 ? COMMANDS : argv.slice(2).flatMap((argument) => named(argument) ?? []);
  return { pairs: asked.map((command) => [command.fullName, commandDocsReply(command)] as const) };
};

export const COMMAND_HANDLERS: Readonly<Record<string, HostHandler>> = {
  command: all,
  'command|count': count,
  'command|list': list,
  'command|info': info,
  'command|docs': docs,
  'command|getkeys': (argv) => commandGetKeysReply(argv.slice(2), false),
  'command|getkeysandflags': (argv) => commandGetKeysReply(argv.slice(2), true),
};
