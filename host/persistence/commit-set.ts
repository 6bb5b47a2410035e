// Files that take their places together or not at all. The new ones are written and synced under passing names; then a
// journal says what is to be renamed and removed. Once it is in place, that happens, however often it takes to begin anew:
//
//   latchkey-dump-journal v1\n
//   rename dump-0.rdb.tmp dump-0.rdb\n      if the passing name is gone, it has been done
//   remove aof-0.aof\n                      if the name is gone, it has been done
//   end\n
//
// A name is either renamed to or removed, never both: so each line can be repeated after all others.
import { type Storage, StorageError } from '../storage/port.js';

export const COMMIT_JOURNAL = 'dump.journal';
const JOURNAL_TEMP = 'dump.journal.tmp';
const FIRST_LINE = 'latchkey-dump-journal v1';
const LAST_LINE = 'end';

export interface CommitSet {
  readonly renames: readonly { readonly from: string; readonly to: string }[];
  readonly removes: readonly string[];
}

/**
 * Puts a set of files into place. The new ones are synced.
 * @returns what goes on from there: the set is as good as in place, and this is to be called until it succeeds. If the
 * process ends before, `finishDumps` does it.
 * @throws StorageError: nothing has happened.
 */
export async function commitFiles(storage: Storage, set: CommitSet): Promise<() => Promise<void>> {
  // The passing names have to be there whenever the journal is.
  await storage.syncDirectory();
  const file = await storage.open(JOURNAL_TEMP, 'create');
  try {
    file.write(encode(set), 0);
    await file.sync();
  } finally {
    file.close();
  }
  try {
    await storage.rename(JOURNAL_TEMP, COMMIT_JOURNAL);
  } catch (error) {
    // A set that is not known to be uncommitted must not be given up: the journal may be in place.
    if (!(await wasRenamed(storage, JOURNAL_TEMP).catch(() => true))) throw error;
  }
  return async () => {
    if (!(await wasRenamed(storage, JOURNAL_TEMP))) await storage.rename(JOURNAL_TEMP, COMMIT_JOURNAL);
    await storage.syncDirectory();
    await carryOut(storage, set);
  };
}

/** Whether a file that was to be renamed has been: after a call that has failed, the names say it. @throws StorageError. */
export async function wasRenamed(storage: Storage, from: string): Promise<boolean> {
  return !(await storage.list()).includes(from);
}

/**
 * Finishes what a crash has interrupted, if there is a journal, and clears away what a commit that was never reached has
 * left. To be called before anything else looks at the files.
 * @returns whether a journal was carried out.
 * @throws Error when the journal makes no sense: nothing was changed then.
 */
export async function finishDumps(storage: Storage): Promise<boolean> {
  const names = new Set(await storage.list());
  if (names.has(JOURNAL_TEMP)) await storage.remove(JOURNAL_TEMP);
  const isOpen = names.has(COMMIT_JOURNAL);
  if (isOpen) {
    const set = decode(await read(storage));
    const possible = set?.renames.every(({ from, to }) => names.has(from) || names.has(to));
    if (!set || !possible) {
      throw new Error(
        `${storage.where}: ${COMMIT_JOURNAL} cannot be followed; move it away to start with what else is there`,
      );
    }
    // The journal itself may not be durable yet: what it says must not be half done without it.
    await storage.syncDirectory();
    await carryOut(storage, set);
  }
  for (const name of names) if (PASSING.test(name)) await removeIfThere(storage, name);
  return isOpen;
}

const PASSING = /^(aof-\d+\.aof|dump-\d+\.rdb)\.tmp$/;

async function carryOut(storage: Storage, { renames, removes }: CommitSet): Promise<void> {
  for (const { from, to } of renames) {
    await unlessGone(() => storage.rename(from, to));
  }
  for (const name of removes) await removeIfThere(storage, name);
  await storage.syncDirectory();
  await removeIfThere(storage, COMMIT_JOURNAL);
  // A journal that came back later would rename what the next snapshot is writing.
  await storage.syncDirectory();
}

export function removeIfThere(storage: Storage, name: string): Promise<void> {
  return unlessGone(() => storage.remove(name));
}

async function unlessGone(call: () => Promise<void>): Promise<void> {
  try {
    await call();
  } catch (error) {
    if (!(error instanceof StorageError && error.code === 'NOT_FOUND')) throw error;
  }
}

function encode({ renames, removes }: CommitSet): Uint8Array {
  const lines = [
    FIRST_LINE,
    ...renames.map(({ from, to }) => `rename ${from} ${to}`),
    ...removes.map((name) => `remove ${name}`),
    LAST_LINE,
  ];
  return new TextEncoder().encode(`${lines.join('\n')}\n`);
}

function decode(text: string): CommitSet | undefined {
  const lines = text.split('\n');
  if (lines.shift() !== FIRST_LINE || lines.pop() !== '' || lines.pop() !== LAST_LINE) return undefined;
  const renames: { from: string; to: string }[] = [];
  const removes: string[] = [];
  for (const line of lines) {
    const [verb, ...names] = line.split(' ');
    if (!names.every((name) => /^(aof-\d+\.aof|dump-\d+\.rdb)(\.tmp)?$/.test(name))) return undefined;
    if (verb === 'rename' && names.length === 2) renames.push({ from: names[0], to: names[1] });
    else if (verb === 'remove' && names.length === 1) removes.push(names[0]);
    else return undefined;
  }
  return { renames, removes };
}

async function read(storage: Storage): Promise<string> {
  const file = await storage.open(COMMIT_JOURNAL, 'read');
  try {
    const bytes = new Uint8Array(file.size());
    file.read(bytes, 0);
    return new TextDecoder('latin1').decode(bytes);
  } finally {
    file.close();
  }
}
