// Golden traces: the calls that something makes of the storage port, as text that a person can read and a review can
// compare. tests/golden/<name>.txt has what is expected; LATCHKEY_GOLDEN=write writes it anew.
//
//   read aof-0.aof            opened for reading
//   create a, write a         one line for any number of writes to the same file in a row: sizes are no order
//   truncate a, sync a, rename a -> b, remove a, sync directory
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { expect } from 'vitest';
import type { OpenMode, Storage, StorageFile } from '../../host/storage/port.js';
import { PassingFile } from './passing-file.js';

/** Another storage, whose calls are written down when they are made, whether or not they succeed. */
export class TraceStorage implements Storage {
  readonly lines: string[] = [];

  constructor(readonly below: Storage) {}

  get where(): string {
    return this.below.where;
  }
  note(line: string): void {
    if (!(line.startsWith('write ') && this.lines.at(-1) === line)) this.lines.push(line);
  }
  list(): Promise<string[]> {
    return this.below.list();
  }
  async open(name: string, mode: OpenMode): Promise<StorageFile> {
    if (mode === 'create') this.note(`create ${name}`);
    const file = await this.below.open(name, mode);
    if (mode === 'read') this.note(`read ${name}`);
    return new TracedFile(this, file);
  }
  rename(from: string, to: string): Promise<void> {
    this.note(`rename ${from} -> ${to}`);
    return this.below.rename(from, to);
  }
  remove(name: string): Promise<void> {
    this.note(`remove ${name}`);
    return this.below.remove(name);
  }
  syncDirectory(): Promise<void> {
    this.note('sync directory');
    return this.below.syncDirectory();
  }
}

class TracedFile extends PassingFile {
  constructor(
    readonly storage: TraceStorage,
    file: StorageFile,
  ) {
    super(file);
  }

  override write(bytes: Uint8Array, at: number): void {
    this.storage.note(`write ${this.name}`);
    super.write(bytes, at);
  }
  override truncate(size: number): void {
    this.storage.note(`truncate ${this.name}`);
    super.truncate(size);
  }
  override sync(): Promise<void> {
    this.storage.note(`sync ${this.name}`);
    return super.sync();
  }
}

const FOLDER = 'tests/golden';

/** Compares lines with tests/golden/<name>.txt, whose lines that begin with `#` explain them and stay at the top. */
export function expectGolden(name: string, lines: readonly string[]): void {
  const path = `${FOLDER}/${name}.txt`;
  const written = process.env.LATCHKEY_GOLDEN === 'write';
  const text = readOr(path, written ? '' : undefined);
  if (written) {
    const remarks = text.split('\n').filter((line) => line.startsWith('#'));
    mkdirSync(FOLDER, { recursive: true });
    writeFileSync(path, `${[...remarks, ...lines].join('\n')}\n`);
    return;
  }
  const wanted = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  expect(wanted.length, `${path} is empty`).toBeGreaterThan(0);
  expect(lines, `${path}; LATCHKEY_GOLDEN=write writes it anew`).toEqual(wanted);
}

function readOr(path: string, otherwise: string | undefined): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (otherwise === undefined) throw error;
    return otherwise;
  }
}
