// A disk in two states: as the process sees it, and as a crash may leave it. Between the two stand the changes that
// nothing has made durable yet; what becomes of each is decided when somebody looks at the disk after a crash.
//
//   a file       base bytes (durable)  + changes: write at, cut to    = bytes as the process sees them
//   directory    base names (durable)  + changes: create, rename, remove = names as the process sees them
//
// A sync moves changes into the base. A sync of a file that fails leaves its changes doubtful: no later sync makes them
// durable (the system may have dropped the pages and forgotten that they were dirty), and the process still sees them. A
// sync of the directory may be repeated, as the port has it: when one resolves, all names before it are durable.
import { Content } from '../../host/storage/memory.js';
import type { Random } from './seed.js';

/** What the platform promises about what was never synced. */
export interface CrashProfile {
  /** Creations, renames and removals survive in the order in which they were made, as with a journal: never the second
   * without the first. Otherwise each by itself. */
  readonly namesInOrder: boolean;
  /** Creations, renames and removals are durable at once. */
  readonly namesDurable: boolean;
}

/** What is relied upon in a directory of any file system: as little as POSIX promises. */
export const ANY_FILE_SYSTEM: CrashProfile = { namesInOrder: false, namesDurable: false };
/** ext4, XFS, APFS, NTFS: changes of names go through one journal. */
export const JOURNALED: CrashProfile = { namesInOrder: true, namesDurable: false };

/**
 * What becomes of what was not synced.
 *   kept         all of it stays: the process was killed, the machine went on
 *   lost         nothing of it stays
 *   writes-lost  names stay, bytes do not: new files are found empty
 *   names-lost   bytes stay, names do not
 *   cut          names stay, each write ends early
 *   garbled      names stay, each write holds other bytes somewhere
 *   mixed        each write is kept, lost, cut or garbled, each name kept or lost, by itself
 */
export const CRASH_MODES = ['kept', 'lost', 'writes-lost', 'names-lost', 'cut', 'garbled', 'mixed'] as const;
export type CrashMode = (typeof CRASH_MODES)[number];

type Fate = 'kept' | 'lost' | 'cut' | 'garbled';
const FATES: readonly Fate[] = ['kept', 'lost', 'cut', 'garbled'];
const WRITE_FATES: Readonly<Record<CrashMode, readonly Fate[]>> = {
  kept: ['kept'],
  lost: ['lost'],
  'writes-lost': ['lost'],
  'names-lost': ['kept'],
  cut: ['cut'],
  garbled: ['garbled'],
  mixed: FATES,
};
const NAMES_LOST: ReadonlySet<CrashMode> = new Set<CrashMode>(['lost', 'names-lost']);

/** Changes of one thing, oldest first, and which of them no sync has covered. */
class Changes<T> {
  #list: { readonly change: T; state: 'open' | 'durable' | 'doubtful' }[] = [];

  add(change: T, durable = false): void {
    this.#list.push({ change, state: durable ? 'durable' : 'open' });
  }
  /** The changes so far, for a sync that begins now: how it ends is said later, when more may have come. */
  begin(): (durable: boolean) => void {
    const covered = this.#list.filter(({ state }) => state === 'open');
    return (durable) => {
      for (const item of covered) if (item.state === 'open') item.state = durable ? 'durable' : 'doubtful';
    };
  }
  /** Hands out, and forgets, the changes at the front that are durable. */
  settle(apply: (change: T) => void): void {
    let count = 0;
    while (count < this.#list.length && this.#list[count].state === 'durable') apply(this.#list[count++].change);
    if (count > 0) this.#list = this.#list.slice(count);
  }
  /** All changes that a crash finds, oldest first. */
  each(visit: (change: T, durable: boolean) => void): void {
    for (const { change, state } of this.#list) visit(change, state === 'durable');
  }
  /** How many of them are not durable. */
  get open(): number {
    return this.#list.filter(({ state }) => state !== 'durable').length;
  }
}

type Edit = { readonly at: number; readonly bytes: Uint8Array } | { readonly size: number };

function edit(content: Content, change: Edit): void {
  if ('size' in change) content.resize(change.size);
  else content.write(change.bytes, change.at);
}

/** One file, whatever it is called. */
export class DiskFile {
  /** As the process sees it. */
  readonly now = new Content();
  readonly #base = new Content();
  readonly #changes = new Changes<Edit>();

  /** @param bytes Durable; copied. */
  constructor(bytes: Uint8Array = new Uint8Array(0)) {
    this.now.write(bytes, 0);
    this.#base.write(bytes, 0);
  }

  write(bytes: Uint8Array, at: number): void {
    // A copy even of a Buffer, whose slice() is none.
    this.#change({ at, bytes: new Uint8Array(bytes) });
  }
  truncate(size: number): void {
    this.#change({ size });
  }
  #change(change: Edit): void {
    edit(this.now, change);
    this.#changes.add(change);
  }

  /** Begins a sync; the answer ends it. */
  sync(): (durable: boolean) => void {
    const end = this.#changes.begin();
    return (durable) => {
      end(durable);
      this.#changes.settle((change) => edit(this.#base, change));
    };
  }

  /** The bytes as a crash leaves them. */
  found(mode: CrashMode, random: Random): Uint8Array {
    const content = new Content();
    content.write(this.#base.bytes, 0);
    this.#changes.each((change, durable) => {
      const fate = durable ? 'kept' : random.pick(WRITE_FATES[mode]);
      const left = survivor(change, fate, random);
      if (left) edit(content, left);
    });
    return content.bytes;
  }
}

/** What is left of a change; undefined: nothing. A cut of the file is made or not, and never in part. */
function survivor(change: Edit, fate: Fate, random: Random): Edit | undefined {
  if (fate === 'kept') return change;
  if (fate === 'lost') return undefined;
  if ('size' in change) return random.oneIn(2) ? change : undefined;
  const { at, bytes } = change;
  if (bytes.length === 0) return undefined;
  if (fate === 'cut') return { at, bytes: bytes.subarray(0, random.below(bytes.length)) };
  return { at, bytes: garbled(bytes, random) };
}

/** A copy in which at least one byte is another: some bits, a stretch of noise, or zeros up to the end. */
function garbled(bytes: Uint8Array, random: Random): Uint8Array {
  const copy = bytes.slice();
  const from = random.below(copy.length);
  const kind = random.below(3);
  if (kind === 1) copy.set(random.bytes(random.between(1, copy.length - from)), from);
  if (kind === 2) copy.fill(0, from);
  if (Buffer.compare(copy, bytes) === 0) copy[from] ^= 1 << random.below(8);
  return copy;
}

type Rename = { readonly to: string; readonly file: DiskFile; readonly from?: string };
type NameChange = Rename | { readonly removed: string };

function changeNames(names: Map<string, DiskFile>, change: NameChange): void {
  if ('removed' in change) {
    names.delete(change.removed);
    return;
  }
  // Another file may have the old name where an earlier change was lost; it stays then.
  if (change.from !== undefined && names.get(change.from) === change.file) names.delete(change.from);
  names.set(change.to, change.file);
}

/** The directory and its files. */
export class Disk {
  /** As the process sees it. */
  readonly names = new Map<string, DiskFile>();
  readonly #base = new Map<string, DiskFile>();
  readonly #changes = new Changes<NameChange>();

  constructor(
    files: Iterable<readonly [name: string, bytes: Uint8Array]>,
    readonly profile: CrashProfile,
  ) {
    for (const [name, bytes] of files) {
      const file = new DiskFile(bytes);
      this.names.set(name, file);
      this.#base.set(name, file);
    }
  }

  create(name: string): DiskFile {
    const file = new DiskFile();
    this.#change({ to: name, file });
    return file;
  }
  rename(from: string, to: string): void {
    this.#change({ to, file: this.names.get(from)!, from });
  }
  remove(name: string): void {
    this.#change({ removed: name });
  }
  #change(change: NameChange): void {
    changeNames(this.names, change);
    this.#changes.add(change, this.profile.namesDurable);
  }

  /** Begins a sync of the directory; the answer ends it. */
  sync(): (durable: boolean) => void {
    const end = this.#changes.begin();
    return (durable) => {
      if (!durable) return;
      end(true);
      this.#changes.settle((change) => changeNames(this.#base, change));
    };
  }

  /** The directory as a crash leaves it: the same for the same seed, as often as one asks. */
  found(mode: CrashMode, random: Random): Map<string, Uint8Array> {
    const names = new Map(this.#base);
    let left = this.profile.namesInOrder ? random.between(0, this.#changes.open) : 0;
    const isKept = (): boolean => {
      if (mode !== 'mixed') return !NAMES_LOST.has(mode);
      return this.profile.namesInOrder ? left-- > 0 : random.oneIn(2);
    };
    this.#changes.each((change, durable) => {
      if (durable || isKept()) changeNames(names, change);
    });
    return new Map([...names].map(([name, file]) => [name, file.found(mode, random)]));
  }
}
