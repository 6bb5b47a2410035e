// A file of the storage port that hands every call on to another one; who wants to do more overrides it.
import type { StorageFile } from '../../host/storage/port.js';

export class PassingFile implements StorageFile {
  constructor(readonly file: StorageFile) {}

  get name(): string {
    return this.file.name;
  }
  size(): number {
    return this.file.size();
  }
  read(into: Uint8Array, at: number): number {
    return this.file.read(into, at);
  }
  write(bytes: Uint8Array, at: number): void {
    this.file.write(bytes, at);
  }
  truncate(size: number): void {
    this.file.truncate(size);
  }
  sync(): Promise<void> {
    return this.file.sync();
  }
  close(): void {
    this.file.close();
  }
}
