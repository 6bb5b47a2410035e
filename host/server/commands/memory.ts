// MEMORY: what the shards' arenas and the connections hold. MEMORY USAGE is the kernel's.
//
// Figures are read without a latch: each is true of some moment, all of them of nearly the same one.
import type { Reply } from '../../commands/index.js';
import type { ShardKernel } from '../../kernel/kernel.js';
import type { HostHandler, Services } from '../context.js';
import { OK } from './values.js';

const PAGE_BYTES = 65536;
const MIB = 1 << 20;
/** A segment of the keyspace table. */
const SEGMENT_BYTES = 4096;

/** A shard with less in it than this has nothing to be diagnosed. */
const DIAGNOSABLE_BYTES = 5 * MIB;
/** Taken from the system to used, above which the difference is worth a word. */
const WASTE_RATIO = 1.5;
const WASTE_BYTES = 10 * MIB;
const NEARLY_FULL = 0.85;
const CLIENT_BYTES = 200 * 1024;

function sum(shards: readonly ShardKernel[], figure: (shard: ShardKernel) => number): number {
  return shards.reduce((total, shard) => total + figure(shard), 0);
}

const usedBytes = (shard: ShardKernel): number => shard.calls.usedBytes();
const committedBytes = (shard: ShardKernel): number => shard.calls.committedBytes();
const memoryBytes = (shard: ShardKernel): number => shard.memory.buffer.byteLength;

function clientBytes({ stats }: Services): number {
  return stats.sum('inputBuffers') + stats.sum('outputBuffers');
}

const ratio = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole);

const stats: HostHandler = (_argv, _client, services) => {
  const { shards } = services;
  const used = sum(shards, usedBytes);
  const active = used + sum(shards, (shard) => shard.calls.sparseBytes());
  const resident = process.memoryUsage.rss();
  const clients = clientBytes(services);
  const databases: (readonly [string, Reply])[] = [];
  let tables = 0;
  let keys = 0;
  for (let db = 0; db < services.config.values.databases; db++) {
    const count = sum(shards, (shard) => shard.calls.databaseKeys(db) >>> 0);
    const table = sum(shards, (shard) => shard.calls.databaseSegments(db) >>> 0) * SEGMENT_BYTES;
    tables += table;
    keys += count;
    if (count > 0) databases.push([`db.${db}`, { pairs: [['overhead.hashtable.main', table]] }]);
  }
  const dataset = Math.max(0, used - tables);
  return {
    pairs: [
      ['total.allocated', used],
      ['clients.normal', clients],
      ...databases,
      ['overhead.total', tables + clients],
      ['keys.count', keys],
      ['keys.bytes-per-key', Math.round(ratio(used, keys))],
      ['dataset.bytes', dataset],
      ['dataset.percentage', { double: ratio(dataset, used) * 100 }],
      ['allocator.allocated', used],
      ['allocator.active', active],
      ['allocator.resident', sum(shards, memoryBytes)],
      ['allocator-fragmentation.ratio', { double: ratio(active, used) }],
      ['allocator-fragmentation.bytes', active - used],
      ['fragmentation', { double: ratio(resident, used) }],
      ['fragmentation.bytes', resident - used],
    ],
  };
};

/** One sentence for each thing that looks wrong. */
function findings(services: Services): string[] {
  const { shards } = services;
  const used = sum(shards, usedBytes);
  const spare = sum(shards, committedBytes) - used;
  const found: string[] = [];
  if (spare > WASTE_BYTES && spare > used * (WASTE_RATIO - 1)) {
    found.push(
      `The shards hold ${Math.round(spare / MIB)} MiB that no key uses. The memory of a shard never shrinks, so this is ` +
        'what deleted data left behind; new data will fill it. A restart gives it back.',
    );
  }
  for (const shard of shards) {
    const limit = shard.layout.pagesMax * PAGE_BYTES;
    const full = committedBytes(shard) / limit;
    if (full > NEARLY_FULL) {
      found.push(
        `Shard ${shard.index} has grown to ${Math.round(full * 100)} % of the ${Math.round(limit / MIB)} MiB it may ever ` +
          'have. Writes that need more will be refused; more shards would have room.',
      );
    }
  }
  const { clients } = services.stats;
  const held = clientBytes(services);
  if (clients > 0 && held / clients > CLIENT_BYTES) {
    found.push(
      `Connections hold ${Math.round(held / MIB)} MiB of requests not executed and replies not read. Some client reads ` +
        'too slowly; CLIENT LIST shows it by qbuf and omem.',
    );
  }
  return found;
}

const doctor: HostHandler = (_argv, _client, services) => {
  const found = findings(services);
  if (found.length > 0) return { verbatim: `${found.map((text) => `* ${text}`).join('\n')}\n` };
  const little = sum(services.shards, usedBytes) < DIAGNOSABLE_BYTES;
  return {
    verbatim: little
      ? 'This store holds too little for a diagnosis. Come back with some data.\n'
      : 'Nothing about the memory of this store looks wrong.\n',
  };
};

const purge: HostHandler = (_argv, _client, services) => {
  services.purge();
  return OK;
};

const mallocStats: HostHandler = (_argv, _client, { shards }) => {
  const rows = shards.map((shard) => {
    const figures = [usedBytes(shard), committedBytes(shard), memoryBytes(shard), shard.layout.pagesMax * PAGE_BYTES];
    return [shard.index, ...figures].map((figure) => String(figure).padStart(12)).join(' ');
  });
  const head = ['shard', 'used', 'committed', 'memory', 'limit'].map((title) => title.padStart(12)).join(' ');
  return { verbatim: `Arenas of ${shards.length} shard(s), in bytes\n${[head, ...rows].join('\n')}\n` };
};

export const MEMORY_HANDLERS: Readonly<Record<string, HostHandler>> = {
  'memory|stats': stats,
  'memory|doctor': doctor,
  'memory|purge': purge,
  'memory|malloc-stats': mallocStats,
};
