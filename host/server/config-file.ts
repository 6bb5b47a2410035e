// Where a configuration comes from: a file in the manner of redis.conf, the standard input, and the command line, in
// this order, so that what is said last counts.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { globMatch } from '../commands/index.js';
import { LatchkeyError } from '../errors.js';
import { splitWords } from '../words.js';
import { Config } from './config.js';

const STDIN_FD = 0;
const INCLUDE_DEPTH_MAX = 16;

function bad(place: string, line: string, why: string): LatchkeyError {
  return new LatchkeyError('BAD_CONFIG', `Bad configuration, ${place}: '${line}': ${why}`);
}

/** Files that an `include` names: one, or those that its last part matches, in order of name. */
function included(pattern: string): string[] {
  const path = resolve(pattern);
  if (!/[*?[]/.test(path)) return [path];
  const folder = dirname(path);
  const name = path.slice(folder.length).replace(/^[\\/]/, '');
  try {
    const matches = readdirSync(folder).filter((entry) => globMatch(name, entry));
    return matches.sort().map((entry) => join(folder, entry));
  } catch {
    // A pattern that matches nothing includes nothing.
    return [];
  }
}

function readText(path: string | number): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { message } = error as Error;
    const what = path === STDIN_FD ? 'standard input' : `config file '${path}'`;
    throw new LatchkeyError('CONFIG_UNREADABLE', `Cannot read ${what}: ${message}`, { cause: error });
  }
}

/** Obeys a text line by line. `source` names it in errors. */
function readLines(config: Config, text: string, source: string, depth: number): void {
  text.split('\n').forEach((raw, index) => {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) return;
    const place = `${source} line ${index + 1}`;
    const words = splitWords(line);
    if (words === undefined) throw bad(place, line, 'Unbalanced quotes in configuration line');
    const [name, ...args] = words;
    if (name.toLowerCase() === 'include' && args.length === 1) {
      if (depth === INCLUDE_DEPTH_MAX) throw bad(place, line, 'Files include each other too deeply');
      for (const path of included(args[0])) readLines(config, readText(path), path, depth + 1);
      return;
    }
    const problem = config.set(name, args);
    if (problem !== null) throw bad(place, line, problem);
  });
}

/** The command line in parts: a file at the front, `-` at the end, and options with what belongs to each. */
export interface CommandLine {
  readonly file: string | undefined;
  readonly stdin: boolean;
  /** Name, then arguments. */
  readonly options: readonly (readonly string[])[];
}

/**
 * Takes a command line apart as redis-server does. An option is `--name`, and owns what follows up to the next one; its
 * first argument may look like an option itself. `--name value` may also come as one argument.
 * @throws LatchkeyError `BAD_CONFIG` on words that belong to nothing.
 */
export function parseCommandLine(argv: readonly string[]): CommandLine {
  const file = argv.length > 0 && !argv[0].startsWith('-') ? argv[0] : undefined;
  const options: string[][] = [];
  let stdin = false;
  let open = false;
  for (let i = file === undefined ? 0 : 1; i < argv.length; i++) {
    const word = argv[i];
    if (word === '-' && i === argv.length - 1) stdin = true;
    else if (word.startsWith('--') && !open) {
      const words = splitWords(word.slice(2));
      if (words === undefined) throw bad('command line', word, 'Unbalanced quotes in configuration line');
      if (words.length === 0) throw bad('command line', word, 'Bad directive or wrong number of arguments');
      options.push(words);
      open = words.length === 1;
    } else {
      if (options.length === 0) throw bad('command line', word, 'Bad directive or wrong number of arguments');
      options[options.length - 1].push(word);
      open = false;
    }
  }
  return { file, stdin, options };
}

/**
 * Reads the whole configuration that a command line asks for.
 * @param argv Without the program's own names.
 * @throws LatchkeyError `BAD_CONFIG`, `CONFIG_UNREADABLE`: one line that says what and where.
 */
export function readConfig(argv: readonly string[]): Config {
  const { file, stdin, options } = parseCommandLine(argv);
  const config = new Config();
  if (file !== undefined) {
    readLines(config, readText(file), file, 0);
    config.file = resolve(file);
  }
  if (stdin) readLines(config, readText(STDIN_FD), 'standard input', 0);
  for (const [name, ...args] of options) {
    if (name.toLowerCase() === 'include' && args.length === 1) {
      for (const path of included(args[0])) readLines(config, readText(path), path, 1);
      continue;
    }
    const problem = config.set(name, args);
    if (problem !== null) throw bad('command line', `--${[name, ...args].join(' ')}`, problem);
  }
  config.spreadMemory();
  const problem = config.clusterByDefault() ?? config.persistByDefault();
  if (problem !== null) throw new LatchkeyError('BAD_CONFIG', problem);
  return config;
}
