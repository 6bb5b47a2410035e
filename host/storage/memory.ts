// The storage port over plain memory: for tests, and the reference for what the other adapters do. It never fails by
// itself, and everything is durable at once.
import { type OpenMode, type Storage, StorageError, type StorageFile } from './port.js';

/** Bytes that grow. One object per file, however many handles are open on it and whatever it is called now. */
export class Content {
  #bytes = new Uint8Array(64);
  size = 0;

  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.size);
  }

  /** Cuts the file, or makes it longer by zeros. */
  resize(size: number): void {
    if (size > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(size, this.#bytes.length * 2));
      larger.set(this.bytes);
      this.#bytes = larger;
    }
    if (size > this.size) this.#bytes.fill(0, this.size, size);
    this.size = size;
  }

  /** Writes anywhere; a gap behind the end becomes zeros. */
  write(bytes: Uint8Array, at: number): void {
    if (at + bytes.length > this.size) this.resize(at + bytes.length);
    this.#bytes.set(bytes, at);
  }
}

/** A handle on a content. */
export class MemoryFile implements StorageFile {
  #closed = false;

  constructor(
    readonly name: string,
    readonly content: Content,
    readonly mode: OpenMode,
  ) {}

  #check(writes: boolean): void {
    if (this.#closed) throw new StorageError('IO', `${this.name}: the file is closed`);
    if (writes && this.mode === 'read') throw new StorageError('READ_ONLY', `${this.name}: opened for reading only`);
  }
  size(): number {
    this.#check(false);
    return this.content.size;
  }
  read(into: Uint8Array, at: number): number {
    this.#check(false);
    const part = this.content.bytes.subarray(at, at + into.length);
    into.set(part);
    return part.length;
  }
  write(bytes: Uint8Array, at: number): void {
    this.#check(true);
    if (at > this.content.size) throw new StorageError('IO', `${this.name}: a write at ${at} would leave a hole`);
    this.content.write(bytes, at);
  }
  truncate(size: number): void {
    this.#check(true);
    if (size > this.content.size) throw new StorageError('IO', `${this.name}: cannot be cut to more than it has`);
    this.content.resize(size);
  }
  async sync(): Promise<void> {
    this.#check(false);
  }
  close(): void {
    this.#closed = true;
  }
}

export class MemoryStorage implements Storage {
  readonly where = 'memory';
  readonly #files = new Map<string, Content>();

  /** @param files Names and bytes to begin with; they are copied. */
  constructor(files: Iterable<readonly [name: string, bytes: Uint8Array]> = []) {
    for (const [name, bytes] of files) {
      const content = new Content();
      content.write(bytes, 0);
      this.#files.set(name, content);
    }
  }

  /** Every file's bytes as they are now, copied. */
  files(): Map<string, Uint8Array> {
    return new Map([...this.#files].map(([name, content]) => [name, content.bytes.slice()]));
  }

  async list(): Promise<string[]> {
    return [...this.#files.keys()];
  }
  async open(name: string, mode: OpenMode): Promise<StorageFile> {
    let content = this.#files.get(name);
    if (mode === 'create') {
      content ??= new Content();
      content.resize(0);
      this.#files.set(name, content);
    }
    if (!content) throw new StorageError('NOT_FOUND', `${name}: there is no such file`);
    return new MemoryFile(name, content, mode);
  }
  async rename(from: string, to: string): Promise<void> {
    const content = this.#files.get(from);
    if (!content) throw new StorageError('NOT_FOUND', `${from}: there is no such file`);
    this.#files.delete(from);
    this.#files.set(to, content);
  }
  async remove(name: string): Promise<void> {
    if (!this.#files.delete(name)) throw new StorageError('NOT_FOUND', `${name}: there is no such file`);
  }
  async syncDirectory(): Promise<void> {}
}
