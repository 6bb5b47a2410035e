// The one table of configuration parameters: what a file, the command line and CONFIG may set. Only what has an effect
// here is in it. Help, docs/flags.md and all checks come from it.
import { availableParallelism } from 'node:os';
import { CLUSTER_PARAMETERS } from './config-cluster.js';
import type { Kind } from './config-kinds.js';
import { LIMIT_PARAMETERS } from './config-limits.js';
import { OBSERVATION_PARAMETERS } from './config-observation.js';
import { PERSISTENCE_PARAMETERS } from './config-persistence.js';

export interface Parameter {
  /** Redis's name, in lower case. */
  readonly name: string;
  /** An older name of Redis's for the same. */
  readonly alias?: string;
  readonly kind: Kind;
  /** Canonical text. */
  readonly default: string;
  /** For the documents, where the default depends on the machine. */
  readonly defaultNote?: string;
  /** CONFIG SET may change it while the server runs. */
  readonly mutable: boolean;
  /** Redis has no such parameter. */
  readonly own?: boolean;
  readonly unit?: string;
  /** One sentence, for --help and docs/flags.md. */
  readonly summary: string;
}

const INT_MAX = 2 ** 31 - 1;
const UINT_MAX = 2 ** 32 - 1;
const LONG_MAX = (1n << 63n) - 1n;
const CORES = availableParallelism();

export const THREADS_MAX = 128;
/** assembly/abi.ts: SHARDS_MAX. */
export const SHARDS_MAX = 256;
const DATABASES_MAX = 1024;
/** The kernel counts bytes of a value in 31 bits. */
const BULK_BYTES_MAX = (1n << 31n) - 1n;

export const LOG_LEVELS = ['debug', 'verbose', 'notice', 'warning'] as const;
export const EVICTION_POLICIES = [
  'volatile-lru',
  'volatile-lfu',
  'volatile-random',
  'volatile-ttl',
  'allkeys-lru',
  'allkeys-lfu',
  'allkeys-random',
  'noeviction',
] as const;

const integer = (min: number, max: number | bigint): Kind => ({ kind: 'integer', min, max });
const memory = (min: bigint, max: bigint): Kind => ({ kind: 'memory', min, max });
const words = (list: readonly string[]): Kind => ({ kind: 'enum', words: list });

/** Deleting is always lazy here; said because configurations have them. */
const LAZY_FREE = (['eviction', 'expire', 'server-del', 'user-del', 'user-flush'] as const).map(
  (what): Parameter => ({
    name: `lazyfree-lazy-${what}`,
    kind: { kind: 'bool' },
    default: 'no',
    mutable: true,
    summary: 'What is large is freed in slices after the reply in any case, whatever this says.',
  }),
);

export const PARAMETERS: readonly Parameter[] = [
  {
    name: 'port',
    kind: integer(0, 65535),
    default: '6379',
    mutable: false,
    summary: 'TCP port to listen on; 0 listens on none.',
  },
  {
    name: 'bind',
    kind: { kind: 'list', countMax: 16, tooMany: 'Too many bind addresses specified.' },
    default: '* -::*',
    mutable: false,
    summary:
      'Addresses to listen on; `*` is every IPv4 address, `::*` every IPv6 one, and `-` in front lets an address fail.',
  },
  {
    name: 'unixsocket',
    kind: { kind: 'string' },
    default: '',
    mutable: false,
    summary: 'Path of a Unix socket to listen on.',
  },
  {
    name: 'unixsocketperm',
    kind: { kind: 'octal' },
    default: '0',
    mutable: false,
    summary: 'Permissions of the Unix socket, in octal; 0 leaves them to the umask.',
  },
  {
    name: 'tcp-backlog',
    kind: integer(0, INT_MAX),
    default: '511',
    mutable: false,
    unit: 'connections',
    summary: 'How many connections may wait to be accepted; the system has a limit of its own.',
  },
  {
    name: 'protected-mode',
    kind: { kind: 'bool' },
    default: 'yes',
    mutable: true,
    summary: 'Refuses connections from other machines as long as there is no password.',
  },
  {
    name: 'requirepass',
    kind: { kind: 'string' },
    default: '',
    mutable: true,
    summary: 'Password that clients have to give; empty asks for none.',
  },
  {
    name: 'threads',
    kind: integer(1, THREADS_MAX),
    default: String(Math.min(CORES, THREADS_MAX)),
    defaultNote: 'one per core',
    mutable: false,
    own: true,
    summary: 'Workers: threads that serve connections.',
  },
  {
    name: 'shards',
    kind: integer(1, SHARDS_MAX),
    default: String(Math.min(CORES, SHARDS_MAX)),
    defaultNote: 'one per core, or per 3 GiB of maxmemory',
    mutable: false,
    own: true,
    summary: 'Parts that the keyspace is cut into, each with a memory of up to 4 GiB.',
  },
  {
    name: 'routing',
    kind: words(['kevyhash', 'slots']),
    default: 'kevyhash',
    mutable: false,
    own: true,
    summary: "How a key finds its shard: by kevy's hash, or by the slot that Redis Cluster gives it.",
  },
  {
    name: 'databases',
    kind: integer(1, DATABASES_MAX),
    default: '16',
    mutable: false,
    summary: 'Number of databases for SELECT.',
  },
  {
    name: 'maxclients',
    kind: integer(1, UINT_MAX),
    default: '10000',
    mutable: true,
    unit: 'connections',
    summary: 'Connections at the same time, over all workers.',
  },
  {
    name: 'timeout',
    kind: integer(0, INT_MAX),
    default: '0',
    mutable: true,
    unit: 'seconds',
    summary: 'Closes a connection that has been idle for so long; 0 never does.',
  },
  {
    name: 'tcp-keepalive',
    kind: integer(0, INT_MAX),
    default: '300',
    mutable: true,
    unit: 'seconds',
    summary: 'Idle time after which the system asks whether the other side is still there; 0 never asks.',
  },
  {
    name: 'proto-max-bulk-len',
    kind: memory(1n << 20n, BULK_BYTES_MAX),
    default: String(512n << 20n),
    mutable: true,
    unit: 'bytes',
    summary: 'Longest argument, and longest string value.',
  },
  {
    name: 'client-query-buffer-limit',
    kind: memory(1n << 20n, LONG_MAX),
    default: String(1n << 30n),
    mutable: true,
    unit: 'bytes',
    summary: 'Closes a connection that has sent more than this without it being executed.',
  },
  {
    name: 'client-output-buffer-limit',
    kind: { kind: 'bufferLimits' },
    default: 'normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60',
    mutable: true,
    unit: 'class, hard bytes, soft bytes, soft seconds',
    summary:
      'Closes a connection of a class when replies that it does not take pile up beyond the hard limit, or beyond the soft one for so long.',
  },
  {
    name: 'maxmemory',
    kind: memory(0n, (1n << 64n) - 1n),
    default: '0',
    mutable: true,
    unit: 'bytes',
    summary: 'Memory that the data of all shards may take together; 0 sets no limit.',
  },
  {
    name: 'maxmemory-policy',
    kind: words(EVICTION_POLICIES),
    default: 'noeviction',
    mutable: true,
    summary:
      'What goes when maxmemory is reached: any keys or those with an expiry, used longest ago, used least often, expiring first, or at random; with noeviction nothing goes, and commands that add data are refused.',
  },
  {
    name: 'maxmemory-samples',
    kind: integer(1, INT_MAX),
    default: '5',
    mutable: true,
    unit: 'keys',
    summary:
      'Keys drawn from each database and shard when one is to be evicted; the best goes. More than 64 count as 64.',
  },
  {
    name: 'maxmemory-eviction-tenacity',
    kind: integer(0, 100),
    default: '10',
    mutable: true,
    summary:
      'How long a command may evict keys before it goes on: 10 allows half a millisecond, 100 as long as it takes.',
  },
  {
    name: 'replica-ignore-maxmemory',
    kind: { kind: 'bool' },
    default: 'yes',
    mutable: true,
    summary: 'Whether replicas leave eviction to their master; there are none, but configurations say it.',
  },
  ...LAZY_FREE,
  {
    name: 'activedefrag',
    kind: { kind: 'bool' },
    default: 'yes',
    mutable: true,
    summary:
      'Whether blocks are moved together when deleting has left the memory full of holes; it costs nothing until then.',
  },
  {
    name: 'active-defrag-ignore-bytes',
    kind: memory(1n, LONG_MAX),
    default: String(100n << 20n),
    mutable: true,
    unit: 'bytes',
    summary: 'Holes of less than this, over all shards, are left alone.',
  },
  {
    name: 'active-defrag-threshold-lower',
    kind: integer(0, 1000),
    default: '10',
    mutable: true,
    unit: 'percent of what is used',
    summary: 'A shard whose holes are less than this part of what it uses is left alone.',
  },
  {
    name: 'active-defrag-threshold-upper',
    kind: integer(0, 1000),
    default: '100',
    mutable: true,
    unit: 'percent of what is used',
    summary: 'From here on defragmentation takes active-defrag-cycle-max of the time.',
  },
  {
    name: 'active-defrag-cycle-min',
    kind: integer(1, 99),
    default: '1',
    mutable: true,
    unit: 'percent',
    summary: "Part of a worker's time for defragmentation at the lower threshold.",
  },
  {
    name: 'active-defrag-cycle-max',
    kind: integer(1, 99),
    default: '25',
    mutable: true,
    unit: 'percent',
    summary: "Part of a worker's time for defragmentation at the upper threshold.",
  },
  {
    name: 'active-defrag-max-scan-fields',
    kind: integer(1, LONG_MAX),
    default: '1000',
    mutable: true,
    summary:
      'In Redis, the size from which a container is walked in slices; here every one is. Said because configurations have it.',
  },
  {
    name: 'lfu-log-factor',
    kind: integer(0, INT_MAX),
    default: '10',
    mutable: true,
    summary: 'The higher, the more accesses it takes to move the LFU counter on.',
  },
  {
    name: 'notify-keyspace-events',
    kind: { kind: 'notifyFlags' },
    default: '',
    mutable: true,
    summary:
      'Which changes of keys are published: a letter for each class of events, `A` for all but `m` and `n`, and `K` or `E` or both for the channels; empty publishes none.',
  },
  {
    name: 'lfu-decay-time',
    kind: integer(0, INT_MAX),
    default: '1',
    mutable: true,
    unit: 'minutes',
    summary: 'Time without an access after which the LFU counter falls by one; 0 never lowers it.',
  },
  ...LIMIT_PARAMETERS,
  {
    name: 'hz',
    kind: { kind: 'integer', min: 0, max: INT_MAX, clamp: [1, 500] },
    default: '10',
    mutable: true,
    unit: 'per second',
    summary: 'How often each worker looks for expired keys and idle connections.',
  },
  {
    name: 'enable-debug-command',
    kind: words(['no', 'yes', 'local']),
    default: 'no',
    mutable: false,
    summary: 'Whether DEBUG may be called: by nobody, by everybody, or from this machine.',
  },
  ...CLUSTER_PARAMETERS,
  ...PERSISTENCE_PARAMETERS,
  ...OBSERVATION_PARAMETERS,
  {
    name: 'loglevel',
    kind: words(LOG_LEVELS),
    default: 'notice',
    mutable: true,
    summary: 'Least important messages that are still written.',
  },
  {
    name: 'logfile',
    kind: { kind: 'string' },
    default: '',
    mutable: false,
    summary: 'File that messages are appended to; empty writes them to the standard output.',
  },
];

const byName = new Map<string, Parameter>();
for (const parameter of PARAMETERS) {
  byName.set(parameter.name, parameter);
  if (parameter.alias) byName.set(parameter.alias, parameter);
}

/** The parameter of that name or alias, in any letter case. */
export function findParameter(name: string): Parameter | undefined {
  return byName.get(name.toLowerCase());
}
