// Passwords in commands that others get to see: in the lines of MONITOR and the entries of SLOWLOG.
import type { Command } from '../commands/index.js';

const REDACTED = Buffer.from('(redacted)');
const SECRET_PARAMETERS: ReadonlySet<string> = new Set(['requirepass']);

const lower = (argument: Uint8Array): string => Buffer.from(argument).toString('latin1').toLowerCase();

/** Positions of secrets. */
function secrets({ fullName }: Command, argv: readonly Uint8Array[]): number[] {
  switch (fullName) {
    case 'auth':
      return argv.map((_, i) => i).slice(1);
    case 'hello': {
      const at = argv.findIndex((argument, i) => i > 1 && argument.length === 4 && lower(argument) === 'auth');
      return at < 0 ? [] : [at + 1, at + 2];
    }
    case 'config|set':
      return argv.flatMap((argument, i) =>
        i >= 2 && i % 2 === 0 && SECRET_PARAMETERS.has(lower(argument)) ? [i + 1] : [],
      );
    default:
      return [];
  }
}

/** The arguments with every password replaced. */
export function redacted(command: Command, argv: readonly Uint8Array[]): readonly Uint8Array[] {
  const hidden = secrets(command, argv).filter((i) => i < argv.length);
  if (hidden.length === 0) return argv;
  return argv.map((argument, i) => (hidden.includes(i) ? REDACTED : argument));
}
