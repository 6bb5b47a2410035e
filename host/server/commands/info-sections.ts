// The sections of INFO. Every field is true of this server; Redis's fields about machinery that does not exist here are
// either constant because the answer is known (no replicas, no saving), or left out.
//
// Figures are read without a latch and one after the other: each is true of some moment, all of them of nearly the same.
import { arch, machine, release, type as systemName, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { ALLOWANCE_EVICTED } from '../../kernel/allowance.js';
import { DEFRAG_HITS, DEFRAG_KEY_HITS, DEFRAG_KEY_MISSES, DEFRAG_MISSES } from '../../kernel/defrag.js';
import {
  HEADER_DIRTY,
  HEADER_EXPIRED,
  HEADER_HITS,
  HEADER_MISSES,
  ROUTING_SLOTS,
  type ShardKernel,
} from '../../kernel/kernel.js';
import { percentile, type Times } from '../../worker/command-times.js';
import { CHANNEL, PATTERN, SHARD_CHANNEL } from '../../worker/subscriptions.js';
import type { Client, Services } from '../context.js';
import { latchkeyVersion, REDIS_VERSION } from '../version.js';
import { modeOf } from './connection.js';

type Value = string | number;
/** Fields in order. */
export type Section = [name: string, value: Value][];

/** A segment of the keyspace table. */
const SEGMENT_BYTES = 4096;
const DAY_SECONDS = 86400;
const EXECUTABLE = fileURLToPath(new URL('../cli.js', import.meta.url));
const LRU_CLOCK_MASK = 0xffffff;

function sum(shards: readonly ShardKernel[], figure: (shard: ShardKernel) => number): number {
  return shards.reduce((total, shard) => total + figure(shard), 0);
}
const counter = (shards: readonly ShardKernel[], offset: number): number =>
  sum(shards, (shard) => shard.counter(offset));
const usedBytes = (shards: readonly ShardKernel[]): number => sum(shards, (shard) => shard.calls.usedBytes());

/** Bytes for a person, as Redis writes them: `1015.53K`. */
export function humanBytes(bytes: number): string {
  const units = ['K', 'M', 'G', 'T', 'P'];
  if (bytes < 1024) return `${bytes}B`;
  let value = bytes / 1024;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${value.toFixed(2)}${units[unit]}`;
}

const quotient = (part: number, whole: number): string => (whole === 0 ? 0 : part / whole).toFixed(2);

export function server(services: Services, client: Client): Section {
  const { config, listening, runId, startedMs } = services;
  const nowMs = Date.now();
  const uptimeSeconds = Math.floor((nowMs - startedMs) / 1000);
  const { hz } = config.values;
  return [
    ['redis_version', REDIS_VERSION],
    ['redis_git_sha1', '00000000'],
    ['redis_git_dirty', 0],
    ['redis_mode', modeOf(client)],
    ['os', `${systemName()} ${release()} ${machine()}`],
    ['arch_bits', /64|s390x/.test(arch()) ? 64 : 32],
    ['multiplexing_api', 'libuv'],
    ['process_id', process.pid],
    ['process_supervised', 'no'],
    ['run_id', runId],
    ['tcp_port', listening.clusterPorts[client.clusterShard] ?? listening.tcpPort],
    ['server_time_usec', nowMs * 1000],
    ['uptime_in_seconds', uptimeSeconds],
    ['uptime_in_days', Math.floor(uptimeSeconds / DAY_SECONDS)],
    ['hz', hz],
    ['configured_hz', hz],
    ['lru_clock', Math.floor(nowMs / 1000) & LRU_CLOCK_MASK],
    ['executable', EXECUTABLE],
    ['config_file', config.file],
    ['io_threads_active', 0],
  ];
}

/** What Redis has no word for: how work and data are spread. */
export function latchkey(services: Services): Section {
  const { stats, shards, workerCount, listening } = services;
  const fields: Section = [
    ['latchkey_version', latchkeyVersion()],
    ['node_version', process.version],
    ['workers', workerCount],
    ['shards', shards.length],
    ['routing', shards[0]?.layout.routing === ROUTING_SLOTS ? 'slots' : 'kevyhash'],
    ['connection_spread', listening.spread],
    ...(listening.clusterPorts.length === 0
      ? []
      : [['cluster_ports', listening.clusterPorts.join(',')] as [string, string]]),
    ['slow_commands', stats.sum('slow')],
    ['protocol_errors', stats.sum('protocolErrors')],
  ];
  for (let worker = 0; worker < workerCount; worker++) {
    const of = (...names: Parameters<typeof stats.ofWorker>[1][]) => names.map((name) => stats.ofWorker(worker, name));
    const [clients, connections, commands, parked] = of('clients', 'connections', 'commands', 'parked');
    const text = `clients=${clients},connections=${connections},commands=${commands},parked=${parked}`;
    fields.push([`worker${worker}`, text]);
  }
  for (const shard of shards) {
    let keys = 0;
    for (let db = 0; db < shard.layout.databases; db++) keys += shard.calls.databaseKeys(db) >>> 0;
    const memory = shard.memory.buffer.byteLength;
    fields.push([`shard${shard.index}`, `keys=${keys},used_memory=${shard.calls.usedBytes()},memory=${memory}`]);
  }
  return fields;
}

export function clients({ stats, config }: Services): Section {
  return [
    ['connected_clients', stats.clients],
    ['cluster_connections', 0],
    ['maxclients', config.values.maxclients],
    // Waiting for a latch, for the slow lane or for the end of CLIENT PAUSE: the clients that CLIENT LIST calls blocked.
    ['blocked_clients', stats.sum('parked')],
    ['tracking_clients', 0],
    ['clients_in_timeout_table', 0],
  ];
}

export function memory(services: Services): Section {
  const { stats, shards, config } = services;
  const used = usedBytes(shards);
  const peak = Math.max(used, stats.usedBytesPeak);
  const resident = process.memoryUsage.rss();
  // Pages with a block in them; the others are free for any block.
  const active = used + sum(shards, (shard) => shard.calls.sparseBytes());
  const reserved = sum(shards, (shard) => shard.memory.buffer.byteLength);
  const clientBytes = stats.sum('inputBuffers') + stats.sum('outputBuffers');
  const tables = sum(shards, (shard) => {
    let segments = 0;
    for (let db = 0; db < shard.layout.databases; db++) segments += shard.calls.databaseSegments(db) >>> 0;
    return segments * SEGMENT_BYTES;
  });
  const dataset = Math.max(0, used - tables);
  return [
    ['used_memory', used],
    ['used_memory_human', humanBytes(used)],
    ['used_memory_rss', resident],
    ['used_memory_rss_human', humanBytes(resident)],
    ['used_memory_peak', peak],
    ['used_memory_peak_human', humanBytes(peak)],
    ['used_memory_peak_perc', `${quotient(used * 100, peak)}%`],
    ['used_memory_overhead', tables + clientBytes],
    ['used_memory_dataset', dataset],
    ['used_memory_dataset_perc', `${quotient(dataset * 100, used)}%`],
    ['allocator_allocated', used],
    ['allocator_active', active],
    ['allocator_resident', reserved],
    ['total_system_memory', totalmem()],
    ['total_system_memory_human', humanBytes(totalmem())],
    ['maxmemory', config.values.maxmemory],
    ['maxmemory_human', humanBytes(config.values.maxmemory)],
    ['maxmemory_policy', config.values.maxmemoryPolicy],
    ['allocator_frag_ratio', quotient(active, used)],
    ['allocator_frag_bytes', active - used],
    ['allocator_rss_ratio', quotient(reserved, active)],
    ['allocator_rss_bytes', reserved - active],
    ['rss_overhead_ratio', quotient(resident, reserved)],
    ['rss_overhead_bytes', resident - reserved],
    ['mem_fragmentation_ratio', quotient(resident, used)],
    ['mem_fragmentation_bytes', resident - used],
    ['mem_not_counted_for_evict', Math.max(0, used - sum(shards, (shard) => shard.calls.dataBytes()))],
    ['mem_replication_backlog', 0],
    ['mem_clients_slaves', 0],
    ['mem_clients_normal', clientBytes],
    ['mem_aof_buffer', 0],
    ['mem_allocator', 'latchkey'],
    ['active_defrag_running', mostOf(services, 'defragPercent')],
  ];
}

/** The highest figure of any worker. */
function mostOf({ stats, workerCount }: Services, stat: Parameters<Services['stats']['ofWorker']>[1]): number {
  return Math.max(...Array.from({ length: workerCount }, (_, worker) => stats.ofWorker(worker, stat)));
}

/** Milliseconds since the longest defragmentation that is running began. */
function defraggingForMs({ stats, workerCount }: Services): number {
  let longest = 0;
  for (let worker = 0; worker < workerCount; worker++) {
    const since = stats.ofWorker(worker, 'defragSinceMs');
    if (since !== 0) longest = Math.max(longest, Date.now() - since);
  }
  return longest;
}

/** Redis's fields in its order, and what they say while nothing of the kind happens. */
const PERSISTENCE_FIELDS: readonly (readonly [name: string, idle: Value])[] = [
  ['loading', 0],
  ['async_loading', 0],
  ['current_cow_peak', 0],
  ['current_cow_size', 0],
  ['current_cow_size_age', 0],
  ['current_fork_perc', '0.00'],
  ['current_save_keys_processed', 0],
  ['current_save_keys_total', 0],
  ['rdb_changes_since_last_save', 0],
  ['rdb_bgsave_in_progress', 0],
  ['rdb_last_save_time', 0],
  ['rdb_last_bgsave_status', 'ok'],
  ['rdb_last_bgsave_time_sec', -1],
  ['rdb_current_bgsave_time_sec', -1],
  ['rdb_saves', 0],
  ['rdb_last_cow_size', 0],
  ['rdb_last_load_keys_expired', 0],
  ['rdb_last_load_keys_loaded', 0],
  ['aof_enabled', 0],
  ['aof_rewrite_in_progress', 0],
  ['aof_rewrite_scheduled', 0],
  ['aof_last_rewrite_time_sec', -1],
  ['aof_current_rewrite_time_sec', -1],
  ['aof_last_bgrewrite_status', 'ok'],
  ['aof_rewrites', 0],
  ['aof_rewrites_consecutive_failures', 0],
  ['aof_last_write_status', 'ok'],
  ['aof_last_cow_size', 0],
  ['module_fork_in_progress', 0],
  ['module_fork_last_cow_size', 0],
];
/** Said only while there is a log, as Redis does. */
const LOG_FIELDS = [
  ...['aof_current_size', 'aof_base_size', 'aof_pending_rewrite', 'aof_buffer_length', 'aof_pending_bio_fsync'],
  'aof_delayed_fsync',
];

/** From the persistence engine; without one nothing is written, and what has changed has changed since the start. */
export async function persistence({ persistence: engine, shards, startedMs }: Services): Promise<Section> {
  const changes: [string, number] = ['rdb_changes_since_last_save', counter(shards, HEADER_DIRTY)];
  const known = new Map<string, string | number>(
    engine ? await engine.info() : [changes, ['rdb_last_save_time', Math.floor(startedMs / 1000)]],
  );
  const fields: Section = PERSISTENCE_FIELDS.map(([name, idle]) => [name, known.get(name) ?? idle]);
  if (known.get('aof_enabled') === 1) for (const name of LOG_FIELDS) fields.push([name, known.get(name) ?? 0]);
  return fields;
}

export function stats(services: Services): Section {
  const { stats: figures, shards, pubsub } = services;
  const { commandsPerSecond, inputKbps, outputKbps } = figures.rates;
  return [
    ['total_connections_received', figures.sum('connections')],
    ['total_commands_processed', figures.sum('commands')],
    ['instantaneous_ops_per_sec', Math.round(commandsPerSecond)],
    ['total_net_input_bytes', figures.sum('netInput')],
    ['total_net_output_bytes', figures.sum('netOutput')],
    ['total_net_repl_input_bytes', 0],
    ['total_net_repl_output_bytes', 0],
    ['instantaneous_input_kbps', inputKbps.toFixed(2)],
    ['instantaneous_output_kbps', outputKbps.toFixed(2)],
    ['instantaneous_input_repl_kbps', '0.00'],
    ['instantaneous_output_repl_kbps', '0.00'],
    ['rejected_connections', figures.sum('rejected')],
    ['sync_full', 0],
    ['sync_partial_ok', 0],
    ['sync_partial_err', 0],
    ['expired_keys', counter(shards, HEADER_EXPIRED)],
    ['evicted_keys', counter(shards, ALLOWANCE_EVICTED)],
    ['evicted_clients', 0],
    ['total_eviction_exceeded_time', figures.exceededMs(Date.now())],
    ['current_eviction_exceeded_time', figures.exceededForMs(Date.now())],
    ['keyspace_hits', counter(shards, HEADER_HITS)],
    ['keyspace_misses', counter(shards, HEADER_MISSES)],
    ['pubsub_channels', pubsub.subscriptions.size(CHANNEL)],
    ['pubsub_patterns', pubsub.subscriptions.size(PATTERN)],
    ['pubsubshard_channels', pubsub.subscriptions.size(SHARD_CHANNEL)],
    ['latest_fork_usec', 0],
    ['total_forks', 0],
    ['migrate_cached_sockets', 0],
    ['slave_expires_tracked_keys', 0],
    ['active_defrag_hits', counter(shards, DEFRAG_HITS)],
    ['active_defrag_misses', counter(shards, DEFRAG_MISSES)],
    ['active_defrag_key_hits', counter(shards, DEFRAG_KEY_HITS)],
    ['active_defrag_key_misses', counter(shards, DEFRAG_KEY_MISSES)],
    ['total_active_defrag_time', Math.round(figures.sum('defragMs'))],
    ['current_active_defrag_time', defraggingForMs(services)],
    ['tracking_total_keys', 0],
    ['tracking_total_items', 0],
    ['tracking_total_prefixes', 0],
    ['total_error_replies', figures.sum('errors')],
    ['total_reads_processed', figures.sum('reads')],
    ['io_threaded_reads_processed', 0],
    ['io_threaded_writes_processed', 0],
  ];
}

export function replication({ runId }: Services): Section {
  return [
    ['role', 'master'],
    ['connected_slaves', 0],
    ['master_failover_state', 'no-failover'],
    // This history of data is this process's, so its id names both.
    ['master_replid', runId],
    ['master_replid2', '0'.repeat(40)],
    ['master_repl_offset', 0],
    ['second_repl_offset', -1],
    ['repl_backlog_active', 0],
    ['repl_backlog_size', 0],
    ['repl_backlog_first_byte_offset', 0],
    ['repl_backlog_histlen', 0],
  ];
}

/** Of the whole process: all its threads. */
export function cpu(): Section {
  const { systemCPUTime, userCPUTime } = process.resourceUsage();
  return [
    ['used_cpu_sys', (systemCPUTime / 1e6).toFixed(6)],
    ['used_cpu_user', (userCPUTime / 1e6).toFixed(6)],
    ['used_cpu_sys_children', '0.000000'],
    ['used_cpu_user_children', '0.000000'],
  ];
}

function timesOf(services: Services): Times[] {
  services.harvest();
  const { stats: figures } = services;
  return figures.times.all((opcode) => figures.calls(opcode));
}

/** By command; of containers that the kernel runs, the subcommands count as one. */
export function commandstats(services: Services): Section {
  return timesOf(services).map(({ name, calls, microseconds, rejected, failed }) => {
    const each = quotient(microseconds, calls);
    const usec = Math.round(microseconds);
    return [
      `cmdstat_${name}`,
      `calls=${calls},usec=${usec},usec_per_call=${each},rejected_calls=${rejected},failed_calls=${failed}`,
    ];
  });
}

export function latencystats(services: Services): Section {
  const { latencyTracking, latencyTrackingInfoPercentiles: percents } = services.config.values;
  if (!latencyTracking) return [];
  return timesOf(services)
    .filter(({ calls, histogram }) => calls !== 0 && histogram.some((count) => count !== 0))
    .map(({ name, histogram }) => [
      `latency_percentiles_usec_${name}`,
      percents.map((percent) => `p${percent}=${percentile(histogram, percent).toFixed(3)}`).join(','),
    ]);
}

export function cluster({ listening }: Services): Section {
  return [['cluster_enabled', listening.clusterPorts.length === 0 ? 0 : 1]];
}

export function errorstats({ stats: figures }: Services): Section {
  return figures.errorKinds().map(([kind, count]) => [`errorstat_${kind}`, `count=${count}`]);
}

export function keyspace({ shards }: Services): Section {
  const fields: Section = [];
  for (let db = 0; db < (shards[0]?.layout.databases ?? 0); db++) {
    const keys = sum(shards, (shard) => shard.calls.databaseKeys(db) >>> 0);
    const expires = sum(shards, (shard) => shard.calls.databaseExpires(db) >>> 0);
    if (keys > 0) fields.push([`db${db}`, `keys=${keys},expires=${expires},avg_ttl=0`]);
  }
  return fields;
}
