// Storage that notes every call, fails where it is told to, and can say what a crash would leave behind: each unsynced
// write kept, lost, cut or garbled by itself, each unsynced change of the directory made or not.
import {
  type OpenMode,
  type Storage,
  StorageError,
  type StorageErrorCode,
  type StorageFile,
} from '../../host/storage/port.js';
import { Random } from './seed.js';

/** The process has ended in the middle of a call. */
export class Crash extends Error {}

type Change = { readonly at: number; readonly bytes: Buffer } | { readonly size: number };
type NameChange = { readonly name: string; readonly file: Inode | undefined; readonly from?: string };

class Inode {
  durable: Buffer = Buffer.alloc(0);
  now: Buffer = Buffer.alloc(0);
  changes: Change[] = [];
  /** Changes ever made. */
  made = 0;

  constructor(bytes: Uint8Array = new Uint8Array(0)) {
    this.durable = Buffer.from(bytes);
    this.now = Buffer.from(bytes);
  }
}

function apply(bytes: Buffer, change: Change): Buffer {
  if ('size' in change) {
    const cut = Buffer.alloc(change.size);
    bytes.copy(cut, 0, 0, change.size);
    return cut;
  }
  const { at, bytes: added } = change;
  const grown = Buffer.alloc(Math.max(bytes.length, at + added.length));
  bytes.copy(grown);
  added.copy(grown, at);
  return grown;
}

/** What becomes of what is not synced. */
export type CrashMode = 'kept' | 'lost' | 'mixed';

export class CrashingStorage implements Storage {
  readonly where = 'memory';
  /** One line for each call. */
  readonly calls: string[] = [];
  /** Number of the call that the process ends in; from then on every call throws Crash. */
  crashAt = Number.POSITIVE_INFINITY;
  /** Asked before each call; what it says is thrown. */
  fault: (call: string) => StorageErrorCode | undefined = () => undefined;
  /** Waited for in each sync; of the directory: ''. */
  syncing: (name: string) => Promise<unknown> = () => Promise.resolve();
  readonly #durable = new Map<string, Inode>();
  readonly #names = new Map<string, Inode>();
  readonly #nameChanges: NameChange[] = [];
  #namesMade = 0;

  constructor(files: Iterable<readonly [string, Uint8Array]> = []) {
    for (const [name, bytes] of files) {
      const file = new Inode(bytes);
      this.#durable.set(name, file);
      this.#names.set(name, file);
    }
  }

  get crashed(): boolean {
    return this.calls.length >= this.crashAt;
  }

  #call(line: string): void {
    this.calls.push(line);
    if (this.calls.length >= this.crashAt) throw new Crash(`crash in call ${this.calls.length}: ${line}`);
    const code = this.fault(line);
    if (code) throw new StorageError(code, `${line}: ${code}`);
  }

  /** What lies on the disk after a crash now. */
  after(mode: CrashMode, seed: number): Map<string, Uint8Array> {
    const random = new Random(seed);
    const names = new Map(this.#durable);
    for (const { name, file, from } of this.#nameChanges) {
      if (mode === 'lost' || (mode === 'mixed' && random.below(2) === 0)) continue;
      if (from !== undefined) {
        if (names.get(from) !== file) continue;
        names.delete(from);
      }
      if (file) names.set(name, file);
      else names.delete(name);
    }
    return new Map([...names].map(([name, file]) => [name, survivor(file, mode, random)]));
  }

  // For files.
  write(name: string, file: Inode, at: number, bytes: Uint8Array): void {
    if (at > file.now.length) throw new StorageError('IO', `${name}: a hole at ${at}`);
    const change = { at, bytes: Buffer.from(bytes) };
    try {
      this.#call(`write ${name}`);
    } catch (error) {
      // A write that fails, or that a crash ends, may have been made in part.
      this.#change(file, { at, bytes: change.bytes.subarray(0, change.bytes.length >> 1) });
      throw error;
    }
    this.#change(file, change);
  }
  truncate(name: string, file: Inode, size: number): void {
    this.#call(`truncate ${name}`);
    this.#change(file, { size });
  }
  #change(file: Inode, change: Change): void {
    file.now = apply(file.now, change);
    file.changes.push(change);
    file.made++;
  }
  async sync(name: string, file: Inode): Promise<void> {
    this.#call(`sync ${name}`);
    const last = file.made;
    await this.syncing(name);
    if (this.crashed) throw new Crash('crash in a sync');
    // Another sync may have made a part of it durable meanwhile.
    const count = Math.max(0, file.changes.length - (file.made - last));
    for (const change of file.changes.splice(0, count)) file.durable = apply(file.durable, change);
  }

  #nameChanged(change: NameChange): void {
    this.#nameChanges.push(change);
    this.#namesMade++;
  }

  async list(): Promise<string[]> {
    return [...this.#names.keys()];
  }
  async open(name: string, mode: OpenMode): Promise<StorageFile> {
    if (mode === 'create') this.#call(`create ${name}`);
    else if (this.crashed) throw new Crash('crash');
    let file = this.#names.get(name);
    if (mode === 'create') {
      if (!file) {
        file = new Inode();
        this.#names.set(name, file);
        this.#nameChanged({ name, file });
      } else this.#change(file, { size: 0 });
    }
    if (!file) throw new StorageError('NOT_FOUND', `${name}: there is no such file`);
    return new CrashingFile(this, name, file);
  }
  async rename(from: string, to: string): Promise<void> {
    const file = this.#names.get(from);
    if (!file) throw new StorageError('NOT_FOUND', `${from}: there is no such file`);
    this.#call(`rename ${from} ${to}`);
    this.#names.delete(from);
    this.#names.set(to, file);
    this.#nameChanged({ name: to, file, from });
  }
  async remove(name: string): Promise<void> {
    if (!this.#names.has(name)) throw new StorageError('NOT_FOUND', `${name}: there is no such file`);
    this.#call(`remove ${name}`);
    this.#names.delete(name);
    this.#nameChanged({ name, file: undefined });
  }
  async syncDirectory(): Promise<void> {
    this.#call('sync directory');
    const last = this.#namesMade;
    await this.syncing('');
    if (this.crashed) throw new Crash('crash in a sync');
    const count = Math.max(0, this.#nameChanges.length - (this.#namesMade - last));
    for (const { name, file, from } of this.#nameChanges.splice(0, count)) {
      if (from !== undefined) this.#durable.delete(from);
      if (file) this.#durable.set(name, file);
      else this.#durable.delete(name);
    }
  }
}

function survivor({ durable, now, changes }: Inode, mode: CrashMode, random: Random): Uint8Array {
  if (mode === 'kept') return now;
  if (mode === 'lost') return durable;
  let bytes = durable;
  for (const change of changes) {
    const fate = random.below(4);
    if (fate === 0) continue;
    if ('size' in change || fate === 1) bytes = apply(bytes, change);
    else if (fate === 2)
      bytes = apply(bytes, { at: change.at, bytes: change.bytes.subarray(0, change.bytes.length >> 1) });
    else bytes = apply(bytes, { at: change.at, bytes: change.bytes.map((byte) => byte ^ 0x55) as Buffer });
  }
  return bytes;
}

class CrashingFile implements StorageFile {
  #closed = false;

  constructor(
    readonly storage: CrashingStorage,
    readonly name: string,
    readonly inode: Inode,
  ) {}

  #check(): void {
    if (this.#closed) throw new StorageError('IO', `${this.name}: the file is closed`);
  }
  size(): number {
    this.#check();
    return this.inode.now.length;
  }
  read(into: Uint8Array, at: number): number {
    this.#check();
    const part = this.inode.now.subarray(at, at + into.length);
    into.set(part);
    return part.length;
  }
  write(bytes: Uint8Array, at: number): void {
    this.#check();
    this.storage.write(this.name, this.inode, at, bytes);
  }
  truncate(size: number): void {
    this.#check();
    this.storage.truncate(this.name, this.inode, size);
  }
  async sync(): Promise<void> {
    this.#check();
    await this.storage.sync(this.name, this.inode);
  }
  close(): void {
    this.#closed = true;
  }
}
