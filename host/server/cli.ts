#!/usr/bin/env node
// The command `latchkey`: reads the configuration, starts the server, and ends it on a signal; or runs a sub-command.
import { LatchkeyError } from '../errors.js';
import type { Config } from './config.js';
import { helpText, versionText } from './config-docs.js';
import { readConfig } from './config-file.js';
import { log } from './log.js';
import { startServer } from './supervisor.js';

/** What is wrong, in one line: of our own errors the message, of others what helps to find the bug as well. */
function lineOf(error: unknown): string {
  if (error instanceof LatchkeyError) return error.message;
  if (!(error instanceof Error)) return String(error);
  const [place] = error.stack?.match(/\bat .*/) ?? [];
  return place ? `${error.name}: ${error.message} (${place})` : `${error.name}: ${error.message}`;
}

/** Ends the process before it has served anybody: one line where a person at a terminal sees it. */
function refuse(error: unknown): never {
  process.stderr.write(`latchkey: ${lineOf(error)}\n`);
  process.exit(1);
}

/** A bug of ours that nobody caught. The threads' state is unknown, so nothing more is served. */
function crash(error: unknown): never {
  log.warning(`Unexpected error, exiting: ${lineOf(error)}`);
  if (error instanceof Error && error.stack) log.debug(error.stack);
  process.exit(1);
}

async function serve(config: Config): Promise<void> {
  log.use(config.values);
  process.on('uncaughtException', crash);
  process.on('unhandledRejection', crash);
  let ending = false;
  let end = (): void => process.exit(0);
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      // Who asks twice does not want to wait.
      if (ending) process.exit(1);
      ending = true;
      log.warning(`Received ${signal}, scheduling shutdown...`);
      end();
    });
  }
  log.notice(`${versionText()} pid=${process.pid}, starting`);
  const server = await startServer(config);
  end = () => void server.shutdown();
}

/** Each in a file of its own, which is loaded only when it is asked for. */
const SUBCOMMANDS: Readonly<Record<string, (argv: readonly string[]) => Promise<void>>> = {
  import: async (argv) => (await import('../cli/import.js')).importCommand(argv),
  export: async (argv) => (await import('../cli/export.js')).exportCommand(argv),
  reshard: async (argv) => (await import('../cli/reshard.js')).reshardCommand(argv),
  check: async (argv) => (await import('../cli/check.js')).checkCommand(argv),
};

const argv = process.argv.slice(2);
const subcommand = Object.hasOwn(SUBCOMMANDS, argv[0]) ? SUBCOMMANDS[argv[0]] : undefined;
try {
  if (argv[0] === '-h' || argv[0] === '--help') process.stdout.write(helpText());
  else if (argv[0] === '-v' || argv[0] === '--version') process.stdout.write(`${versionText()}\n`);
  else if (subcommand) await subcommand(argv.slice(1));
  else await serve(readConfig(argv));
} catch (error) {
  refuse(error);
}
