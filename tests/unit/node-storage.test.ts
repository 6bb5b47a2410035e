// What goes wrong with a real directory: each time an error that says which file and what, in one line.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { NodeStorage, type NodeStorageOptions } from '../../host/storage/node-fs.js';
import { StorageError } from '../../host/storage/port.js';
import { childProgram } from '../support/child-program.js';
import { directoryForTest } from '../support/directories.js';
import { asOrdinaryUser, forbidWriting, makeReadOnly, ORDINARY_USER, smallDisk } from '../support/hostile-disks.js';

/** The error that a call ends with, which names `path` in one line. */
async function errorOf(path: string, call: () => unknown): Promise<StorageError> {
  const error = await Promise.resolve()
    .then(call)
    .then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
  expect(error).toBeInstanceOf(StorageError);
  expect((error as Error).message).toContain(path);
  expect((error as Error).message).not.toContain('\n');
  return error as StorageError;
}

const opener = childProgram('open-directory');
/** What a process without root's powers gets when it opens a directory. */
function openedByAnother(path: string): string {
  const { stdout, stderr } = spawnSync(process.execPath, [opener(), path], { ...ORDINARY_USER, encoding: 'utf8' });
  expect(stderr).toBe('');
  expect(stdout.trimEnd().split('\n')).toHaveLength(1);
  expect(stdout).toMatch(path);
  return stdout.trimEnd();
}

const refusal = (path: string, options?: NodeStorageOptions): Promise<StorageError> =>
  errorOf(path, () => NodeStorage.open(path, options));

describe('a directory', () => {
  it('is made if it is missing, with those above it, and only if that is wanted', async () => {
    const path = join(directoryForTest(), 'some', 'where', 'deep');
    expect((await refusal(path)).code).toBe('NOT_FOUND');
    expect((await refusal(path, { create: true, readOnly: true })).code).toBe('NOT_FOUND');
    expect(existsSync(path)).toBe(false);
    const storage = NodeStorage.open(path, { create: true });
    expect(storage.where).toBe(path);
    expect(await storage.list()).toEqual([]);
    NodeStorage.open(path, { create: true });
  });

  it('is refused if a file has its name, or the name of a directory above it', async () => {
    const file = join(directoryForTest(), 'file');
    writeFileSync(file, 'kept');
    for (const create of [false, true]) {
      expect((await refusal(file, { create })).message).toMatch(/not a directory/);
      expect((await refusal(join(file, 'below'), { create })).code).toBe('NOT_FOUND');
    }
    expect(readFileSync(file, 'utf8')).toBe('kept');
  });

  it('that may not be written to is refused, but for reading', async () => {
    const path = directoryForTest();
    writeFileSync(join(path, 'a'), 'text');
    forbidWriting(path);
    expect(openedByAnother(path)).toMatch(/^READ_ONLY .*cannot be written to/);
    expect(openedByAnother(join(path, 'below'))).toMatch(/^READ_ONLY .*cannot be made/);
    await asOrdinaryUser(async () => {
      const storage = NodeStorage.open(path, { readOnly: true });
      expect(await storage.list()).toEqual(['a']);
      const file = await storage.open('a', 'read');
      expect(file.size()).toBe(4);
      file.close();
    });
    expect(readdirSync(path)).toEqual(['a']);
  });

  it('that turns unwritable says so with every call that would change it', async () => {
    const path = directoryForTest();
    const storage = NodeStorage.open(path);
    writeFileSync(join(path, 'a'), 'text');
    forbidWriting(path);
    await asOrdinaryUser(async () => {
      expect((await errorOf(join(path, 'b'), () => storage.open('b', 'create'))).code).toBe('READ_ONLY');
      expect((await errorOf(join(path, 'a'), () => storage.rename('a', 'b'))).code).toBe('READ_ONLY');
      expect((await errorOf(join(path, 'a'), () => storage.remove('a'))).code).toBe('READ_ONLY');
    });
    expect(readFileSync(join(path, 'a'), 'utf8')).toBe('text');
  });

  it('that was opened for reading only is left as it is', async () => {
    const path = directoryForTest();
    writeFileSync(join(path, 'a'), 'text');
    const storage = NodeStorage.open(path, { readOnly: true });
    for (const change of [
      () => storage.open('a', 'write'),
      () => storage.open('a', 'create'),
      () => storage.rename('a', 'b'),
      () => storage.remove('a'),
    ]) {
      expect((await errorOf(join(path, 'a'), change)).code).toBe('READ_ONLY');
    }
    await storage.syncDirectory();
    expect(readdirSync(path)).toEqual(['a']);
    expect(readFileSync(join(path, 'a'), 'utf8')).toBe('text');
  });

  it('lists files and links to files, and neither directories nor sockets nor links to nowhere', async () => {
    const path = directoryForTest();
    writeFileSync(join(path, 'file'), '');
    mkdirSync(join(path, 'directory'));
    symlinkSync('file', join(path, 'link'));
    symlinkSync('directory', join(path, 'link-to-directory'));
    symlinkSync('nowhere', join(path, 'link-to-nowhere'));
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(join(path, 'socket'), resolve));
    expect((await NodeStorage.open(path).list()).sort()).toEqual(['file', 'link']);
    server.close();
    expect(readlinkSync(join(path, 'link'))).toBe('file');
  });
});

describe('a file', () => {
  it('that was closed is not used again, and a sync that is under way comes to its end', async () => {
    const path = directoryForTest();
    const storage = NodeStorage.open(path);
    const file = await storage.open('a', 'create');
    file.write(Buffer.from('text'), 0);
    const syncs = [file.sync(), file.sync()];
    file.close();
    file.close();
    await Promise.all(syncs);
    for (const use of [() => file.size(), () => file.write(Buffer.from('x'), 0), () => file.sync()]) {
      expect((await errorOf(join(path, 'a'), use)).message).toMatch(/closed/);
    }
    expect(readFileSync(join(path, 'a'), 'utf8')).toBe('text');
  });

  it('gives its descriptor back after it was closed', async () => {
    const storage = NodeStorage.open(directoryForTest());
    const descriptors = (): number => readdirSync('/proc/self/fd').length;
    const before = process.platform === 'linux' ? descriptors() : 0;
    for (let i = 0; i < 50; i++) {
      const file = await storage.open('a', 'create');
      const sync = file.sync();
      file.close();
      await sync;
      await storage.syncDirectory();
    }
    if (process.platform === 'linux') expect(descriptors()).toBeLessThan(before + 10);
    await storage.remove('a');
    expect(await storage.list()).toEqual([]);
  });
});

describe('a disk that is full', () => {
  /** A device that takes nothing, on every Linux. */
  async function tryFullDevice(): Promise<void> {
    const path = directoryForTest();
    symlinkSync('/dev/full', join(path, 'a'));
    const file = await NodeStorage.open(path).open('a', 'write');
    expect((await errorOf(join(path, 'a'), () => file.write(Buffer.from('text'), 0))).code).toBe('DISK_FULL');
    file.close();
  }

  it('takes what it can, says that it is full, and takes more when there is space', async () => {
    await tryFullDevice();
    const disk = smallDisk(256 << 10);
    if (disk === undefined) {
      console.log('no file system may be mounted here: only /dev/full was tried');
      return;
    }
    const storage = NodeStorage.open(disk, { create: true });
    const other = await storage.open('other', 'create');
    other.write(new Uint8Array(64 << 10), 0);
    const file = await storage.open('a', 'create');
    const block = new Uint8Array(100 << 10).fill(7);
    file.write(block, 0);
    const size = file.size();
    expect((await errorOf(join(disk, 'a'), () => file.write(block, size))).code).toBe('DISK_FULL');
    // A part of it is there, as the port says.
    expect(file.size()).toBeGreaterThan(size);
    expect(file.size()).toBeLessThan(size + block.length);
    file.truncate(size);
    other.truncate(0);
    file.write(block, size);
    await file.sync();
    expect(file.size()).toBe(2 * block.length);
    const back = new Uint8Array(2 * block.length);
    expect(file.read(back, 0)).toBe(back.length);
    expect(back.every((byte) => byte === 7)).toBe(true);
    file.close();
    other.close();

    makeReadOnly(disk);
    expect((await refusal(disk)).code).toBe('READ_ONLY');
    expect((await errorOf(join(disk, 'a'), () => storage.open('a', 'write'))).code).toBe('READ_ONLY');
    expect((await NodeStorage.open(disk, { readOnly: true }).list()).sort()).toEqual(['a', 'other']);
  });
});
