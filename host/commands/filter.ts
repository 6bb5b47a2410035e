// COMMAND LIST and its filters.
import { globMatch } from './glob.js';
import { COMMANDS } from './table.js';
import type { Command } from './types.js';

export interface CommandFilter {
  readonly by: 'module' | 'aclcat' | 'pattern';
  /** Name of a module, name of an ACL category in any letter case, or a glob pattern; one byte per character. */
  readonly value: string;
}

function passes(command: Command, filter: CommandFilter): boolean {
  // No command of ours comes from a module, and an unknown category matches nothing.
  if (filter.by === 'module') return false;
  if (filter.by === 'pattern') return globMatch(filter.value, command.fullName, true);
  const wanted = filter.value.toLowerCase();
  return command.aclCategories.some((category) => category === wanted);
}

/**
 * Full names for COMMAND LIST, in order of declaration, each container followed by its subcommands. A subcommand is
 * listed for itself, whether its container passes the filter or not.
 */
export function commandFilter(filter?: CommandFilter): string[] {
  return COMMANDS.flatMap((command) => [command, ...command.subcommands])
    .filter((command) => filter === undefined || passes(command, filter))
    .map((command) => command.fullName);
}
