// What every adapter of the storage port does: one suite for all of them.
import { describe, expect, it } from 'vitest';
import { type Storage, StorageError, type StorageErrorCode } from '../../host/storage/port.js';

const bytes = (...values: (number | string)[]): Uint8Array =>
  Buffer.concat(values.map((value) => (typeof value === 'string' ? Buffer.from(value) : Buffer.from([value]))));

/** The code of the StorageError that a call ends with. */
async function codeOf(call: () => unknown): Promise<StorageErrorCode> {
  try {
    await call();
  } catch (error) {
    expect(error).toBeInstanceOf(StorageError);
    return (error as StorageError).code;
  }
  throw new Error('it did not fail');
}

async function contentOf(storage: Storage, name: string): Promise<string> {
  const file = await storage.open(name, 'read');
  const all = new Uint8Array(file.size());
  expect(file.read(all, 0)).toBe(all.length);
  file.close();
  return Buffer.from(all).toString();
}

async function put(storage: Storage, name: string, text: string): Promise<void> {
  const file = await storage.open(name, 'create');
  file.write(bytes(text), 0);
  await file.sync();
  file.close();
}

/** @param fresh Makes an empty storage; called once per test. */
export function storageSuite(name: string, fresh: () => Storage | Promise<Storage>): void {
  describe(`the storage port over ${name}`, () => {
    it('is empty at first, and lists what was made', async () => {
      const storage = await fresh();
      expect(await storage.list()).toEqual([]);
      await put(storage, 'a', '1');
      await put(storage, 'b.tmp', '2');
      expect((await storage.list()).sort()).toEqual(['a', 'b.tmp']);
      expect(storage.where).not.toBe('');
    });

    it('opens nothing that is not there', async () => {
      const storage = await fresh();
      expect(await codeOf(() => storage.open('a', 'read'))).toBe('NOT_FOUND');
      expect(await codeOf(() => storage.open('a', 'write'))).toBe('NOT_FOUND');
      expect(await codeOf(() => storage.remove('a'))).toBe('NOT_FOUND');
      expect(await codeOf(() => storage.rename('a', 'b'))).toBe('NOT_FOUND');
      expect(await storage.list()).toEqual([]);
    });

    it('appends, overwrites, and reads back at any offset', async () => {
      const storage = await fresh();
      const file = await storage.open('a', 'create');
      file.write(bytes('hello'), file.size());
      file.write(bytes(' world'), file.size());
      file.write(bytes('J'), 0);
      expect(file.size()).toBe(11);
      const part = new Uint8Array(5);
      expect(file.read(part, 6)).toBe(5);
      expect(Buffer.from(part).toString()).toBe('world');
      expect(file.read(part, 9)).toBe(2);
      expect(file.read(part, 11)).toBe(0);
      file.close();
      expect(await contentOf(storage, 'a')).toBe('Jello world');
    });

    it('empties an existing file that is created again, and keeps one that is opened to write', async () => {
      const storage = await fresh();
      await put(storage, 'a', 'long content');
      const kept = await storage.open('a', 'write');
      kept.write(bytes('L'), 0);
      kept.close();
      expect(await contentOf(storage, 'a')).toBe('Long content');
      await put(storage, 'a', 'new');
      expect(await contentOf(storage, 'a')).toBe('new');
    });

    it('cuts a file, and writes on from there', async () => {
      const storage = await fresh();
      const file = await storage.open('a', 'create');
      file.write(bytes('0123456789'), 0);
      file.truncate(4);
      expect(file.size()).toBe(4);
      file.write(bytes('x'), 4);
      await file.sync();
      file.close();
      expect(await contentOf(storage, 'a')).toBe('0123x');
    });

    it('keeps what was written when it is synced at once, where that is possible', async () => {
      const storage = await fresh();
      const file = await storage.open('a', 'create');
      file.write(bytes('abc'), 0);
      if (file.syncNow) file.syncNow();
      else await file.sync();
      file.close();
      expect(await contentOf(storage, 'a')).toBe('abc');
      if (file.syncNow) expect(await codeOf(() => file.syncNow!())).toBe('IO');
    });

    it('refuses to write through a handle for reading', async () => {
      const storage = await fresh();
      await put(storage, 'a', '1');
      const file = await storage.open('a', 'read');
      expect(await codeOf(() => file.write(bytes('2'), 0))).toMatch(/READ_ONLY|IO/);
      file.close();
      expect(await contentOf(storage, 'a')).toBe('1');
    });

    it('renames over an existing file', async () => {
      const storage = await fresh();
      await put(storage, 'a', 'new');
      await put(storage, 'b', 'old');
      await storage.rename('a', 'b');
      await storage.syncDirectory();
      expect(await storage.list()).toEqual(['b']);
      expect(await contentOf(storage, 'b')).toBe('new');
    });

    it('goes on with a handle whose file was renamed', async () => {
      const storage = await fresh();
      const file = await storage.open('a.tmp', 'create');
      file.write(bytes('one'), 0);
      await storage.rename('a.tmp', 'a');
      file.write(bytes(' two'), file.size());
      await file.sync();
      file.close();
      expect(await contentOf(storage, 'a')).toBe('one two');
    });

    it('removes a file for good', async () => {
      const storage = await fresh();
      await put(storage, 'a', '1');
      await storage.remove('a');
      await storage.syncDirectory();
      expect(await storage.list()).toEqual([]);
      expect(await codeOf(() => storage.open('a', 'read'))).toBe('NOT_FOUND');
    });

    it('takes views of shared memory, and views into the middle of a buffer', async () => {
      const storage = await fresh();
      const shared = new Uint8Array(new SharedArrayBuffer(16), 4, 8);
      shared.set(bytes('abcdefgh'));
      const file = await storage.open('a', 'create');
      file.write(shared.subarray(2, 6), 0);
      const into = new Uint8Array(new SharedArrayBuffer(8), 2, 4);
      expect(file.read(into, 0)).toBe(4);
      file.close();
      expect(Buffer.from(into).toString()).toBe('cdef');
    });

    it('holds several megabytes', async () => {
      const storage = await fresh();
      const file = await storage.open('a', 'create');
      const block = new Uint8Array(1 << 20).map((_, i) => i * 31);
      for (let i = 0; i < 5; i++) file.write(block, file.size());
      await file.sync();
      expect(file.size()).toBe(5 << 20);
      const back = new Uint8Array(1 << 20);
      expect(file.read(back, 3 << 20)).toBe(1 << 20);
      file.close();
      expect(Buffer.compare(back, block)).toBe(0);
    });

    it('says which file an error is about', async () => {
      const storage = await fresh();
      await expect(storage.open('missing.aof', 'read')).rejects.toThrow('missing.aof');
    });
  });
}
