// Question: how fast is a shard encoded for its snapshot file, checked, and loaded again? Estimate: a short string is a few
// dozen bytes copied, beside two cache lines that nobody could have fetched before (a bucket, an entry): 100 ns. Loading
// one is an insert: 150 ns. Target: three million short strings a second each way, and ten million elements of containers.
//
// The kernel is the tests' release build (node scripts/build-test-kernels.mjs kernel), which encodes a database without a
// snapshot's walk. The sink is emptied as the engine empties it, with the checksum, into memory; no disk.

import * as abi from '../../dist/host/kernel/abi.js';
import { Crc64 } from '../../dist/host/persistence/crc64.js';
import { loadDump, verifyDump } from '../../dist/host/persistence/dump-read.js';
import { DumpWriter } from '../../dist/host/persistence/dump-write.js';
import { frame, openShard } from '../support/kernel.mjs';
import { describeMachine } from '../support/machine.mjs';
import { readOptions } from '../support/options.mjs';
import { hashBytes, hex } from '../support/random.mjs';
import { markdownTable } from '../support/table.mjs';

const options = readOptions({ tiny: false, keys: 1_000_000, rounds: 3 });
const keyCount = options.tiny ? 2000 : options.keys;
const rounds = options.tiny ? 1 : options.rounds;
const KERNEL = 'build/kernel.shared.release.wasm';
const OWNER = 1;
const ELEMENTS = 1000;

const value = (i) => `value ${String(i).padStart(10, '0')}`;
const key = (i) => `key:${String(i).padStart(12, '0')}`;
/** What is filled in: frames, and how many keys and elements they make. */
const SHAPES = {
  'strings of 16 bytes': { keys: keyCount, each: (i) => frame('SET', key(i), value(i)) },
  'strings with a deadline': { keys: keyCount, each: (i) => frame('SET', key(i), value(i), 'PXAT', 4e12) },
  integers: { keys: keyCount, each: (i) => frame('SET', key(i), i) },
  'hashes of 5 fields': { keys: keyCount / 5, each: (i) => frame('HSET', key(i), ...pairs(5, i)) },
  'lists of 10': { keys: keyCount / 10, each: (i) => frame('RPUSH', key(i), ...members(10, i)) },
  'sorted sets of 10': { keys: keyCount / 10, each: (i) => frame('ZADD', key(i), ...scored(10, i)) },
  'hashes of 1000 fields': { keys: keyCount / ELEMENTS, each: (i) => frame('HSET', key(i), ...pairs(ELEMENTS, i)) },
  'sets of 1000': { keys: keyCount / ELEMENTS, each: (i) => frame('SADD', key(i), ...members(ELEMENTS, i)) },
  'sorted sets of 1000': { keys: keyCount / ELEMENTS, each: (i) => frame('ZADD', key(i), ...scored(ELEMENTS, i)) },
  'stream entries': { keys: keyCount, each: (i) => frame('XADD', `stream ${i % 10}`, `${i + 1}-0`, 'field', value(i)) },
};
const members = (count, i) => Array.from({ length: count }, (_, m) => `member ${i} ${m}`);
const pairs = (count, i) => Array.from({ length: count }, (_, m) => [`field ${m}`, value(i + m)]).flat();
const scored = (count, i) => Array.from({ length: count }, (_, m) => [(m * 7919) % 1000, `member ${i} ${m}`]).flat();

/** A file in memory that has its room from the start. */
class MemoryFile {
  name = 'memory';
  #size = 0;
  constructor(bytes) {
    this.bytes = new Uint8Array(bytes);
  }
  size() {
    return this.#size;
  }
  read(into, at) {
    const part = this.bytes.subarray(at, Math.min(at + into.length, this.#size));
    into.set(part);
    return part.length;
  }
  write(bytes, at) {
    this.bytes.set(bytes, at);
    this.#size = Math.max(this.#size, at + bytes.length);
  }
}

function run(shard, bytes) {
  shard.bytes.set(bytes, shard.input);
  const status = shard.calls.run(shard.window, 0, bytes.length, OWNER, 100);
  if (status !== abi.STATUS_DONE || shard.control(abi.CONTROL_ERRORS) !== 0) throw new Error(`status ${status}`);
}

/** Encodes the shard's database into a file. */
function encode(shard, file) {
  const { calls } = shard;
  calls.encodeReset(2 ** 33);
  const writer = new DumpWriter(file);
  calls.encodeDatabase(shard.window, 0, 0);
  if (calls.sinkFailed() !== 0) throw new Error('the sink has failed');
  for (let at = calls.sinkPiece() >>> 0; at !== 0; at = calls.sinkPiece() >>> 0) {
    const bytes = calls.sinkPieceBytes() >>> 0;
    writer.append(shard.view(at, bytes));
    calls.sinkConsume(bytes);
  }
  writer.finish({ own: calls.sinkOwn() !== 0 });
}

const seconds = (work) => {
  const from = performance.now();
  work();
  return (performance.now() - from) / 1000;
};
const best = (work) => Math.min(...Array.from({ length: rounds }, () => seconds(work)));

const rows = [];
let hash = hashBytes(Buffer.from(String(keyCount)));
for (const [name, { keys, each }] of Object.entries(SHAPES)) {
  const shard = openShard(KERNEL);
  shard.setControl(abi.CONTROL_FLAGS, abi.CALL_SLOW);
  for (let i = 0; i < keys; i++) run(shard, each(i));
  const { calls } = shard;
  calls.encodeReset(2 ** 33);
  const kernelOnly = best(() => {
    calls.encodeReset(2 ** 33);
    calls.encodeDatabase(shard.window, 0, 0);
  });
  const file = new MemoryFile(Number(calls.sinkBytes()) + 100);
  calls.sinkClear();
  const written = best(() => encode(shard, file));
  let verdict;
  const verified = best(() => {
    verdict = verifyDump(file);
  });
  if (verdict.kind !== 'ours') throw new Error(`${name}: ${verdict.reason}`);
  let loaded;
  const decoded = best(() => {
    loaded = openShard(KERNEL);
    loadDump(file, verdict.version, loaded, { nowMs: Date.now(), owner: OWNER });
  });
  if (loaded.calls.digest(loaded.window, 0) !== calls.digest(shard.window, 0)) throw new Error(`${name}: not the same`);
  hash = hashBytes(Buffer.from(String(file.size())), hash);
  const count = calls.databaseKeys(0);
  const rate = (time) => `${(count / time / 1e6).toFixed(2)}`;
  const speed = (time) => `${(file.size() / time / 1e6).toFixed(0)}`;
  rows.push([
    name,
    count,
    (file.size() / 1e6).toFixed(1),
    rate(kernelOnly),
    speed(kernelOnly),
    rate(written),
    speed(written),
    speed(verified),
    rate(decoded),
    speed(decoded),
  ]);
}

const bytes = new Uint8Array(options.tiny ? 1 << 20 : 1 << 26).fill(7);
const crc = best(() => new Crc64().update(bytes));
console.log(`# Dumps\n\n${describeMachine()}\n`);
console.log(
  markdownTable(
    [
      'what',
      'keys',
      'MB',
      'encoded, M keys/s',
      'MB/s',
      'and written, M keys/s',
      'MB/s',
      'verified, MB/s',
      'loaded, M keys/s',
      'MB/s',
    ],
    rows,
  ),
);
console.log(`\nchecksum alone: ${(bytes.length / crc / 1e6).toFixed(0)} MB/s\nresult hash: ${hex(hash)}`);
