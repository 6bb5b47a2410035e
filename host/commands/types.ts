// The shapes of the command table. A CommandSpec is what a group file declares; a Command is the same with everything
// that follows from it (index.ts).

export type Group =
  | 'string'
  | 'bitmap'
  | 'list'
  | 'hash'
  | 'set'
  | 'sorted-set'
  | 'stream'
  | 'geo'
  | 'hyperloglog'
  | 'generic'
  | 'transactions'
  | 'pubsub'
  | 'connection'
  | 'server'
  | 'cluster';

/** Flags of a command, in the order in which Redis replies with them. */
export const COMMAND_FLAGS = [
  'write',
  'readonly',
  'denyoom',
  'module',
  'admin',
  'pubsub',
  'noscript',
  'blocking',
  'loading',
  'stale',
  'skip_monitor',
  'skip_slowlog',
  'asking',
  'fast',
  'no_auth',
  'may_replicate',
  'no_mandatory_keys',
  'no_async_loading',
  'no_multi',
  'movablekeys',
  'allow_busy',
] as const;
export type CommandFlag = (typeof COMMAND_FLAGS)[number];

/** ACL categories, in the order in which Redis replies with them. */
export const ACL_CATEGORIES = [
  'keyspace',
  'read',
  'write',
  'set',
  'sortedset',
  'list',
  'hash',
  'string',
  'bitmap',
  'hyperloglog',
  'geo',
  'stream',
  'pubsub',
  'admin',
  'fast',
  'slow',
  'blocking',
  'dangerous',
  'connection',
  'transaction',
  'scripting',
] as const;
export type AclCategory = (typeof ACL_CATEGORIES)[number];

/** What a command does with a key. One of the first four always applies: read, read and write, overwrite, remove. */
export const KEY_FLAGS = [
  'RO',
  'RW',
  'OW',
  'RM',
  'access',
  'update',
  'insert',
  'delete',
  'not_key',
  'incomplete',
  'variable_flags',
] as const;
export type KeyFlag = (typeof KEY_FLAGS)[number];

/** Where the first key of a spec is looked for. Positions count the arguments of the command, its name being 0. */
export type BeginSearch =
  | { readonly index: number }
  /** Behind the keyword, which is searched from `startFrom` on: forwards, or backwards if that is negative. */
  | { readonly keyword: string; readonly startFrom: number }
  | 'unknown';

/** How the keys go on from the first one. */
export type FindKeys =
  /**
   * `last` is relative to the first key, or to the end of the command if negative. With `last` -1, a `limit` of n > 1
   * says that only the first n-th part of what follows are keys.
   */
  | { readonly last: number; readonly step: number; readonly limit: number }
  /** Relative to the beginning found: where the number of keys stands, and where the first key. */
  | { readonly keyNumber: number; readonly first: number; readonly step: number }
  | 'unknown';

export interface KeySpec {
  readonly flags: readonly KeyFlag[];
  readonly begin: BeginSearch;
  readonly find: FindKeys;
  readonly notes?: string;
}

export interface Argument {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'double' | 'key' | 'pattern' | 'unix-time' | 'pure-token' | 'oneof' | 'block';
  /** Index into the command's `keys`. */
  readonly keySpec?: number;
  readonly token?: string;
  readonly since?: string;
  readonly deprecatedSince?: string;
  readonly optional?: boolean;
  readonly multiple?: boolean;
  /** The token is repeated with each of the multiple values. */
  readonly multipleToken?: boolean;
  readonly arguments?: readonly Argument[];
}

/**
 * Where a command runs.
 * - `shard`: in the kernel, in the one shard of its key.
 * - `split`: in the kernel, in parts over the shards of its keys.
 * - `guest`: in the kernel, in one shard, the values of foreign keys having been copied in.
 * - `move`: in the kernel; over several shards the host takes it apart: from one shard to another, or key by key.
 * - `all`: in the kernel, on every shard.
 * - `host`: in TypeScript.
 * - `container`: its subcommands differ.
 */
export const WHERES = ['shard', 'split', 'guest', 'move', 'all', 'host', 'container'] as const;
export type Where = (typeof WHERES)[number];

export interface CommandSpec {
  /** Lower case; of a subcommand the second word alone. */
  readonly name: string;
  readonly summary: string;
  readonly since: string;
  readonly complexity?: string;
  /** Number of arguments, the name included; -n means n or more. A subcommand counts its container's name too. */
  readonly arity: number;
  /** What is really accepted, where a later Redis takes more; COMMAND goes on saying what 7.0 says. */
  readonly laterArity?: number;
  readonly flags: readonly CommandFlag[];
  /** Categories beside those that follow from the flags (table.ts). */
  readonly acl?: readonly AclCategory[];
  readonly tips?: readonly string[];
  readonly keys?: readonly KeySpec[];
  readonly arguments?: readonly Argument[];
  /** Pairs of a version and what it changed. */
  readonly history?: readonly (readonly [string, string])[];
  readonly docFlags?: readonly ('deprecated' | 'syscmd')[];
  readonly deprecatedSince?: string;
  readonly replacedBy?: string;
  readonly where: Where;
  /** It may loop over data without a bound, so dispatch estimates its cost before it begins. */
  readonly maybeSlow?: boolean;
  /** The effect as the log gets it. Commands without it write nothing to the log. */
  readonly logged?: string;
  /** Where our reply differs from that of redis-server 7.0 on purpose. */
  readonly knownDifferences?: string;
  readonly subcommands?: readonly CommandSpec[];
}

export interface Command extends CommandSpec {
  /** `container|name` for a subcommand, else the name. */
  readonly fullName: string;
  readonly group: Group;
  /** From opcodes.ts; a subcommand has its container's. */
  readonly opcode: number;
  /** All categories, those that follow from the flags included, in Redis's order. */
  readonly aclCategories: readonly AclCategory[];
  /** The keys as one range where that is possible: 0 without keys; a negative last key counts from the end. */
  readonly firstKey: number;
  readonly lastKey: number;
  readonly keyStep: number;
  readonly keys: readonly KeySpec[];
  readonly subcommands: readonly Command[];
}

/**
 * A reply before it is encoded. Strings and bytes are bulk strings, numbers are integers, arrays are arrays, `null` is
 * the null bulk string in RESP2 and the null in RESP3. A status and an error are simple strings. A set is a RESP3 set
 * and a RESP2 array; pairs are a RESP3 map and a RESP2 array of keys and values in turn. A double and a verbatim text are
 * bulk strings in RESP2.
 */
export type Reply =
  | null
  | number
  | bigint
  | string
  | Uint8Array
  | readonly Reply[]
  | { readonly verbatim: string }
  | { readonly double: number }
  | { readonly status: string }
  | { readonly error: string }
  | { readonly set: readonly Reply[] }
  | { readonly pairs: readonly (readonly [Reply, Reply])[] };
