// Executes append-only files of Redis in a store: the commands in their order, a transaction wholly or not at all. The
// clock is stopped meanwhile, as Redis does it: what expires is in the log as a DEL.

import { type LoggedCommand, readCommands } from './aof-file.js';
import { type ByteSource, Damage } from './byte-source.js';
import { commandNamed, type KernelStore } from './kernel-store.js';
import { isRdb, type LeftBehind, readRdb } from './rdb-file.js';

export interface AofRules {
  /** The last file may end inside a command or a transaction, which is then left out: `aof-load-truncated`. */
  readonly mayBeTruncated: boolean;
  readonly skipModules: boolean;
}

/** What became of one file. */
export interface AofLoaded {
  commands: number;
  /** Bytes at its end that were left out. */
  truncated: number;
}

/** About libraries of functions and cached scripts, not about keys. */
const ABOUT_CODE = new Set(['function', 'script']);

/** Loads one file, the last of its directory or not; `report` is called after each part of it. @throws Damage, and what KernelStore throws. */
export function loadAofFile(
  store: KernelStore,
  source: ByteSource,
  isLast: boolean,
  rules: AofRules,
  left: LeftBehind,
  report: () => void,
): AofLoaded {
  const loaded = { commands: 0, truncated: 0 };
  if (isRdb(source.head(5))) {
    for (const item of readRdb(source, left, rules.skipModules)) {
      store.restore(item);
      report();
    }
  }
  const runner = new LogRunner(store, source, left);
  try {
    for (const command of readCommands(source)) {
      runner.take(command);
      report();
    }
    runner.end();
  } catch (error) {
    if (!(error instanceof Damage && error.isEnd && isLast && rules.mayBeTruncated)) throw error;
    loaded.truncated = source.size - (runner.openedAt ?? error.offset);
  }
  store.flush();
  loaded.commands = runner.commands;
  return loaded;
}

class LogRunner {
  /** Executed so far. */
  commands = 0;
  /** Where the transaction begins that is not complete yet. */
  openedAt: number | undefined;
  #db = 0;
  #group: LoggedCommand[] = [];

  constructor(
    readonly store: KernelStore,
    readonly source: ByteSource,
    readonly left: LeftBehind,
  ) {}

  take(command: LoggedCommand): void {
    const name = command.argv[0].toString('latin1').toLowerCase();
    if (name === 'multi') {
      if (this.openedAt !== undefined) this.source.fail('a transaction inside a transaction', command.offset);
      this.openedAt = command.offset;
    } else if (name === 'exec') {
      if (this.openedAt === undefined) this.source.fail('EXEC without MULTI', command.offset);
      this.openedAt = undefined;
      for (const each of this.#group.splice(0)) this.#run(each);
    } else if (this.openedAt === undefined) this.#run(command);
    else {
      const frame = Buffer.from(command.frame);
      const argv = command.argv.map((arg) => {
        const from = arg.byteOffset - command.frame.byteOffset;
        return frame.subarray(from, from + arg.length);
      });
      this.#group.push({ offset: command.offset, frame, argv });
    }
  }

  /** The file is over. */
  end(): void {
    if (this.openedAt !== undefined)
      throw new Damage(this.source.name, this.openedAt, 'the file ends inside the transaction that begins here', true);
  }

  #run({ argv, frame, offset }: LoggedCommand): void {
    const name = argv[0].toString('latin1').toLowerCase();
    if (name === 'select') {
      this.#db = this.#database(argv, offset);
      return;
    }
    if (ABOUT_CODE.has(name)) {
      this.left.functions++;
      return;
    }
    const command = commandNamed(argv);
    const fits = command && (command.arity < 0 ? argv.length >= -command.arity : argv.length === command.arity);
    if (!command || !fits || !command.flags.includes('write') || command.where === 'host')
      this.source.fail(`${JSON.stringify(name.slice(0, 40))} is no write command that can be taken over`, offset);
    const label = (): string => `${this.source.name}: byte ${offset}: ${command.fullName.toUpperCase()}`;
    this.store.execute(command, this.#db, frame, argv, label);
    this.commands++;
  }

  #database(argv: readonly Buffer[], offset: number): number {
    const text = argv.length === 2 ? argv[1].toString('latin1') : '';
    if (!/^\d{1,9}$/.test(text)) this.source.fail('a SELECT without a database', offset);
    this.store.checkDatabase(Number(text));
    return Number(text);
  }
}
