// INFO persistence, from what the engine knows. What Redis says of its child processes is said of the snapshot's walk:
// copy-on-write bytes are those kept for it.
import type { Engine } from './engine.js';

export type InfoField = readonly [name: string, value: string | number];

export function engineInfo(engine: Engine): InfoField[] {
  const { snapshots, rounds, syncer, options } = engine;
  const { running, saves, rewrites } = snapshots;
  const isSave = running?.kind === 'snapshot';
  const isRewrite = running !== undefined && !isSave;
  const forSeconds = running ? Math.floor((engine.nowMs - running.beganMs) / 1000) : -1;
  const figures = running?.set.figures;
  const keys = figures?.keys ?? 0;
  const total = running?.keysTotal ?? 0;
  const isScheduled = engine.scheduled === 'rewrite' || (options.appendonly && engine.state === 'off' && !isRewrite);
  const status = (ok: boolean): string => (ok ? 'ok' : 'err');
  const fields: InfoField[] = [
    ['loading', 0],
    ['async_loading', 0],
    ['current_cow_peak', figures?.keptBytesPeak ?? 0],
    ['current_cow_size', figures?.keptBytes ?? 0],
    ['current_cow_size_age', 0],
    ['current_fork_perc', (total === 0 ? 0 : Math.min(100, (keys * 100) / total)).toFixed(2)],
    ['current_save_keys_processed', keys],
    ['current_save_keys_total', total],
    ['rdb_changes_since_last_save', snapshots.changes],
    ['rdb_bgsave_in_progress', isSave ? 1 : 0],
    ['rdb_last_save_time', Math.floor(snapshots.lastSaveMs / 1000)],
    ['rdb_last_bgsave_status', status(saves.ok)],
    ['rdb_last_bgsave_time_sec', saves.lastSeconds],
    ['rdb_current_bgsave_time_sec', isSave ? forSeconds : -1],
    ['rdb_saves', saves.done],
    ['rdb_last_cow_size', saves.keptBytes],
    ['rdb_last_load_keys_expired', engine.loaded.expired],
    ['rdb_last_load_keys_loaded', engine.loaded.keys],
    ['aof_enabled', options.appendonly ? 1 : 0],
    ['aof_rewrite_in_progress', isRewrite ? 1 : 0],
    ['aof_rewrite_scheduled', isScheduled ? 1 : 0],
    ['aof_last_rewrite_time_sec', rewrites.lastSeconds],
    ['aof_current_rewrite_time_sec', isRewrite ? forSeconds : -1],
    ['aof_last_bgrewrite_status', status(rewrites.ok)],
    ['aof_rewrites', rewrites.done],
    ['aof_rewrites_consecutive_failures', rewrites.failures],
    ['aof_last_write_status', status(!engine.writeFailed)],
    ['aof_last_cow_size', rewrites.keptBytes],
    ['module_fork_in_progress', 0],
    ['module_fork_last_cow_size', 0],
  ];
  if (options.appendonly) {
    fields.push(
      ['aof_current_size', engine.bytes],
      ['aof_base_size', engine.baseBytes],
      ['aof_pending_rewrite', isScheduled ? 1 : 0],
      ['aof_buffer_length', rounds.waitingBytes],
      ['aof_pending_bio_fsync', syncer.running ? 1 : 0],
      ['aof_delayed_fsync', syncer.delayed],
    );
  }
  return fields;
}
