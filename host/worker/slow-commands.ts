// SLOWLOG's entries of one thread. Ids come from a counter that all threads share, so that the newest of all logs together
// are the log of the server.

export interface SlowEntry {
  readonly id: number;
  /** Unix seconds. */
  readonly time: number;
  readonly microseconds: number;
  readonly argv: readonly Uint8Array[];
  readonly address: string;
  readonly name: string;
}

const ARGUMENTS_MAX = 32;
const ARGUMENT_BYTES_MAX = 128;

/** Arguments as they are kept: the first of them, and the beginnings of long ones, each cut followed by what is missing. */
export function abridged(argv: readonly Uint8Array[]): Uint8Array[] {
  const kept = argv.length > ARGUMENTS_MAX ? ARGUMENTS_MAX - 1 : argv.length;
  const short = argv.slice(0, kept).map((argument) => {
    if (argument.length <= ARGUMENT_BYTES_MAX) return Uint8Array.from(argument);
    const more = argument.length - ARGUMENT_BYTES_MAX;
    return Buffer.concat([argument.subarray(0, ARGUMENT_BYTES_MAX), Buffer.from(`... (${more} more bytes)`)]);
  });
  if (kept < argv.length) short.push(Buffer.from(`... (${argv.length - kept} more arguments)`));
  return short;
}

export class SlowCommands {
  readonly #entries: SlowEntry[] = [];

  /** @param most Entries kept: slowlog-max-len. */
  add(entry: SlowEntry, most: number): void {
    this.#entries.push(entry);
    this.trim(most);
  }
  trim(most: number): void {
    if (this.#entries.length > most) this.#entries.splice(0, this.#entries.length - most);
  }
  /** Oldest first. */
  get entries(): readonly SlowEntry[] {
    return this.#entries;
  }
  reset(): void {
    this.#entries.length = 0;
  }
}

/** The log of the server from those of its threads, newest first. */
export function newestOf(logs: readonly (readonly SlowEntry[])[], most: number): SlowEntry[] {
  return logs
    .flat()
    .sort((a, b) => b.id - a.id)
    .slice(0, most);
}
