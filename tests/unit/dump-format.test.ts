// The numbers of the snapshot file stand twice, for the kernel and for the host: they must be the same. And the checksum,
// against a plain form of it.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Crc64 } from '../../host/persistence/crc64.js';
import * as format from '../../host/persistence/dump-format.js';
import { verifyDump } from '../../host/persistence/dump-read.js';
import { crc64 } from '../support/crc64.js';
import { BytesFile, dumpOf, loaded } from '../support/dumps.js';
import { openKernel } from '../support/kernel.js';
import { allDigests } from '../support/log-replay.js';
import { Random, runSeed } from '../support/seed.js';
import { BUILDS } from '../support/wasm.js';

describe('the snapshot format', () => {
  it('has the same ops and versions in the kernel and in the host', () => {
    const source = readFileSync('assembly/snapshot/ops.ts', 'utf8');
    const kernel = [...source.matchAll(/export const ((?:OP|VERSION)_\w+): u32 = (0x[0-9a-f]+|\d+);/g)].map(
      ([, name, value]) => [name, Number(value)] as const,
    );
    const host = Object.entries(format).filter(([name]) => /^(OP|VERSION)_/.test(name));
    expect(Object.fromEntries(kernel)).toEqual(Object.fromEntries(host));
    expect(kernel.length).toBe(14);
  });

  it('keeps its own ops and version away from what kevy may come to use', () => {
    for (const op of [format.OP_DATABASE, format.OP_HASH_DEADLINES, format.OP_STREAM_READ])
      expect(op).toBeGreaterThan(0x9f);
    expect(format.VERSION_OWN).toBeGreaterThan(format.VERSION_KEVY + 60);
  });

  it('reckons its checksum as the plain form does, however the bytes are cut', () => {
    const random = new Random(runSeed('crc64 cuts'));
    const bytes = Buffer.from(Array.from({ length: 500 }, () => random.below(256)));
    expect(sum(Buffer.from('123456789'))).toBe(0xe9c6d914c4b8d9can);
    for (let i = 0; i < 200; i++) {
      const length = random.below(bytes.length + 1);
      const at = random.below(length + 1);
      expect(sum(bytes.subarray(0, at), bytes.subarray(at, length))).toBe(crc64(bytes.subarray(0, length)));
    }
  });

  it('reads the trailer that it writes, for rounds beyond 32 bits', () => {
    for (const round of [0, 1, 2 ** 32 - 1, 2 ** 32, 2 ** 52 + 1]) {
      const trailer = { version: 4, birthId: new Uint8Array(16).map((_, i) => i), round };
      const bytes = format.encodeDumpTrailer(trailer, new Crc64());
      expect(format.decodeDumpTrailer(bytes, 4, new Crc64())).toEqual(trailer);
      expect(format.decodeDumpTrailer(bytes, 76, new Crc64())).toMatch(/different versions/);
      expect(format.decodeDumpTrailer(bytes.subarray(1), 4, new Crc64())).toMatch(/39 bytes/);
    }
  });
});

describe.each(BUILDS)('docs/formats.md, $memory $mode', (build) => {
  it('shows in its example what the kernel and the writer make of it', () => {
    const chapter = readFileSync('docs/formats.md', 'utf8').split('## The dump')[1];
    const example = chapter.split('### An example')[1].split('```')[1];
    const rows = [...example.matchAll(/^ *(\d+) {2}([0-9a-f]{2}(?: [0-9a-f]{2})*)(?: {2,}|$)/gm)];
    const bytes = Buffer.concat(
      rows.map(([, at, hex], i) => {
        const before = rows.slice(0, i).reduce((total, row) => total + row[2].split(' ').length, 0);
        expect(Number(at)).toBe(before);
        return Buffer.from(hex.replaceAll(' ', ''), 'hex');
      }),
    );
    const kernel = openKernel(build);
    kernel.call('SET', 'greeting', 'hello', 'PXAT', '1800000000000');
    kernel.db = 3;
    kernel.call('HSET', 'user', 'name', 'ada', 'token', 'x1');
    kernel.call('HPEXPIREAT', 'user', '1800000060000', 'FIELDS', '1', 'token');
    const end = { birthId: new Uint8Array(16).map((_, i) => i), round: 7 };
    const file = new BytesFile(bytes);
    expect(verifyDump(file)).toEqual({ kind: 'ours', version: format.VERSION_OWN, ...end });
    expect(allDigests(loaded(build, file, format.VERSION_OWN))).toEqual(allDigests(kernel));
    expect(dumpOf(kernel, 0, end).bytes.toString('hex')).toBe(bytes.toString('hex'));
  });
});

function sum(...parts: Uint8Array[]): bigint {
  const crc = new Crc64();
  for (const part of parts) crc.update(part);
  const bytes = new DataView(new ArrayBuffer(8));
  crc.write(bytes, 0);
  return bytes.getBigUint64(0, true);
}
