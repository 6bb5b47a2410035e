// Time, as the persistence engine sees it. Tests have one of their own.
export interface Timing {
  /** Unix milliseconds. */
  nowMs(): number;
  /** Resolves after `ms`. */
  pause(ms: number): Promise<unknown>;
  /** Resolves once everything else that is ready had its turn. */
  turn(): Promise<unknown>;
}

export const SYSTEM_TIMING: Timing = {
  nowMs: () => Date.now(),
  pause: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  turn: () => new Promise((resolve) => setImmediate(resolve)),
};
