// Starts that are crashed, started again, crashed in that second start too, and started once more. Goal: whatever call each
// of them ends in, the next one comes to the same store. Method: directories that crashes leave are told apart by their
// bytes, so that each is started once, however many crash points lead to it.
//
//   first start   ended before, in the middle of and after each call, in every mode     -> directories
//   each of them  started: checked, started again: nothing may change; and ended
//                 before each call and after the last                                    -> more directories
//   each of these started: checked
//
// In the second starts each point has one mode, drawn, and so many of the directories are drawn that they leave; with
// LATCHKEY_TEST_LONG it is every mode and every directory.
import { CRASH_MODES, CrashStorage } from './crash-storage.js';
import { differentFiles, type Files, fingerprint } from './directory-files.js';
import { everyCrash } from './every-crash.js';
import { deriveSeed, Random, runSeed } from './seed.js';

const LONG = process.env.LATCHKEY_TEST_LONG !== undefined;
/** Directories that two crashes leave which are started. */
const TWICE_CRASHED_MAX = 60;

export interface StartScenario<T> {
  /** What is printed. */
  readonly title: string;
  /** The directory before the first start. */
  readonly files: Files;
  readonly start: (storage: CrashStorage) => Promise<T>;
  /** Looks at a start that has come through, and at the directory that it has left. */
  readonly check: (started: T, files: Files) => void;
}

export interface StartFigures {
  /** Calls of the first start, crash points in it, and different directories that they leave. */
  readonly calls: number;
  readonly points: number;
  readonly directories: number;
  /** The same of the second starts. */
  readonly secondPoints: number;
  readonly secondDirectories: number;
}

/** @returns what it came through, which is never nothing. @throws the check's error, with what led to it in front. */
export async function everyStart<T>({ title, files, start, check }: StartScenario<T>): Promise<StartFigures> {
  const seed = runSeed(title);
  const once = new Found();
  const { calls, points } = await everyCrash(
    { title, notes: () => ({}), files: () => files, seed, draws: LONG ? 4 : 2 },
    start,
    async (storage, _, { call, line, when, mode }) =>
      once.add(storage.files(), `${when} call ${call} (${line}), ${mode}`),
  );
  const twice = new Found();
  let secondPoints = 0;
  const random = new Random(deriveSeed(seed, 0));
  for (const { files: found, how } of once.all) {
    await within(`${title}, crash ${how}, LATCHKEY_SEED=${seed}`, async () => {
      const storage = new CrashStorage(found);
      const look = (line: string): void => {
        const call = storage.calls + 1;
        secondPoints++;
        for (const mode of LONG ? CRASH_MODES : [random.pick(CRASH_MODES)]) {
          const left = storage.afterCrash(random.word(), mode).files();
          if (!once.has(left)) twice.add(left, `${how}, then before call ${call} (${line}), ${mode}`);
        }
      };
      storage.watching = look;
      check(await start(storage), storage.files());
      look('the end');
      storage.watching = () => {};
      const after = storage.files();
      check(await start(storage), storage.files());
      const changed = differentFiles(after, storage.files());
      if (changed.length > 0) throw new Error(`a second start changes ${changed.join(', ')}`);
    });
  }
  const drawn = LONG ? twice.all : random.shuffled(twice.all).slice(0, TWICE_CRASHED_MAX);
  for (const { files: found, how } of drawn) {
    await within(`${title}, crash ${how}, LATCHKEY_SEED=${seed}`, async () => {
      const storage = new CrashStorage(found);
      check(await start(storage), storage.files());
    });
  }
  const [directories, secondDirectories] = [once.all.length, twice.all.length];
  console.log(
    `${title}: ${directories} directories are left by one crash; ${secondPoints} points in the starts after it leave ` +
      `${secondDirectories} more, ${drawn.length} of them started`,
  );
  if (directories === 0 || secondPoints === 0) throw new Error(`${title}: there was nothing to crash in`);
  return { calls, points, directories, secondPoints, secondDirectories };
}

async function within(what: string, run: () => Promise<unknown>): Promise<void> {
  try {
    await run();
  } catch (error) {
    throw new Error(`${what}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

/** Directories, each once, with the first way that led to it. */
class Found {
  readonly #seen = new Set<string>();
  readonly all: { readonly files: Files; readonly how: string }[] = [];

  has(files: Files): boolean {
    return this.#seen.has(fingerprint(files));
  }
  add(files: Files, how: string): void {
    const print = fingerprint(files);
    if (this.#seen.has(print)) return;
    this.#seen.add(print);
    this.all.push({ files, how });
  }
}
