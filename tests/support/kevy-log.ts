// Reads kevy's logs: `KEVYAOF1\n` and bare RESP frames, or `KEVYAOF2\n` and records of [payload bytes u32 LE][crc32c of the
// payload u32 LE][payload: one RESP multibulk]. Stops where the log stops making sense, and says where.

export interface KevyLog {
  version: 1 | 2;
  commands: Buffer[][];
  /** Version 2: each command's payload with the checksum that stands before it. */
  records: { payload: Buffer; crc: number }[];
  /** Bytes that were understood, magic included. */
  goodBytes: number;
}

const MAGIC_BYTES = 9;

/** One multibulk at `at`, or undefined if there is no whole one. */
function readFrame(bytes: Buffer, at: number): { args: Buffer[]; end: number } | undefined {
  const number = (mark: string, from: number): [value: number, next: number] | undefined => {
    const end = bytes.indexOf('\r\n', from, 'latin1');
    const text = end < 0 ? '' : bytes.toString('latin1', from, end);
    return new RegExp(`^\\${mark}\\d{1,9}$`).test(text) ? [Number(text.slice(1)), end + 2] : undefined;
  };
  const head = number('*', at);
  if (!head) return undefined;
  let next = head[1];
  const args: Buffer[] = [];
  for (let i = 0; i < head[0]; i++) {
    const bulk = number('$', next);
    if (!bulk) return undefined;
    const end = bulk[1] + bulk[0];
    if (end + 2 > bytes.length || bytes.toString('latin1', end, end + 2) !== '\r\n') return undefined;
    args.push(bytes.subarray(bulk[1], end));
    next = end + 2;
  }
  return { args, end: next };
}

export function readKevyLog(bytes: Buffer): KevyLog {
  const magic = bytes.toString('latin1', 0, MAGIC_BYTES);
  if (magic !== 'KEVYAOF1\n' && magic !== 'KEVYAOF2\n') throw new Error(`not a kevy log: ${JSON.stringify(magic)}`);
  const log: KevyLog = { version: magic === 'KEVYAOF1\n' ? 1 : 2, commands: [], records: [], goodBytes: MAGIC_BYTES };
  while (log.goodBytes < bytes.length) {
    let from = log.goodBytes;
    let end = bytes.length;
    if (log.version === 2) {
      if (from + 8 > bytes.length) break;
      end = from + 8 + bytes.readUInt32LE(from);
      from += 8;
      if (end > bytes.length) break;
    }
    const frame = readFrame(bytes.subarray(0, end), from);
    if (!frame || (log.version === 2 && frame.end !== end)) break;
    if (log.version === 2) log.records.push({ payload: bytes.subarray(from, end), crc: bytes.readUInt32LE(from - 4) });
    log.commands.push(frame.args);
    log.goodBytes = frame.end;
  }
  return log;
}
