// An append-only directory of Redis 7: a manifest that says which files hold the data, and in which order.
//
//   file appendonly.aof.1.base.rdb seq 1 type b      what was there when the log was rewritten: RDB or commands
//   file appendonly.aof.1.incr.aof seq 1 type i      what was written since, one file after the other
//   type h: history, no longer part of the data. Names with blanks or odd bytes stand in double quotes.
import { splitWords } from '../words.js';
import { Damage } from './byte-source.js';

export interface Manifest {
  readonly base: string | undefined;
  /** In their order. */
  readonly increments: readonly string[];
}

const LINE_CHARS_MAX = 1024;

/** @param text The manifest's bytes, as Latin-1. @throws Damage that names the line by its offset. */
export function parseManifest(name: string, text: string): Manifest {
  let base: string | undefined;
  let lastSeq = 0;
  const increments: string[] = [];
  let offset = 0;
  const lines = text.split('\n');
  if (lines.pop() !== '') throw new Damage(name, text.length, 'the last line is not whole');
  for (const line of lines) {
    const wrong = (why: string): never => {
      throw new Damage(name, offset, why);
    };
    if (line.length > LINE_CHARS_MAX) wrong('a line is too long');
    const words = splitWords(line.trim()) ?? wrong('quotes are out of balance');
    if (words.length > 0 && !line.startsWith('#')) {
      if (words.length % 2 !== 0) wrong('a line is no list of names and values');
      const fields = new Map(words.flatMap((word, i) => (i % 2 === 0 ? [[word.toLowerCase(), words[i + 1]]] : [])));
      const file = Buffer.from(fields.get('file') ?? '', 'latin1').toString('utf8');
      const seq = Number(fields.get('seq'));
      const type = fields.get('type');
      if (file === '' || /[/\\]/.test(file) || file.startsWith('..')) wrong('a line names no file of this directory');
      if (!Number.isSafeInteger(seq) || seq < 1) wrong('a line has no number');
      if (type === 'b') {
        if (base !== undefined) wrong('there are two base files');
        base = file;
      } else if (type === 'i') {
        if (seq <= lastSeq) wrong('the files are out of order');
        lastSeq = seq;
        increments.push(file);
      } else if (type !== 'h') wrong(`type ${JSON.stringify(type ?? '')} is none of b, i and h`);
    }
    offset += line.length + 1;
  }
  if (base === undefined && increments.length === 0) throw new Damage(name, 0, 'it names no file with data');
  return { base, increments };
}
