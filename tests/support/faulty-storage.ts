// A disk that crashes (crash-storage.ts) whose calls fail where a test says so, by what they do.
import {
  type OpenMode,
  type Storage,
  StorageError,
  type StorageErrorCode,
  type StorageFile,
} from '../../host/storage/port.js';
import { type CrashMode, CrashStorage } from './crash-storage.js';
import { PassingFile } from './passing-file.js';

export class FaultyStorage implements Storage {
  readonly where = 'a disk that fails';
  /** One line for each call: as the disk's trace, without sizes. */
  readonly calls: string[] = [];
  /** Asked before each call; what it says is thrown. */
  fault: (call: string) => StorageErrorCode | undefined = () => undefined;
  /** Asked after each rename: what it says is thrown, though the rename was made. */
  lateFault: (call: string) => StorageErrorCode | undefined = () => undefined;
  /** Asked before each list. */
  listFault: () => StorageErrorCode | undefined = () => undefined;

  constructor(readonly disk = new CrashStorage()) {}

  get crashed(): boolean {
    return this.disk.crashed;
  }
  /** The files as a crash leaves them now. */
  after(mode: CrashMode, seed = 0): Map<string, Uint8Array> {
    return this.disk.afterCrash(seed, mode).files();
  }

  call(line: string): void {
    this.calls.push(line);
    const code = this.fault(line);
    if (code) throw new StorageError(code, `${line}: ${code}`);
  }
  async list(): Promise<string[]> {
    const code = this.listFault();
    if (code) throw new StorageError(code, `list: ${code}`);
    return this.disk.list();
  }
  async open(name: string, mode: OpenMode): Promise<StorageFile> {
    if (mode === 'create') this.call(`create ${name}`);
    return new FaultyFile(this, await this.disk.open(name, mode));
  }
  async rename(from: string, to: string): Promise<void> {
    this.call(`rename ${from} ${to}`);
    await this.disk.rename(from, to);
    const code = this.lateFault(`rename ${from} ${to}`);
    if (code) throw new StorageError(code, `rename ${from} ${to}: ${code}, but it was made`);
  }
  async remove(name: string): Promise<void> {
    if ((await this.disk.list()).includes(name)) this.call(`remove ${name}`);
    await this.disk.remove(name);
  }
  async syncDirectory(): Promise<void> {
    this.call('sync directory');
    await this.disk.syncDirectory();
  }
}

class FaultyFile extends PassingFile {
  constructor(
    readonly storage: FaultyStorage,
    file: StorageFile,
  ) {
    super(file);
  }

  override write(bytes: Uint8Array, at: number): void {
    try {
      this.storage.call(`write ${this.name}`);
    } catch (error) {
      // A write that fails may have been made in part.
      super.write(bytes.subarray(0, bytes.length >> 1), at);
      throw error;
    }
    super.write(bytes, at);
  }
  override truncate(size: number): void {
    this.storage.call(`truncate ${this.name}`);
    super.truncate(size);
  }
  override async sync(): Promise<void> {
    this.storage.call(`sync ${this.name}`);
    await super.sync();
  }
  get syncNow(): (() => void) | undefined {
    if (!this.file.syncNow) return undefined;
    return () => {
      this.storage.call(`sync ${this.name}`);
      this.file.syncNow?.();
    };
  }
}
