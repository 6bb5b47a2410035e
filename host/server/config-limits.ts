// When a value leaves its compact form: Redis's parameters, and where the kernel finds them.
import { LIMITS_AT } from '../kernel/kernel.js';
import type { Parameter } from './config-parameters.js';

const LONG_MAX = (1n << 63n) - 1n;

interface Limit extends Parameter {
  /** Offset in the kernel's limits (assembly/memory/layout.ts); absent where there is nothing to do. */
  readonly at?: number;
}

/** More elements or bytes than a shard can hold are as good as no limit. */
const count = { kind: 'integer', min: 0, max: 2 ** 31 - 1 } as const;
const bytes = { kind: 'memory', min: 0n, max: LONG_MAX } as const;

const LIMITS: readonly Limit[] = [
  {
    name: 'hash-max-listpack-entries',
    alias: 'hash-max-ziplist-entries',
    kind: count,
    default: '512',
    mutable: true,
    at: 0,
    unit: 'fields',
    summary: 'A hash of more fields is a hashtable to OBJECT ENCODING.',
  },
  {
    name: 'hash-max-listpack-value',
    alias: 'hash-max-ziplist-value',
    kind: bytes,
    default: '64',
    mutable: true,
    at: 4,
    unit: 'bytes',
    summary: 'A hash with a longer field or value is a hashtable.',
  },
  {
    name: 'set-max-intset-entries',
    kind: count,
    default: '512',
    mutable: true,
    at: 8,
    unit: 'members',
    summary: 'A set of more members is a hashtable even if all are integers.',
  },
  {
    name: 'zset-max-listpack-entries',
    alias: 'zset-max-ziplist-entries',
    kind: count,
    default: '128',
    mutable: true,
    at: 12,
    unit: 'members',
    summary: 'A sorted set of more members is a skiplist to OBJECT ENCODING.',
  },
  {
    name: 'zset-max-listpack-value',
    alias: 'zset-max-ziplist-value',
    kind: bytes,
    default: '64',
    mutable: true,
    at: 16,
    unit: 'bytes',
    summary: 'A sorted set with a longer member is a skiplist.',
  },
  {
    name: 'list-max-listpack-size',
    alias: 'list-max-ziplist-size',
    kind: { kind: 'integer', min: -(2 ** 31), max: 2 ** 31 - 1 },
    default: '-2',
    mutable: true,
    at: 20,
    summary: 'Elements of a node of a list; or its size, -1 to -5 for 4 to 64 KiB.',
  },
  {
    name: 'list-compress-depth',
    kind: count,
    default: '0',
    mutable: true,
    summary: 'Lists are never compressed; said because configurations have it.',
  },
  {
    name: 'stream-node-max-bytes',
    kind: bytes,
    default: '4096',
    mutable: true,
    at: 24,
    unit: 'bytes',
    summary: 'Size at which a node of a stream is full; 0 sets no limit.',
  },
  {
    name: 'stream-node-max-entries',
    kind: { kind: 'integer', min: 0, max: 2 ** 31 - 1 },
    default: '100',
    mutable: true,
    at: 28,
    unit: 'entries',
    summary: 'Entries of a node of a stream; 0 sets no limit.',
  },
  {
    name: 'hll-sparse-max-bytes',
    kind: bytes,
    default: '3000',
    mutable: true,
    at: 32,
    unit: 'bytes',
    summary: 'Size beyond which a HyperLogLog becomes dense.',
  },
];

export const LIMIT_PARAMETERS: readonly Parameter[] = LIMITS;

/** Writes the limits into the header of each shard. Single words, so no latch is needed. */
export function configureLimits(memories: readonly WebAssembly.Memory[], text: (name: string) => string): void {
  for (const memory of memories) {
    const words = new Int32Array(memory.buffer);
    for (const { name, at } of LIMITS) {
      if (at === undefined) continue;
      Atomics.store(words, (LIMITS_AT + at) >> 2, Math.min(Number(text(name)), 2 ** 31 - 1));
    }
  }
}
