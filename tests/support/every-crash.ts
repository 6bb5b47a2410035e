// Runs a scenario once to count its calls of the storage, then once for each call that it can end in, or that can fail.
// Both print how many points they came through, and fail if there were none.

import type { CrashWhen, Fault, FaultSpan } from './crash-storage.js';
import { ANY_FILE_SYSTEM, CRASH_MODES, type CrashMode, type CrashProfile, CrashStorage } from './crash-storage.js';
import { deriveSeed, runSeed } from './seed.js';

export interface CrashPoint {
  /** Number of the call that the process ended at; one more than there are: after the last. */
  readonly call: number;
  /** Its line of the trace; 'the end' after the last. */
  readonly line: string;
  readonly when: CrashWhen;
  readonly mode: CrashMode;
  readonly seed: number;
}
export interface FaultPoint {
  readonly call: number;
  readonly line: string;
  readonly fault: Fault;
  readonly span: FaultSpan;
}

export interface ScenarioOptions<T> {
  /** What is printed. */
  readonly title: string;
  /** What a run notes for the checks, what was acknowledged say: made for each run. */
  readonly notes: () => T;
  /** The directory that each run begins with. */
  readonly files?: () => Iterable<readonly [name: string, bytes: Uint8Array]>;
  readonly profile?: CrashProfile;
}
export interface CrashOptions<T> extends ScenarioOptions<T> {
  readonly modes?: readonly CrashMode[];
  /** Draws per point in the modes that draw; 2 unless given. */
  readonly draws?: number;
  readonly seed?: number;
}

/** The scenario: what the process does. It makes the same calls each time it runs. */
export type Run<T> = (storage: CrashStorage, notes: T) => Promise<unknown>;

/** These leave nothing to chance. */
const WITHOUT_DRAWS: ReadonlySet<CrashMode> = new Set<CrashMode>(['kept', 'lost', 'writes-lost', 'names-lost']);

/** Runs until the end, or until the process ends; what the run throws then is of no interest. */
async function live<T>(storage: CrashStorage, run: Run<T>, notes: T): Promise<void> {
  const running = run(storage, notes);
  running.catch(() => {});
  try {
    await Promise.race([running, storage.ended]);
  } catch (error) {
    if (!storage.crashed) throw error;
  }
}

function within(what: string, error: unknown): Error {
  const message = error instanceof Error ? error.message : String(error);
  return new Error(`${what}: ${message}`, { cause: error });
}

/**
 * Ends the scenario before and in the middle of each of its calls and after the last, and lets `check` look at the
 * directory as each mode leaves it. Seeds of one run: env LATCHKEY_SEED.
 * @param check Gets a disk of its own, on which it may recover, write and crash again; and the run's notes, which it
 *              shares with the other checks of that run and leaves alone.
 * @returns     What it came through, which is never nothing.
 * @throws      The check's error, with the point in front.
 */
export async function everyCrash<T>(
  options: CrashOptions<T>,
  run: Run<T>,
  check: (found: CrashStorage, notes: T, point: CrashPoint) => Promise<unknown>,
): Promise<{ calls: number; points: number; checks: number }> {
  const { title, modes = CRASH_MODES, draws = 2 } = options;
  const seed = options.seed ?? runSeed(title);
  const whole = await once(options, run);
  let [points, checks] = [0, 0];
  for (let call = 1; call <= whole.calls + 1; call++) {
    const line = whole.trace[call - 1] ?? 'the end';
    for (const when of call > whole.calls ? (['before'] as const) : (['before', 'during'] as const)) {
      const { storage, notes } = begun(options);
      storage.crashAt(call, when);
      await live(storage, run, notes);
      if (call > whole.calls) storage.crash();
      if (!storage.crashed) throw new Error(`${title}: call ${call} (${line}) was not reached this time`);
      points++;
      for (const mode of modes) {
        for (let draw = 0; draw < (WITHOUT_DRAWS.has(mode) ? 1 : draws); draw++) {
          const point = { call, line, when, mode, seed: deriveSeed(seed, call * 16 + draw) };
          checks++;
          await check(storage.afterCrash(point.seed, mode), notes, point).catch((error) => {
            throw within(`${title}, crash ${when} call ${call} (${line}), ${mode}, LATCHKEY_SEED=${seed}`, error);
          });
        }
      }
    }
  }
  console.log(`${title}: ${whole.calls} calls, ${points} crash points, ${checks} checks`);
  if (whole.calls === 0 || checks === 0) throw new Error(`${title}: there was nothing to crash in`);
  return { calls: whole.calls, points, checks };
}

/**
 * Lets each call of the scenario fail, once and from then on, with a full disk and with an error of the device, until a
 * run comes through untouched. What the run throws reaches `check`; nothing fails any more when it is called.
 * @returns What it came through, which is never nothing.
 */
export async function everyFault<T>(
  options: ScenarioOptions<T>,
  run: Run<T>,
  check: (storage: CrashStorage, notes: T, point: FaultPoint, thrown: unknown) => Promise<unknown>,
): Promise<{ points: number }> {
  const { title } = options;
  let points = 0;
  for (const fault of ['DISK_FULL', 'IO'] as const) {
    for (const span of ['once', 'onwards'] as const) {
      for (let call = 1; ; call++) {
        const { storage, notes } = begun(options);
        storage.failAt(call, fault, span);
        let thrown: unknown;
        await run(storage, notes).catch((error) => {
          thrown = error;
        });
        if (storage.faults === 0) {
          if (thrown !== undefined) throw within(`${title}, untouched`, thrown);
          break;
        }
        storage.heal();
        points++;
        const point = { call, line: storage.trace[call - 1], fault, span };
        await check(storage, notes, point, thrown).catch((error) => {
          throw within(`${title}, ${fault} ${span} at call ${call} (${point.line})`, error);
        });
      }
    }
  }
  console.log(`${title}: ${points} points of failure`);
  if (points === 0) throw new Error(`${title}: there was nothing to fail`);
  return { points };
}

function begun<T>({ files, profile = ANY_FILE_SYSTEM, notes }: ScenarioOptions<T>) {
  return { storage: new CrashStorage(files?.(), profile), notes: notes() };
}

/** A run in which nothing goes wrong. */
async function once<T>(options: ScenarioOptions<T>, run: Run<T>): Promise<CrashStorage> {
  const { storage, notes } = begun(options);
  await run(storage, notes);
  return storage;
}
