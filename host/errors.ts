// Errors of the world (STYLE §5): disk, ports, quotas, threads. Match on `code`, which is stable; never on the text.

/** What went wrong. A new code is a new part of the public interface. */
export type LatchkeyErrorCode =
  /** A flag, a parameter or a line of a configuration file that cannot be used. */
  | 'BAD_CONFIG'
  /** A file that the configuration names cannot be read. */
  | 'CONFIG_UNREADABLE'
  /** An address could not be listened on. */
  | 'LISTEN_FAILED'
  /** What is to be imported or exported cannot be read, or holds what cannot be taken over. */
  | 'BAD_SOURCE'
  /** Where data is to go does not take it. */
  | 'BAD_TARGET'
  /** Another process has the directory of the data. */
  | 'DIRECTORY_IN_USE'
  /** The directory of the data cannot be locked, read or written to. */
  | 'DIRECTORY_UNUSABLE'
  /** `shards.meta` or `reshard.journal` says what nobody can act upon. */
  | 'BAD_LAYOUT'
  /** A file holds bytes that were not written so, where a crash cannot explain them; or one that is needed is missing. */
  | 'DAMAGED_FILE'
  /** A newer version wrote a file, or a part of it. */
  | 'NEWER_FILE'
  /** Memory for the shards could not be had. */
  | 'OUT_OF_MEMORY';

export class LatchkeyError extends Error {
  override readonly name = 'LatchkeyError';

  /** @param message One line, for a person: it names the thing and says what is wrong with it. */
  constructor(
    readonly code: LatchkeyErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
