// The storage port over another storage that stays as it is: what is written, renamed and removed is so in memory only. For
// looking at what a directory would become, by the very code that would change it.
import { Content, MemoryFile } from './memory.js';
import { type OpenMode, type Storage, StorageError, type StorageFile } from './port.js';

/** A file of the storage below, under the name that it has there; or one in memory. */
type Entry = { readonly below: string } | Content;

export class OverlayStorage implements Storage {
  readonly #entries = new Map<string, Entry>();

  private constructor(readonly below: Storage) {}

  /** The names are taken down now: files that come later are not seen. */
  static async over(below: Storage): Promise<OverlayStorage> {
    const overlay = new OverlayStorage(below);
    for (const name of await below.list()) overlay.#entries.set(name, { below: name });
    return overlay;
  }

  get where(): string {
    return this.below.where;
  }

  async list(): Promise<string[]> {
    return [...this.#entries.keys()];
  }

  /** Files of the storage below that are called something else by now. */
  moved(): { readonly from: string; readonly to: string }[] {
    return [...this.#entries].flatMap(([to, entry]) =>
      entry instanceof Content || entry.below === to ? [] : [{ from: entry.below, to }],
    );
  }

  #entry(name: string): Entry {
    const entry = this.#entries.get(name);
    if (!entry) throw new StorageError('NOT_FOUND', `${name}: there is no such file`);
    return entry;
  }

  /** A file of the storage below is copied into memory when it is to be written to. */
  async open(name: string, mode: OpenMode): Promise<StorageFile> {
    const known = this.#entries.get(name);
    if (mode === 'create') {
      const content = known instanceof Content ? known : new Content();
      content.resize(0);
      this.#entries.set(name, content);
      return new MemoryFile(name, content, mode);
    }
    const entry = this.#entry(name);
    if (entry instanceof Content) return new MemoryFile(name, entry, mode);
    if (mode === 'read') return this.below.open(entry.below, 'read');
    const content = new Content();
    const file = await this.below.open(entry.below, 'read');
    try {
      const bytes = new Uint8Array(file.size());
      content.write(bytes.subarray(0, file.read(bytes, 0)), 0);
    } finally {
      file.close();
    }
    this.#entries.set(name, content);
    return new MemoryFile(name, content, mode);
  }

  async rename(from: string, to: string): Promise<void> {
    const entry = this.#entry(from);
    this.#entries.delete(from);
    this.#entries.set(to, entry);
  }

  async remove(name: string): Promise<void> {
    this.#entry(name);
    this.#entries.delete(name);
  }

  async syncDirectory(): Promise<void> {}
}
