// The storage port over a disk that crashes. Every call that changes something is counted and written down: making or
// emptying a file, writing, cutting, syncing, renaming, removing, syncing the directory. The process can be ended at any
// of these calls, and the disk be looked at as the crash leaves it; or a call can fail and the process go on.
import { type OpenMode, type Storage, StorageError, type StorageFile } from '../../host/storage/port.js';
import { ANY_FILE_SYSTEM, type CrashMode, type CrashProfile, Disk, type DiskFile } from './crash-disk.js';
import { deriveSeed, Random } from './seed.js';

export { ANY_FILE_SYSTEM, CRASH_MODES, type CrashMode, type CrashProfile, JOURNALED } from './crash-disk.js';

/** The process has ended. It is no StorageError, so that nothing takes it for a disk in trouble and goes on. */
export class Crashed extends Error {
  override readonly name = 'Crashed';
}

/** Whether the call at which the process ends has reached the disk: not at all, or some way. */
export type CrashWhen = 'before' | 'during';
export type Fault = 'DISK_FULL' | 'IO';
/** How long a fault stays: for one call, or until `heal`. */
export type FaultSpan = 'once' | 'onwards';

export class CrashStorage implements Storage {
  readonly where = 'a disk that crashes';
  /** One line per counted call: `create a`, `write a 123` (bytes), `truncate a 8` (to bytes), `sync a`, `rename a b`,
   * `remove a`, `sync-dir`. A file is called what it was called when it was opened. */
  readonly trace: string[] = [];
  /** Waited for within each sync, given the file's name or '' for the directory; until then nothing is durable. */
  syncing: (name: string) => Promise<unknown> = () => Promise.resolve();
  /** Its files can be synced at once, as node-fs's can: then nothing happens during a lone log's sync. */
  syncsAtOnce = true;
  /** Told of each counted call before it is made: what `afterCrash` says then is what a crash in that moment leaves. */
  watching: (line: string) => void = () => {};
  readonly #disk: Disk;
  #end: { readonly call: number; readonly when: CrashWhen } | undefined;
  #fault: { readonly call: number; readonly code: Fault; readonly span: FaultSpan } | undefined;
  #faults = 0;
  #hasCrashed = false;
  #reportCrash!: () => void;
  /** Resolves when the process has ended. */
  readonly ended = new Promise<void>((resolve) => {
    this.#reportCrash = resolve;
  });

  /** @param files Durable from the beginning; copied. */
  constructor(
    files: Iterable<readonly [name: string, bytes: Uint8Array]> = [],
    profile: CrashProfile = ANY_FILE_SYSTEM,
  ) {
    this.#disk = new Disk(files, profile);
  }

  /** Counted calls so far. */
  get calls(): number {
    return this.trace.length;
  }
  get crashed(): boolean {
    return this.#hasCrashed;
  }
  /** Calls that failed because of `failAt`. */
  get faults(): number {
    return this.#faults;
  }

  /** Ends the process at call `call`, the first being 1: it throws Crashed, and so does every call of any kind after. */
  crashAt(call: number, when: CrashWhen = 'before'): void {
    this.#end = { call, when };
  }
  /** Ends the process now, between two calls. */
  crash(): void {
    this.#hasCrashed = true;
    this.#reportCrash();
  }
  /**
   * Lets call `call` fail with `code`. From then on, with 'onwards': `IO` every counted call; `DISK_FULL` those that need
   * space, which are making a file and writing behind its end.
   */
  failAt(call: number, code: Fault, span: FaultSpan = 'once'): void {
    this.#fault = { call, code, span };
  }
  /** Nothing fails any more. */
  heal(): void {
    this.#fault = undefined;
  }

  /** The directory as the crash leaves it, on a disk of its own; the same each time for the same seed and mode. */
  afterCrash(seed: number, mode: CrashMode): CrashStorage {
    return new CrashStorage(this.#disk.found(mode, new Random(seed)), this.#disk.profile);
  }
  /** Every file's bytes as the process sees them, copied. */
  files(): Map<string, Uint8Array> {
    return new Map([...this.#disk.names].map(([name, file]) => [name, file.now.bytes.slice()]));
  }

  #alive(): void {
    if (this.#hasCrashed) throw new Crashed('the process has ended');
  }

  /**
   * Counts a call and makes it, unless it is the one at which the process ends or that fails.
   * @param line  Of the trace.
   * @param grows Whether it needs space.
   * @param make  Does all of it for part 1; for a smaller part as much of it as can be done in part.
   */
  #call<T>(line: string, grows: boolean, make: (part: number) => T): T {
    this.#alive();
    this.watching(line);
    this.trace.push(line);
    const call = this.trace.length;
    const part = new Random(deriveSeed(call, line.length)).below(1 << 16) / (1 << 16);
    if (this.#end && call >= this.#end.call) {
      if (this.#end.when === 'during') make(part);
      this.crash();
      throw new Crashed(`the process ended at call ${call}: ${line}`);
    }
    const code = this.#failing(call, grows);
    if (code) {
      this.#faults++;
      if (line.startsWith('write ')) make(part);
      throw new StorageError(code, `${line}: ${code}, as call ${call} was told`);
    }
    return make(1);
  }
  #failing(call: number, grows: boolean): Fault | undefined {
    if (!this.#fault || call < this.#fault.call) return undefined;
    const { code, span } = this.#fault;
    if (call === this.#fault.call) return code;
    return span === 'onwards' && (code === 'IO' || grows) ? code : undefined;
  }

  /** Counts a sync and makes it: what `begin` finds becomes durable when it is over, or doubtful if it fails. */
  async #sync(line: string, name: string, begin: () => (durable: boolean) => void): Promise<void> {
    const end = this.#beginSync(line, begin);
    await this.syncing(name);
    this.#alive();
    end(true);
  }
  #beginSync(line: string, begin: () => (durable: boolean) => void): (durable: boolean) => void {
    const end = begin();
    try {
      this.#call(line, false, () => {});
    } catch (error) {
      if (!this.#hasCrashed) end(false);
      throw error;
    }
    return end;
  }

  async list(): Promise<string[]> {
    this.#alive();
    return [...this.#disk.names.keys()];
  }
  async open(name: string, mode: OpenMode): Promise<StorageFile> {
    this.#alive();
    const create = (): DiskFile => {
      const file = this.#disk.names.get(name) ?? this.#disk.create(name);
      if (file.now.size > 0) file.truncate(0);
      return file;
    };
    const file = mode === 'create' ? this.#call(`create ${name}`, true, create) : this.#file(name);
    return new CrashFile(name, file, mode, this.#actions);
  }
  #file(name: string): DiskFile {
    const file = this.#disk.names.get(name);
    if (!file) throw new StorageError('NOT_FOUND', `${name}: there is no such file`);
    return file;
  }
  async rename(from: string, to: string): Promise<void> {
    this.#alive();
    this.#file(from);
    this.#call(`rename ${from} ${to}`, false, () => this.#disk.rename(from, to));
  }
  async remove(name: string): Promise<void> {
    this.#alive();
    this.#file(name);
    this.#call(`remove ${name}`, false, () => this.#disk.remove(name));
  }
  async syncDirectory(): Promise<void> {
    await this.#sync('sync-dir', '', () => this.#disk.sync());
  }

  /** What open files do through the storage that counts. */
  readonly #actions: FileActions = {
    alive: () => this.#alive(),
    write: (name, file, bytes, at) => {
      const grows = at + bytes.length > file.now.size;
      const make = (part: number): void => file.write(bytes.subarray(0, Math.floor(bytes.length * part)), at);
      this.#call(`write ${name} ${bytes.length}`, grows, make);
    },
    truncate: (name, file, size) => this.#call(`truncate ${name} ${size}`, false, () => file.truncate(size)),
    sync: (name, file) => this.#sync(`sync ${name}`, name, () => file.sync()),
    syncsAtOnce: () => this.syncsAtOnce,
    syncNow: (name, file) => this.#beginSync(`sync ${name}`, () => file.sync())(true),
  };
}

interface FileActions {
  alive(): void;
  write(name: string, file: DiskFile, bytes: Uint8Array, at: number): void;
  truncate(name: string, file: DiskFile, size: number): void;
  sync(name: string, file: DiskFile): Promise<void>;
  syncsAtOnce(): boolean;
  syncNow(name: string, file: DiskFile): void;
}

class CrashFile implements StorageFile {
  #closed = false;

  constructor(
    readonly name: string,
    readonly file: DiskFile,
    readonly mode: OpenMode,
    readonly actions: FileActions,
  ) {}

  #check(writes: boolean): void {
    this.actions.alive();
    if (this.#closed) throw new StorageError('IO', `${this.name}: the file is closed`);
    if (writes && this.mode === 'read') throw new StorageError('READ_ONLY', `${this.name}: opened for reading only`);
  }
  size(): number {
    this.#check(false);
    return this.file.now.size;
  }
  read(into: Uint8Array, at: number): number {
    this.#check(false);
    const part = this.file.now.bytes.subarray(at, at + into.length);
    into.set(part);
    return part.length;
  }
  write(bytes: Uint8Array, at: number): void {
    this.#check(true);
    if (at > this.file.now.size) throw new StorageError('IO', `${this.name}: a write at ${at} would leave a hole`);
    this.actions.write(this.name, this.file, bytes, at);
  }
  truncate(size: number): void {
    this.#check(true);
    if (size > this.file.now.size) throw new StorageError('IO', `${this.name}: cannot be cut to more than it has`);
    this.actions.truncate(this.name, this.file, size);
  }
  async sync(): Promise<void> {
    this.#check(false);
    await this.actions.sync(this.name, this.file);
  }
  get syncNow(): (() => void) | undefined {
    if (!this.actions.syncsAtOnce()) return undefined;
    return () => {
      this.#check(false);
      this.actions.syncNow(this.name, this.file);
    };
  }
  close(): void {
    this.#closed = true;
  }
}
