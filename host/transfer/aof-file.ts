// Reads an append-only file of Redis: commands as RESP multibulk frames, one after the other, with notes between them.
//
//   *n CR LF, then n times $length CR LF bytes CR LF    a command
//   # ... CR LF                                         a note: #TS:seconds says when what follows was written
import { type ByteSource, Damage } from './byte-source.js';

export interface LoggedCommand {
  /** Offset in the file. */
  readonly offset: number;
  /** The frame, and its arguments inside it: borrowed until the next command is asked for. */
  readonly frame: Buffer;
  readonly argv: Buffer[];
}

const LINE_BYTES_MAX = 4096;
const ARGS_MAX = 1 << 26;

function count(source: ByteSource, mark: string): number {
  const start = source.offset;
  const line = source.line(LINE_BYTES_MAX);
  const number = line[0] === mark && /^\d{1,10}$/.test(line.slice(1)) ? Number(line.slice(1)) : Number.NaN;
  if (!(number <= 0xffffffff))
    source.fail(`${JSON.stringify(line.slice(0, 40))} where ${mark} and a length belong`, start);
  return number;
}

function readCommand(source: ByteSource): LoggedCommand {
  const offset = source.offset;
  source.keep();
  const args = count(source, '*');
  if (args < 1 || args > ARGS_MAX) source.fail(`a command of ${args} arguments`, offset);
  const places: [from: number, to: number][] = [];
  for (let i = 0; i < args; i++) {
    const length = count(source, '$');
    const from = source.offset - offset;
    places.push([from, from + length]);
    source.skip(length);
    if (source.byte() !== 13 || source.byte() !== 10) source.fail('an argument does not end in CR LF', offset);
  }
  const frame = source.kept();
  return { offset, frame, argv: places.map(([from, to]) => frame.subarray(from, to)) };
}

/**
 * Yields the commands from here to the end of the file.
 * @throws Damage; its `offset` is where the command began, and `isEnd` is set if the file ends inside it.
 */
export function* readCommands(source: ByteSource): Generator<LoggedCommand, void> {
  for (;;) {
    const next = source.peek();
    if (next < 0) return;
    const start = source.offset;
    try {
      if (next === 0x23) source.line(LINE_BYTES_MAX);
      else yield readCommand(source);
    } catch (error) {
      if (error instanceof Damage && error.isEnd)
        throw new Damage(error.file, start, 'the file ends inside the command that begins here', true);
      throw error;
    }
  }
}
