// Files that a command line names, wherever they lie: read as they are, or written anew beside their place and put
// there when they are whole.
import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { LatchkeyError } from '../errors.js';
import type { Readable } from '../transfer/byte-source.js';
import type { Writable } from '../transfer/rdb-write.js';

function said(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

export interface OpenFile extends Readable {
  close(): void;
}

/** @throws LatchkeyError `BAD_SOURCE`: it is not there, or cannot be read. */
export function openFile(path: string): OpenFile {
  const attempt = <T>(what: () => T): T => {
    try {
      return what();
    } catch (error) {
      throw new LatchkeyError('BAD_SOURCE', `${path}: ${said(error)}`, { cause: error });
    }
  };
  const fd = attempt(() => openSync(path, 'r'));
  return {
    name: path,
    size: () => attempt(() => fstatSync(fd).size),
    read(into, at) {
      let got = 0;
      while (got < into.length) {
        const bytes = attempt(() => readSync(fd, into, got, into.length - got, at + got));
        if (bytes === 0) break;
        got += bytes;
      }
      return got;
    },
    close: () => closeSync(fd),
  };
}

/** @throws LatchkeyError `BAD_TARGET`: the path is taken. */
export function checkFree(path: string): void {
  if (existsSync(path)) throw new LatchkeyError('BAD_TARGET', `${path}: the file exists; name another one`);
}

/** A file that is written under a name of its own until `commit` puts it in its place. Nothing is there before. */
export class NewFile implements Writable {
  readonly #temp: string;
  readonly #fd: number;
  #isOpen = true;

  /** @throws LatchkeyError `BAD_TARGET`: the path is taken, or cannot be written. */
  constructor(readonly path: string) {
    this.#temp = `${path}.${process.pid}.tmp`;
    checkFree(path);
    this.#fd = this.#attempt(() => openSync(this.#temp, 'w', 0o666));
  }

  #attempt<T>(what: () => T): T {
    try {
      return what();
    } catch (error) {
      throw new LatchkeyError('BAD_TARGET', `${this.path}: ${said(error)}`, { cause: error });
    }
  }

  write(bytes: Uint8Array, at: number): void {
    let done = 0;
    while (done < bytes.length)
      done += this.#attempt(() => writeSync(this.#fd, bytes, done, bytes.length - done, at + done));
  }

  /** On return the file is in its place, and durable. */
  commit(): void {
    this.#attempt(() => {
      fsyncSync(this.#fd);
      this.#close();
      renameSync(this.#temp, this.path);
      const directory = openSync(dirname(this.path), 'r');
      fsyncSync(directory);
      closeSync(directory);
    });
  }

  /** Takes away what has been written. */
  abandon(): void {
    this.#close();
    rmSync(this.#temp, { force: true });
  }

  #close(): void {
    if (this.#isOpen) closeSync(this.#fd);
    this.#isOpen = false;
  }
}
