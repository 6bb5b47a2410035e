// When a snapshot or a rewrite is due by itself: Redis's rules.

export interface SavePoint {
  readonly seconds: number;
  readonly changes: number;
}

/** After a snapshot that failed, the next one by itself comes no sooner. */
const RETRY_MS = 5000;
/** From the third rewrite in a row that failed, each waits twice as long, from a minute up to an hour. */
const FAILURES_MAX = 3;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

export interface SaveState {
  readonly changes: number;
  readonly lastSaveMs: number;
  readonly lastTryMs: number;
  readonly lastFailed: boolean;
}

export function snapshotIsDue(points: readonly SavePoint[], state: SaveState, nowMs: number): boolean {
  if (state.lastFailed && nowMs - state.lastTryMs <= RETRY_MS) return false;
  const seconds = Math.floor(nowMs / 1000) - Math.floor(state.lastSaveMs / 1000);
  return points.some((point) => state.changes >= point.changes && seconds > point.seconds);
}

export interface RewriteState {
  readonly bytes: number;
  /** At the end of the last rewrite. */
  readonly baseBytes: number;
  readonly failures: number;
  readonly lastTryMs: number;
}

/** @param percent Of growth since the last rewrite; 0: never. @param minBytes While there are fewer, never. */
export function rewriteIsDue(percent: number, minBytes: number, state: RewriteState, nowMs: number): boolean {
  if (percent === 0 || state.bytes <= minBytes) return false;
  if (state.failures >= FAILURES_MAX) {
    const waitMs = Math.min(MINUTE_MS * 2 ** (state.failures - FAILURES_MAX), HOUR_MS);
    if (nowMs - state.lastTryMs < waitMs) return false;
  }
  const base = Math.max(1, state.baseBytes);
  return ((state.bytes - base) * 100) / base >= percent;
}
