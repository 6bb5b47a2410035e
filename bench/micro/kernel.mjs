// Question: what does a pipelined command cost in the kernel alone, with parsing, reply and the crossing from JavaScript?
// Estimate: a SET or GET of 16 bytes runs a few hundred instructions, 50-100 ns, and at 100 000 random keys waits for two
// cache lines that nobody could have fetched before: a bucket and an entry. Target: under 150 ns.
//
// One batch is what a worker does with one read of a pipelining client: copy its bytes into the window, one `run`, look
// at the status, note where the reply lies. Batches are prepared beforehand; keys are random over the whole range. Each
// command is timed over few keys, which stay in the cache (what the instructions cost), and over many (what memory adds).
import { Bench } from 'tinybench';
import * as abi from '../../dist/host/kernel/abi.js';
import { frame, openShard, reply } from '../support/kernel.mjs';
import { describeMachine, loadLatencyNs } from '../support/machine.mjs';
import { readOptions } from '../support/options.mjs';
import { generator, hashBytes, hex } from '../support/random.mjs';
import { markdownTable } from '../support/table.mjs';

const options = readOptions({ tiny: false, keys: 100_000, pipeline: 16, timeMs: 1500, seed: 1 });
const keyCounts = options.tiny ? [100, 1000] : [1000, options.keys];
const timeMs = options.tiny ? 20 : options.timeMs;
const BATCHES = options.tiny ? 128 : 16_384;
/** Batches per timed call: enough that the clock's own cost vanishes. */
const BATCHES_PER_CALL = 64;
const OWNER = 1;
const LATCH_SPINS = 100;
const TARGET_NS = 150;
const ERROR_LEAD = '-'.charCodeAt(0);

const COMMANDS = [
  { name: 'SET', pipeline: options.pipeline, draw: (d) => frame('SET', d.key(), d.value()) },
  { name: 'GET', pipeline: options.pipeline, draw: (d) => frame('GET', d.key()) },
  { name: 'INCR', pipeline: options.pipeline, draw: (d) => frame('INCR', d.counter()) },
  {
    name: 'MGET 10 keys',
    pipeline: options.pipeline,
    draw: (d) => frame('MGET', ...Array.from({ length: 10 }, d.key)),
  },
  { name: 'SET, one a call', pipeline: 1, draw: (d) => frame('SET', d.key(), d.value()) },
  { name: 'GET, one a call', pipeline: 1, draw: (d) => frame('GET', d.key()) },
];

const keyName = (index) => `key:${String(index).padStart(12, '0')}`;
const counterName = (index) => `ctr:${String(index).padStart(12, '0')}`;

/** Executes bytes as one read. */
function run(shard, bytes) {
  shard.bytes.set(bytes, shard.input);
  const status = shard.calls.run(shard.window, 0, bytes.length, OWNER, LATCH_SPINS);
  if (status !== abi.STATUS_DONE) throw new Error(`the kernel stopped with status ${status}`);
}

/** A shard with `keyCount` strings and as many counters, and what draws its commands. */
function filledShard(keyCount) {
  const shard = openShard();
  const next = generator(options.seed);
  const draw = {
    key: () => keyName(next() % keyCount),
    counter: () => counterName(next() % keyCount),
    value: () => String(next()).padStart(16, 'v'),
  };
  for (let i = 0; i < keyCount; i++) run(shard, frame('SET', keyName(i), draw.value()));
  for (let i = 0; i < keyCount; i++) run(shard, frame('SET', counterName(i), i));
  return { shard, draw };
}

/** Runs each batch once, untimed: every command must be executed without an error, and the replies are hashed. */
function verify(shard, command, batches, hash) {
  for (const batch of batches) {
    run(shard, batch);
    if (shard.control(abi.CONTROL_COMMANDS) !== command.pipeline) throw new Error(`${command.name}: not all executed`);
    if (shard.control(abi.CONTROL_ERRORS) !== 0 || reply(shard)[0] === ERROR_LEAD) {
      throw new Error(`${command.name}: error reply`);
    }
    hash = hashBytes(reply(shard), hash);
  }
  return hash;
}

const bench = new Bench({ time: timeMs, warmupTime: options.tiny ? 10 : 300 });
const shards = [];
let hash = hashBytes(Buffer.from(keyCounts.join()));
for (const keyCount of keyCounts) {
  const { shard, draw } = filledShard(keyCount);
  shards.push(shard);
  for (const command of COMMANDS) {
    const { pipeline } = command;
    const batches = Array.from({ length: BATCHES }, () =>
      Buffer.concat(Array.from({ length: pipeline }, () => command.draw(draw))),
    );
    hash = verify(shard, command, batches, hash);
    let at = 0;
    bench.add(`${keyCount} ${command.name}`, () => {
      let replyBytes = 0;
      for (let i = 0; i < BATCHES_PER_CALL; i++) {
        run(shard, batches[at]);
        replyBytes += shard.control(abi.CONTROL_OUT_BYTES);
        at = at + 1 === BATCHES ? 0 : at + 1;
      }
      if (replyBytes === 0) throw new Error('no reply was made');
    });
  }
}
bench.runSync();

/** Median, least and 99th percentile of a task in ns per command. */
function timesOf(task, pipeline) {
  if (!task.result?.latency) throw task.result?.error ?? new Error(`${task.name} did not run`);
  const { p50, min, p99 } = task.result.latency;
  return [p50, min, p99].map((ms) => (ms * 1e6) / (BATCHES_PER_CALL * pipeline));
}
const rows = COMMANDS.map((command, i) => {
  const few = timesOf(bench.tasks[i], command.pipeline);
  const many = timesOf(bench.tasks[i + COMMANDS.length], command.pipeline);
  return [command.name, command.pipeline, ...few.slice(0, 2), ...many];
});
for (const shard of shards) {
  const broken = shard.calls.check();
  if (broken !== 0) throw new Error(`the shard's integrity check fails with ${broken}`);
}

for (const [name, text] of describeMachine()) console.log(`${name}: ${text}`);
console.log(`memory: a load that depends on the last one costs ${loadLatencyNs(16).toFixed(0)} ns over 16 MiB here`);
console.log('subject: kernel.shared.wasm, 16-byte keys and values, log off, no durability; ns per command\n');
const [few, many] = keyCounts;
const head = ['command', 'pipeline', `${few} keys, median`, 'least', `${many} keys, median`, 'least', 'p99'];
console.log(
  markdownTable(
    head,
    rows.map((row) => row.map((cell, i) => (i < 2 ? cell : cell.toFixed(1)))),
  ),
);
for (const [name, , , , ns] of rows.slice(0, 2)) {
  const verdict = ns < TARGET_NS ? 'met' : `missed by ${(ns - TARGET_NS).toFixed(1)} ns`;
  console.log(`${name}, ${many} keys: target under ${TARGET_NS} ns ${verdict}`);
}
console.log(`result hash: ${hex(hash)}`);
