// The log's checksum: published check values, a bit-by-bit model, and updates cut anywhere.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { frame, openKernel } from '../support/kernel.js';
import { readKevyLog } from '../support/kevy-log.js';
import { Random, runSeed } from '../support/seed.js';
import { BUILDS, loadTestModule } from '../support/wasm.js';

const AT = 0x40000;

function model(bytes: Buffer): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
  }
  return ~crc >>> 0;
}

const ascending = Buffer.from(Array.from({ length: 32 }, (_, i) => i));
/** The first is CRC-32C's check value; the others stand in RFC 3720, appendix B.4. */
const PUBLISHED: [what: string, bytes: Buffer, crc: number][] = [
  ['123456789', Buffer.from('123456789'), 0xe3069283],
  ['nothing', Buffer.alloc(0), 0],
  ['32 zeros', Buffer.alloc(32), 0x8a9136aa],
  ['32 bytes of ones', Buffer.alloc(32, 0xff), 0x62a8ab43],
  ['32 bytes ascending', ascending, 0x46dd794e],
  ['32 bytes descending', Buffer.from(ascending).reverse(), 0x113fdb5c],
];

describe.each(BUILDS)('the $memory $mode build', (build) => {
  const { exports, bytes } = loadTestModule('hashes', build);
  const crcOf = (data: Buffer, from = 0): number => {
    bytes().set(data, AT);
    return exports.crc32cUpdate(from, AT, data.length) >>> 0;
  };

  it.each(PUBLISHED)('agrees with the published value of %s', (_, data, crc) => expect(crcOf(data)).toBe(crc));

  it('agrees with a bit-by-bit model at every length, whole and cut in two', () => {
    const random = new Random(runSeed('CRC-32C against a model'));
    for (let length = 0; length < 200; length++) {
      const data = random.bytes(length);
      const cut = random.below(length + 1);
      expect(crcOf(data)).toBe(model(data));
      expect(crcOf(data.subarray(cut), crcOf(data.subarray(0, cut)))).toBe(model(data));
    }
  });

  it('agrees with it over logs that kevy wrote', () => {
    const log = readFileSync('tests/fixtures/kevy-1.22/kevyhash-1-aof/data/aof-0.aof');
    expect(log.length).toBeGreaterThan(10_000);
    expect(crcOf(log)).toBe(model(log));
  });

  it('seals every record of the ring, those that wrap round its end too', () => {
    const kernel = openKernel(build, { logBytes: 4096 }).logOn();
    const { calls } = kernel.shard;
    const random = new Random(runSeed('records of a small ring'));
    let records = 0;
    for (let i = 0; i < 200; i++) {
      kernel.feed(frame('SET', `key:${i}`, random.bytes(random.below(300))));
      const parts: Buffer[] = [];
      for (let bytes = 1; bytes > 0; ) {
        const at = calls.logPeek() >>> 0;
        bytes = calls.logPeekBytes() >>> 0;
        parts.push(Buffer.from(kernel.shard.view(at, bytes).slice()));
        calls.logConsume(bytes);
      }
      const log = readKevyLog(Buffer.concat([Buffer.from('KEVYAOF2\n'), ...parts]));
      expect(log.records).toHaveLength(1);
      for (const { payload, crc } of log.records) expect(crc).toBe(model(payload));
      records += log.records.length;
    }
    expect(records).toBe(200);
  });
});

it('the tables are what their generator writes', () => {
  execFileSync(process.execPath, ['scripts/generate-crc-tables.mjs', '--check']);
});
