// Parameters of the persistence engine. Without a directory nothing is ever written.
import type { Parameter } from './config-parameters.js';

/** Redis's own, where a directory is given and no log is wanted. */
export const SAVE_BY_DEFAULT = '3600 1 300 100 60 10000';

export const PERSISTENCE_PARAMETERS: readonly Parameter[] = [
  {
    name: 'dir',
    kind: { kind: 'string' },
    default: '',
    mutable: false,
    summary:
      'Directory that the data is kept in: made if it is missing, one server at a time. Empty keeps everything in memory.',
  },
  {
    name: 'appendonly',
    kind: { kind: 'bool' },
    default: 'no',
    defaultNote: '`yes` with `--dir`, else `no`',
    mutable: true,
    summary:
      'Whether every change is written to a log; needs a directory. Turned on while running, it takes a snapshot first.',
  },
  {
    name: 'appendfsync',
    kind: { kind: 'enum', words: ['everysec', 'always', 'no'] },
    default: 'everysec',
    mutable: true,
    summary:
      'When the log is synced: once a second, before any reply that could have seen a change leaves, or whenever the system likes. docs/durability.md says what each guarantees.',
  },
  {
    name: 'save',
    kind: { kind: 'savePoints' },
    default: '',
    defaultNote: `\`${SAVE_BY_DEFAULT}\` with \`--dir\` and \`--appendonly no\`, else empty`,
    mutable: true,
    unit: 'seconds and changes, in pairs',
    summary: 'A snapshot is taken when so many seconds have passed and so many changes were made since the last one.',
  },
  {
    name: 'auto-aof-rewrite-percentage',
    kind: { kind: 'integer', min: 0, max: 2 ** 31 - 1 },
    default: '100',
    mutable: true,
    unit: 'percent',
    summary: 'Growth of the log since the last rewrite at which it is rewritten; 0 never does that by itself.',
  },
  {
    name: 'auto-aof-rewrite-min-size',
    kind: { kind: 'memory', min: 0n, max: (1n << 63n) - 1n },
    default: '67108864',
    mutable: true,
    unit: 'bytes',
    summary: 'The log is not rewritten by itself while all its files together are smaller.',
  },
  {
    name: 'replay-truncate',
    kind: { kind: 'bool' },
    default: 'no',
    mutable: false,
    own: true,
    summary: 'At a start over a log that is damaged below what was synced: keep what comes before the damage.',
  },
  {
    name: 'replay-resync',
    kind: { kind: 'bool' },
    default: 'no',
    mutable: false,
    own: true,
    summary: 'The same, and go on behind the damage with the next record that verifies.',
  },
];
