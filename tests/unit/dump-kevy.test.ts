// Dumps that a real kevy 1.22 wrote, and dumps in its older versions, made by hand. The goal: every key of theirs is read
// for what it is, and what we write in version 4 is what kevy would have written: entry by entry the same bytes, the order
// of a hash's and a set's elements aside.
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  OP_HASH,
  OP_LIST,
  OP_SET,
  OP_STREAM,
  OP_STRING,
  OP_ZSET,
  VERSION_KEVY,
} from '../../host/persistence/dump-format.js';
import { readDump, verifyDump } from '../../host/persistence/dump-read.js';
import { BytesFile, dumpOf, entry, f64, kevyFile, loaded, text, u32, u64 } from '../support/dumps.js';
import { allDigests } from '../support/log-replay.js';
import { BUILDS } from '../support/wasm.js';

const FOLDER = 'tests/fixtures/kevy-1.22';
const FIXTURES = readdirSync(FOLDER).flatMap((layout) => {
  if (layout.includes('.')) return [];
  const data = `${FOLDER}/${layout}/data`;
  return readdirSync(data).flatMap((name) => (/^dump-\d+\.rdb$/.test(name) ? [`${data}/${name}`] : []));
});
/** Every value of the fixtures was written before this, and no deadline had passed. */
const THEN = 1_795_000_000_000;

/** One entry's bytes with the elements of hashes and sets in order: what can be compared. */
function canonical(bytes: Buffer, keyLength: number): string {
  const op = bytes[0];
  const payload = (bytes[1] === 1 ? 10 : 2) + 4 + keyLength;
  if (op !== OP_HASH && op !== OP_SET) return bytes.toString('hex');
  const texts: string[] = [];
  for (let at = payload + 4; at < bytes.length; ) {
    const end = at + 4 + bytes.readUInt32LE(at);
    texts.push(bytes.toString('hex', at, end));
    at = end;
  }
  const elements = op === OP_SET ? texts : texts.flatMap((field, i) => (i % 2 ? [] : [field + texts[i + 1]]));
  return bytes.toString('hex', 0, payload + 4) + elements.sort().join('');
}

function entriesOf(file: BytesFile, version: number): Map<string, string> {
  const all = new Map<string, string>();
  for (const { key, bytes } of readDump(file, version))
    all.set(Buffer.from(key).toString('hex'), canonical(Buffer.from(bytes()), key.length));
  return all;
}

describe.each(BUILDS)("kevy's dumps, $memory $mode", (build) => {
  it('there are seven of them', () => expect(FIXTURES.length).toBe(7));

  it.each(FIXTURES)('%s is read, and written again in the same bytes', (path) => {
    const file = new BytesFile(readFileSync(path));
    expect(verifyDump(file)).toEqual({ kind: 'kevy', version: VERSION_KEVY });
    const theirs = entriesOf(file, VERSION_KEVY);
    expect(theirs.size).toBeGreaterThan(10);
    const kernel = loaded(build, file, VERSION_KEVY, false, THEN);
    expect(kernel.check()).toBe(0);
    expect(kernel.shard.calls.databaseKeys(0)).toBe(theirs.size);
    const ours = dumpOf(kernel);
    expect(verifyDump(ours)).toMatchObject({ kind: 'ours', version: VERSION_KEVY });
    expect(entriesOf(ours, VERSION_KEVY)).toEqual(theirs);
    // But for the trailer it is the file that kevy reads.
    expect(ours.size()).toBe(file.size() + 40);
    expect(allDigests(loaded(build, ours, VERSION_KEVY))).toEqual(allDigests(kernel));
  });

  it('the fixtures hold every type, and deadlines', () => {
    const ops = new Set<number>();
    let timed = 0;
    for (const path of FIXTURES) {
      for (const { op, bytes } of readDump(new BytesFile(readFileSync(path)), VERSION_KEVY)) {
        ops.add(op);
        timed += bytes()[1];
      }
    }
    expect([...ops].sort()).toEqual([OP_STRING, OP_HASH, OP_LIST, OP_SET, OP_ZSET, OP_STREAM]);
    expect(timed).toBeGreaterThan(5);
  });

  const stream = [u64(9), u64(1), u64(2), u64(3), u64(7), u32(1), u64(5), u64(6), u32(1), text('f'), text('v')];
  const entries = (ttl: number | undefined) =>
    Buffer.concat([
      entry(OP_STRING, 's', ttl, text('value')),
      entry(OP_HASH, 'h', ttl, u32(1), text('f'), text('v')),
      entry(OP_LIST, 'l', ttl, u32(2), text('b'), text('a')),
      entry(OP_SET, 'm', ttl, u32(1), text('x')),
      entry(OP_ZSET, 'z', ttl, u32(1), text('x'), f64(1.5)),
      entry(OP_STREAM, 'x', ttl, ...stream),
    ]);
  const holds = (kernel: ReturnType<typeof loaded>) => {
    expect(kernel.check()).toBe(0);
    expect(kernel.text('GET', 's')).toBe('$5\r\nvalue\r\n');
    expect(kernel.text('HGETALL', 'h')).toBe('*2\r\n$1\r\nf\r\n$1\r\nv\r\n');
    expect(kernel.text('LRANGE', 'l', 0, -1)).toBe('*2\r\n$1\r\nb\r\n$1\r\na\r\n');
    expect(kernel.text('SMEMBERS', 'm')).toBe('*1\r\n$1\r\nx\r\n');
    expect(kernel.text('ZRANGE', 'z', 0, -1, 'WITHSCORES')).toBe('*2\r\n$1\r\nx\r\n$3\r\n1.5\r\n');
    expect(kernel.text('XRANGE', 'x', '-', '+')).toBe('*1\r\n*2\r\n$3\r\n5-6\r\n*2\r\n$1\r\nf\r\n$1\r\nv\r\n');
    expect(kernel.text('XINFO', 'STREAM', 'x')).toContain('last-generated-id\r\n$3\r\n9-1\r\n');
    expect(kernel.text('XINFO', 'STREAM', 'x')).toContain('max-deleted-entry-id\r\n$3\r\n2-3\r\n');
    expect(kernel.text('XINFO', 'STREAM', 'x')).toContain('entries-added\r\n:7\r\n');
  };

  it.each([2, 3])('version %i has streams without groups', (version) => {
    const file = kevyFile(entries(undefined), version);
    expect(verifyDump(file)).toEqual({ kind: 'kevy', version });
    holds(loaded(build, file, version, false));
    // In version 4 the same bytes end in the middle of the stream.
    expect(verifyDump(kevyFile(entries(undefined)))).toMatchObject({ kind: 'damaged' });
  });

  it('version 2 says how long a key has to live, version 3 and 4 until when', () => {
    const now = 1_700_000_000_000;
    const two = loaded(build, kevyFile(entries(5000), 2), 2, false, now);
    holds(two);
    for (const key of ['s', 'h', 'l', 'm', 'z', 'x']) expect(two.text('PEXPIRETIME', key)).toBe(`:${now + 5000}\r\n`);
    const three = loaded(build, kevyFile(entries(now + 5000), 3), 3, false, now);
    holds(three);
    for (const key of ['s', 'h', 'l', 'm', 'z', 'x']) expect(three.text('PEXPIRETIME', key)).toBe(`:${now + 5000}\r\n`);
    // What has expired is not taken over.
    expect(loaded(build, kevyFile(entries(now - 1), 3), 3, false, now).shard.calls.databaseKeys(0)).toBe(0);
    const last = entry(OP_STRING, 'k', (1n << 63n) - 1n, text('v'));
    expect(loaded(build, kevyFile(last, 2), 2, false, now).text('EXISTS', 'k')).toBe(':1\r\n');
  });

  it('version 4 has groups, and a consumer that only a pending entry names is made', () => {
    const id = (ms: number) => Buffer.concat([u64(ms), u64(0)]);
    const file = kevyFile(
      entry(
        OP_STREAM,
        'x',
        undefined,
        ...stream,
        u32(1),
        text('g'),
        id(9),
        u32(1),
        text('c'),
        u64(123),
        u32(2),
        id(5),
        text('c'),
        u64(1_600_000_000_000),
        u32(3),
        id(6),
        text('d'),
        u64(1_650_000_000_000),
        u32(1),
      ),
    );
    const kernel = loaded(build, file, VERSION_KEVY, false);
    expect(kernel.check()).toBe(0);
    expect(kernel.text('XPENDING', 'x', 'g')).toBe(
      '*4\r\n:2\r\n$3\r\n5-0\r\n$3\r\n6-0\r\n*2\r\n*2\r\n$1\r\nc\r\n$1\r\n1\r\n*2\r\n$1\r\nd\r\n$1\r\n1\r\n',
    );
    expect(kernel.text('XPENDING', 'x', 'g', '-', '+', '10')).toContain(
      `$1\r\nc\r\n:${kernel.now - 1_600_000_000_000}\r\n:3\r\n`,
    );
  });

  it('a key that comes twice is what it was last', () => {
    const twice = Buffer.concat([
      entry(OP_STRING, 'k', undefined, text('first')),
      entry(OP_LIST, 'k', undefined, u32(1), text('a')),
      entry(OP_STRING, 'k', undefined, text('last')),
    ]);
    const kernel = loaded(build, kevyFile(twice), VERSION_KEVY, false);
    expect(kernel.text('GET', 'k')).toBe('$4\r\nlast\r\n');
    expect(kernel.shard.calls.databaseKeys(0)).toBe(1);
    expect(kernel.check()).toBe(0);
  });

  it('an entry that is far longer than a slice is loaded, whatever lies around it', () => {
    const around = (name: string) => entry(OP_STRING, name, undefined, text('v'.repeat(700_000)));
    const elements = Array.from({ length: 5000 }, (_, i) => text(`${i}`.padEnd(1000)));
    const file = kevyFile(
      Buffer.concat([around('a'), entry(OP_LIST, 'l', undefined, u32(5000), ...elements), around('b')]),
    );
    expect(verifyDump(file)).toEqual({ kind: 'kevy', version: VERSION_KEVY });
    const kernel = loaded(build, file, VERSION_KEVY, false);
    expect(kernel.text('LLEN', 'l')).toBe(':5000\r\n');
    expect(kernel.text('LINDEX', 'l', '4999')).toBe(`$1000\r\n${'4999'.padEnd(1000)}\r\n`);
    expect(kernel.text('STRLEN', 'b')).toBe(':700000\r\n');
    const found = [...readDump(file, VERSION_KEVY)].map(({ length }) => length);
    expect(found.reduce((a, b) => a + b)).toBe(file.size() - 10);
  });
});
