// The limits that decide how a kernel keeps containers, as header fields: offsets from the header, drawn in
// assembly/memory/layout.ts. Tests set them to force one form or the other.
import type { TestKernel } from './kernel.js';

const LIMITS = {
  hashMaxListpackEntries: 2560,
  hashMaxListpackValue: 2564,
  setMaxIntsetEntries: 2568,
  zsetMaxListpackEntries: 2572,
  zsetMaxListpackValue: 2576,
  listMaxListpackSize: 2580,
  streamNodeMaxBytes: 2584,
  streamNodeMaxEntries: 2588,
  hllSparseMaxBytes: 2592,
  packedEntriesMax: 2596,
  packedBytesMax: 2600,
} as const;

export type Limit = keyof typeof LIMITS;

export function setLimits(kernel: TestKernel, limits: Partial<Record<Limit, number>>): void {
  for (const [name, value] of Object.entries(limits)) kernel.shard.setHeader(LIMITS[name as Limit], value);
}
