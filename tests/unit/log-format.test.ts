// The log's format: what is written is read again, numbers that stand twice are the same, and the example of docs/formats.md
// is what the kernel and the engine make of it.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as format from '../../host/persistence/log-format.js';
import * as numbers from '../../host/persistence/log-kernel.js';
import { DAMAGES } from '../../host/persistence/log-scan.js';
import { openKernel } from '../support/kernel.js';
import { readKevyLog } from '../support/kevy-log.js';
import { takeLog } from '../support/log-replay.js';
import { scanOf } from '../support/small-log.js';
import { BUILDS } from '../support/wasm.js';

const BIRTH = '000102030405060708090a0b0c0d0e0f';
const MOST = Number.MAX_SAFE_INTEGER;

/** What the reader makes of elements. */
const decode = (...elements: string[]) => format.decodeInternal(format.encodeRecord(elements).subarray(8));

describe('the format of a log', () => {
  it('has the same numbers in the kernel and in the host', () => {
    const source = ['verify', 'replay'].map((name) => readFileSync(`assembly/log/${name}.ts`, 'utf8')).join('\n');
    const kernel = [...source.matchAll(/^export const (\w+): u32 = (0x[0-9a-f]+|\d+);/gm)].map(
      ([, name, value]) => [name, Number(value)] as const,
    );
    expect(Object.fromEntries(kernel)).toEqual({ ...numbers });
    expect(kernel.length).toBe(15);
  });

  it('reads the internal records that it writes', () => {
    const starts = [
      { birthId: BIRTH, firstLsn: 0, firstRound: 1 },
      { birthId: 'f'.repeat(32), firstLsn: MOST, firstRound: 2 ** 33 },
    ];
    for (const start of starts) {
      const bytes = format.encodeLogStart(start);
      expect(bytes.subarray(0, 9)).toEqual(format.MAGIC_V2);
      expect(format.decodeInternal(bytes.subarray(17))).toEqual({ kind: 'log', start });
    }
    const participants = Array.from({ length: 256 }, (_, shard) => ({ shard, endLsn: MOST - shard }));
    for (const round of [
      { number: 1, synced: 0, participants: participants.slice(0, 1) },
      { number: MOST, synced: MOST - 1, participants },
    ])
      expect(format.decodeInternal(format.encodeRound(round).subarray(8))).toEqual({ kind: 'round', round });
    expect(decode(format.TXN_BEGIN)).toEqual({ kind: 'begin' });
    expect(decode(format.TXN_COMMIT)).toEqual({ kind: 'commit' });
  });

  it('does not read what is not built so', () => {
    const bad = [
      ['\0LOG', BIRTH, '0'],
      ['\0LOG', BIRTH, '0', '1', '1'],
      ['\0LOG', BIRTH.slice(1), '0', '1'],
      ['\0LOG', BIRTH.toUpperCase(), '0', '1'],
      ['\0LOG', BIRTH, '-1', '1'],
      ['\0LOG', BIRTH, '01', '1'],
      ['\0LOG', BIRTH, '', '1'],
      ['\0LOG', BIRTH, '9007199254740992', '1'],
      ['\0ROUND', '1', '0', '0'],
      ['\0ROUND', '1', '0', '1', '0'],
      ['\0ROUND', '1', '0', '1', '0', '5', '1', '6'],
      ['\0ROUND', '1', '0', '2', '0', '5'],
      ['\0ROUND', '1e0', '0', '1', '0', '5'],
      ['\0ROUND', '1', '0', '2', '1', '5', '0', '5'],
      ['\0ROUND', '1', '0', '2', '1', '5', '1', '5'],
      ['\0ROUND'],
      ['\0KEVYTXNBEGIN', 'x'],
      ['\0KEVYTXNCOMMIT', 'x'],
      ['\0'],
      [`\0${'long'.repeat(100)}`],
    ];
    for (const elements of bad)
      expect(decode(...elements)).toEqual({ kind: 'unknown', name: elements[0].slice(1, 65) });
  });

  it('names every kind of damage in docs/formats.md', () => {
    const chapter = chapterOf('The log').split('### What is damage')[1].split('### An example')[0];
    const named = [...chapter.matchAll(/`([a-z ]+)`/g)].map(([, name]) => name);
    expect(named.sort()).toEqual(Object.keys(DAMAGES).sort());
  });
});

describe.each(BUILDS)('docs/formats.md, $memory $mode', (build) => {
  it('shows in its example of a log what the kernel and the engine write', async () => {
    const example = chapterOf('The log').split('### An example')[1].split('```')[1];
    const rows = [...example.matchAll(/^ *(\d+) {2}([0-9a-f]{2}(?: [0-9a-f]{2})*)(?: {2,}|$)/gm)];
    let at = 0;
    const bytes = Buffer.concat(
      rows.map(([, offset, hex]) => {
        expect(Number(offset)).toBe(at);
        const part = Buffer.from(hex.replaceAll(' ', ''), 'hex');
        at += part.length;
        return part;
      }),
    );
    const kernel = openKernel(build).logOn();
    kernel.call('SET', 'greeting', 'hello');
    kernel.db = 3;
    kernel.call('HSET', 'user', 'name', 'ada');
    const endLsn = kernel.shard.calls.logEndLsn();
    const records = takeLog(kernel).records.map(({ payload, crc }) => {
      const header = Buffer.alloc(8);
      header.writeUInt32LE(payload.length, 0);
      header.writeUInt32LE(crc, 4);
      return Buffer.concat([header, payload]);
    });
    const start = { birthId: BIRTH, firstLsn: 0, firstRound: 1 };
    const participants = [
      { shard: 0, endLsn },
      { shard: 2, endLsn: 61 },
    ];
    const written = [
      format.encodeLogStart(start),
      ...records,
      format.encodeRound({ number: 1, synced: 0, participants }),
    ];
    expect(bytes.toString('hex')).toBe(Buffer.concat(written).toString('hex'));
    expect(readKevyLog(bytes).goodBytes).toBe(bytes.length);
    const scan = await scanOf(bytes, kernel, { shard: 0 });
    expect(scan).toMatchObject({ start, records: 2, goodBytes: bytes.length, damage: undefined });
    expect(scan.rounds).toEqual([{ number: 1, synced: 0, shards: [0, 2], endOffset: bytes.length, endLsn }]);
  });
});

function chapterOf(title: string): string {
  const text = readFileSync('docs/formats.md', 'utf8');
  return text.split(`## ${title}`)[1].split('\n## ')[0];
}
