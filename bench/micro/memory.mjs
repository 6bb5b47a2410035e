// Questions: what does maxmemory cost a SET while it is far away, and what when every write has to evict? How long does
// a slice of active defragmentation hold the latch, and does a shard that was thinned serve its load again without
// growing? Expected: far away, one comparison (nothing to see); at the limit, a draw of five keys and a deletion for each
// write, 1-3 µs; a slice a few ten microseconds.

import { readFileSync } from 'node:fs';
import * as abi from '../../dist/host/kernel/abi.js';
import { initShard, newShardMemory, SERVER_LAYOUT, ShardKernel } from '../../dist/host/kernel/kernel.js';
import { DEFRAG_BUDGET } from '../../dist/host/worker/defragmenter.js';
import { Evictor } from '../../dist/host/worker/evictor.js';
import { Latches } from '../../dist/host/worker/latches.js';
import { configureMaxmemory } from '../../dist/host/worker/memory-limit.js';
import { Histogram } from '../support/histogram.mjs';
import { frame, openShard } from '../support/kernel.mjs';
import { describeMachine } from '../support/machine.mjs';
import { readOptions } from '../support/options.mjs';
import { hex } from '../support/random.mjs';
import { markdownTable } from '../support/table.mjs';
import { threadClock } from '../support/thread-clock.mjs';

const options = readOptions({ tiny: false, keys: 0 });
const keyCount = options.keys || (options.tiny ? 20_000 : 500_000);
const rounds = options.tiny ? 3 : 15;
const PIPELINE = 16;
const SLICE_NS_MAX = 1e6;
const VALUE = 'v'.repeat(100);

const clock = await threadClock();
const set = (i) => frame('SET', `key:${String(i).padStart(12, '0')}`, VALUE);
const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];

/** Executes frames that fit the window; throws on anything but their being done. */
function run(shard, bytes, evictor) {
  shard.bytes.set(bytes, shard.input);
  let from = 0;
  while (from < bytes.length) {
    shard.stamp(Date.now(), 1000, 0, 2, 0, abi.FRAMES_MAX, 512 << 20);
    const status = shard.calls.run(shard.window, from, bytes.length, 1, 100);
    from += shard.control(abi.CONTROL_CONSUMED);
    if (status === abi.STATUS_EVICT && evictor.makeRoom() === 'room') continue;
    if (status !== abi.STATUS_DONE || shard.control(abi.CONTROL_ERRORS) !== 0) throw new Error(`status ${status}`);
  }
}

const policy = (maxmemory) => ({
  maxmemory,
  maxmemoryPolicy: 'allkeys-lru',
  maxmemorySamples: 5,
  maxmemoryEvictionTenacity: 100,
});

/** Nanoseconds of CPU for a SET over a full set of keys: no limit, and one that is far away; by turns. */
function farAway() {
  const shard = openShard();
  const evictor = new Evictor([shard], new Latches([shard], 1), { nowMs: Date.now, lruClock: () => 1000 });
  const batches = Array.from({ length: 4096 }, (_, i) =>
    Buffer.concat(Array.from({ length: PIPELINE }, (_, k) => set(i * PIPELINE + k))),
  );
  const times = { 0: [], 1: [] };
  for (let round = 0; round < rounds * 2 + 2; round++) {
    const limited = round & 1;
    configureMaxmemory([shard.memory], policy(limited * 2 ** 31));
    evictor.makeRoom();
    const before = clock.now();
    for (const batch of batches) run(shard, batch, evictor);
    if (round > 1) times[limited].push((clock.now() - before) / batches.length / PIPELINE);
  }
  return [median(times[0]), median(times[1])];
}

/** Nanoseconds of CPU for a SET of a new key, one to a call, without a limit and at it. */
function atTheLimit(shardCount) {
  const module = new WebAssembly.Module(readFileSync(new URL('../../dist/kernel.shared.wasm', import.meta.url)));
  const layout = { ...SERVER_LAYOUT, shardCount, windowCount: 1, routing: 0, databases: 16 };
  const shards = Array.from({ length: shardCount }, (_, index) => {
    const memory = newShardMemory(true, layout.pagesMax);
    initShard(
      module,
      memory,
      index,
      layout,
      Uint8Array.from({ length: 104 }, (_, i) => (i * 37 + 11) & 255),
    );
    return new ShardKernel(module, memory, index, 0, layout);
  });
  const evictor = new Evictor(shards, new Latches(shards, 1), { nowMs: Date.now, lruClock: () => 1000 });
  const count = Math.min(keyCount, 200_000);
  let next = 0;
  const fill = () => {
    const before = clock.now();
    for (let i = 0; i < count; i++, next++) {
      const bytes = set(next);
      const key = `key:${String(next).padStart(12, '0')}`;
      shards[0].bytes.set(Buffer.from(key), shards[0].staging);
      run(shards[shards[0].calls.route(shards[0].staging, key.length)], bytes, evictor);
    }
    return (clock.now() - before) / count;
  };
  const free = fill();
  const used = evictor.limit.used();
  configureMaxmemory(
    shards.map((shard) => shard.memory),
    policy(used),
  );
  fill();
  const full = fill();
  const held = evictor.limit.used();
  if (held > used + 8192) throw new Error(`the limit is ${used} and ${held} are used`);
  const sound = shards.every((shard) => shard.calls.check() === 0);
  if (!sound) throw new Error('a shard is damaged');
  return { free, full };
}

/** Keys of mixed sizes, all but one in a hundred deleted, defragmented in slices, and loaded again. */
function thinned() {
  const shard = openShard();
  const command = (verb, i) => frame(verb, `key:${i}`, ...(verb === 'SET' ? ['v'.repeat((i * 2654435761) % 600)] : []));
  const feed = (verb, keep) => {
    let parts = [];
    for (let i = 0; i < keyCount; i++) {
      if (!keep(i)) continue;
      parts.push(command(verb, i));
      if (parts.length === PIPELINE) run(shard, Buffer.concat(parts.splice(0)));
    }
    if (parts.length > 0) run(shard, Buffer.concat(parts));
    parts = [];
  };
  feed('SET', () => true);
  const grown = shard.calls.committedBytes();
  feed('DEL', (i) => i % 100 !== 0);
  const holes = shard.calls.sparseBytes();
  const slices = new Histogram();
  for (let more = 1; more !== 0; ) {
    const before = clock.now();
    more = shard.calls.defrag(DEFRAG_BUDGET);
    slices.record(clock.now() - before);
  }
  shard.calls.purge();
  const left = shard.calls.sparseBytes();
  feed('SET', () => true);
  const broken = shard.calls.check();
  if (broken !== 0) throw new Error(`the shard's integrity check fails with ${broken}`);
  return { shard, grown, again: shard.calls.committedBytes(), holes, left, slices };
}

for (const [name, text] of describeMachine()) console.log(`${name}: ${text}`);
console.log(`clock: ${clock.source}\n`);
const [none, far] = farAway();
const rows = [
  ['SET, pipeline 16, no limit', none.toFixed(0), ''],
  ['SET, pipeline 16, limit far away', far.toFixed(0), (far / none).toFixed(3)],
];
for (const shardCount of [1, 3]) {
  const { free, full } = atTheLimit(shardCount);
  rows.push([`SET of a new key, one a call, ${shardCount} shard(s), no limit`, free.toFixed(0), '']);
  rows.push([`the same, evicting by allkeys-lru`, full.toFixed(0), (full / free).toFixed(2)]);
}
console.log(markdownTable(['what', 'CPU ns', 'ratio'], rows));
const { shard, grown, again, holes, left, slices } = thinned();
const mib = (bytes) => (bytes / 2 ** 20).toFixed(1);
const us = (ns) => (ns / 1000).toFixed(1);
console.log(`\n${keyCount} keys, thinned to one in a hundred: holes of ${mib(holes)} MiB, ${mib(left)} after one pass`);
const shares = [0.5, 0.99].map((share) => us(slices.percentile(share)));
console.log(
  `slices of ${DEFRAG_BUDGET}: ${slices.count}, median ${shares[0]} µs, 99 % ${shares[1]} µs, longest ${us(slices.max)} µs`,
);
console.log(`longest slice under ${us(SLICE_NS_MAX)} µs: ${slices.max < SLICE_NS_MAX ? 'met' : 'MISSED'}`);
console.log(
  `memory after the same load again: ${mib(again)} MiB, ${mib(grown)} before: ${again <= grown ? 'met' : 'MISSED'}`,
);
console.log(`result hash: ${hex(Number(shard.calls.digest(shard.window, 0) & 0xffffffffn))}`);
