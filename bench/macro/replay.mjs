// Question: how long does a start take that finds a log, against redis-server with an append-only file of the same
// commands? Estimate: a record is checked twice (a checksum and its shape, at a gigabyte a second) and executed once, which
// costs what a pipelined command costs in the kernel, without a reply that anybody reads: 300 ns to 500 ns on a random key.
// redis-server makes an argument vector of objects for each command and executes it: a microsecond and more. Budget: twice
// redis-server's commands a second on one core; target: 1.5 million plain SETs a second.
//
// Both read the same commands from a file in the page cache, our log as records, redis-server's as bare frames. Ours is
// timed around scan and replay, which is what recovery does with a log; redis-server by its own line about the load.
import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeLogStart, encodeRecord } from '../../dist/host/persistence/log-format.js';
import { scanLog } from '../../dist/host/persistence/log-scan.js';
import { replayLog } from '../../dist/host/persistence/replay.js';
import { NodeStorage } from '../../dist/host/storage/node-fs.js';
import { openShard } from '../support/kernel.mjs';
import { describeMachine, firstLine } from '../support/machine.mjs';
import { readOptions } from '../support/options.mjs';
import { generator, hashBytes, hex } from '../support/random.mjs';
import { markdownTable } from '../support/table.mjs';
import { Client } from './client.mjs';

const options = readOptions({ tiny: false, commands: 5_000_000, rounds: 3, only: 'set,mixed' });
const commandCount = options.tiny ? 3000 : options.commands;
const rounds = options.tiny ? 1 : options.rounds;
const SEED = 4;
const FLUSH_BYTES = 1 << 22;
const BUDGET = 2;
const LOADED = /DB loaded from append only file: ([\d.]+) seconds/;
const LOAD_WITHIN_MS = 300_000;

const digits = (number, width) => String(number).padStart(width, '0');
/** The year 2096, in milliseconds. */
const FAR = 4e12;

/** What a log holds: the command with this number, from three random words. */
const WORKLOADS = {
  set: {
    title: 'SET, as many keys',
    command: (i) => ['SET', `key:${digits(i, 12)}`, `value ${digits(i, 10)}`],
  },
  mixed: { title: 'mixed commands', command: mixed },
};

/** Keys in ten times fewer than commands; of containers, a hundred times fewer. */
function mixed(i, a, b, c) {
  const some = digits(a % Math.ceil(commandCount / 10), 12);
  const few = digits(a % Math.ceil(commandCount / 100), 12);
  const draw = c % 100;
  if (draw < 40) return ['SET', `key:${some}`, `value ${digits(b % 1e10, 10)}`];
  if (draw < 45) return ['PEXPIREAT', `key:${some}`, String(FAR + (b % 1e6))];
  if (draw < 50) return ['DEL', `key:${some}`];
  if (draw < 55) return ['INCRBY', `count:${few}`, String(b % 1000)];
  if (draw < 70) return ['HSET', `hash:${few}`, `field ${b % 20}`, `value ${i}`];
  if (draw < 77) return ['RPUSH', `list:${few}`, `element ${i}`];
  if (draw < 82) return ['LPOP', `list:${few}`];
  if (draw < 89) return ['SADD', `set:${few}`, `member ${b % 50}`];
  if (draw < 97) return ['ZADD', `zset:${few}`, String(b % 1000), `member ${c % 200}`];
  return ['XADD', `stream:${digits(a % 100, 3)}`, `${i + 1}-0`, 'field', `value ${b % 1000}`];
}

/** Writes the same commands as a log of ours and as redis-server's. */
function writeLogs({ command }, ours, theirs) {
  const start = { birthId: '0'.repeat(32), firstLsn: 0, firstRound: 1 };
  const files = [ours, theirs].map((path) => ({ fd: openSync(path, 'w'), parts: [], bytes: 0 }));
  const put = (file, part) => {
    file.parts.push(part);
    file.bytes += part.length;
    if (file.bytes < FLUSH_BYTES) return;
    writeSync(file.fd, Buffer.concat(file.parts));
    file.parts = [];
    file.bytes = 0;
  };
  put(files[0], encodeLogStart(start));
  const random = generator(SEED);
  for (let i = 0; i < commandCount; i++) {
    const record = encodeRecord(command(i, random(), random(), random()));
    put(files[0], record);
    put(files[1], record.subarray(8));
  }
  for (const { fd, parts } of files) {
    writeSync(fd, Buffer.concat(parts));
    closeSync(fd);
  }
}

/** Seconds that a start of ours spends on the log, and what is there afterwards. */
async function ourLoad(storage, name) {
  const shard = openShard();
  const file = await storage.open(name, 'read');
  const began = performance.now();
  const scan = scanLog(file, shard, { shard: 0 });
  const scanned = performance.now();
  const range = { version: scan.version, from: scan.firstOffset, to: scan.goodBytes };
  const replayed = replayLog(file, shard, range, { ours: true, nowMs: Date.now() });
  const ended = performance.now();
  file.close();
  if (scan.damage || replayed.commands !== commandCount) throw new Error(`${replayed.commands} of ${commandCount}`);
  return {
    scan: (scanned - began) / 1000,
    total: (ended - began) / 1000,
    keys: shard.calls.databaseKeys(0),
    digest: BigInt.asUintN(64, shard.calls.digest(shard.window, 0)),
  };
}

function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

/** Seconds that redis-server says its load took, and how many keys it has then. */
async function theirLoad(directory) {
  const port = await freePort();
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--dir', directory, '--save', '', '--appendonly', 'yes'];
  const child = spawn('redis-server', args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  try {
    let output = '';
    const seconds = await new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`redis-server has not loaded its file:\n${output}`)),
        LOAD_WITHIN_MS,
      );
      child.once('error', reject);
      child.once('exit', () => reject(new Error(`redis-server ended:\n${output}`)));
      child.stdout.setEncoding('utf8').on('data', (text) => {
        output += text;
        const found = LOADED.exec(output);
        if (!found || !output.includes('Ready to accept connections')) return;
        clearTimeout(timer);
        resolve(Number(found[1]));
      });
    });
    const client = new Client(port);
    const keys = await client.call('DBSIZE');
    client.close();
    return { seconds, keys };
  } finally {
    child.kill('SIGKILL');
    await ended;
  }
}

const median = (numbers) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1];
const spread = (numbers) =>
  `± ${(((Math.max(...numbers) - Math.min(...numbers)) / 2 / median(numbers)) * 100).toFixed(0)} %`;
/** Commands a second, in millions. */
const rate = (seconds) => (commandCount / seconds / 1e6).toFixed(2);

const names = options.only.split(',');
const unknown = names.find((name) => !(name in WORKLOADS));
if (unknown !== undefined) throw new Error(`--only knows ${Object.keys(WORKLOADS).join(', ')}, not ${unknown}`);
const directory = mkdtempSync(join(tmpdir(), 'latchkey-replay-'));
process.on('exit', () => rmSync(directory, { recursive: true, force: true }));
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1));
const theirs = join(directory, 'appendonlydir');
mkdirSync(theirs);
writeFileSync(join(theirs, 'appendonly.aof.manifest'), 'file appendonly.aof.1.incr.aof seq 1 type i\n');
const storage = NodeStorage.open(directory);
const rows = [];
let hash = hashBytes(Buffer.from(String(commandCount)));
for (const name of names) {
  const workload = WORKLOADS[name];
  const log = join(directory, 'aof-0.aof');
  writeLogs(workload, log, join(theirs, 'appendonly.aof.1.incr.aof'));
  const [ours, rivals] = [[], []];
  for (let round = 0; round < rounds; round++) {
    ours.push(await ourLoad(storage, 'aof-0.aof'));
    rivals.push(await theirLoad(directory));
    if (ours[round].keys !== rivals[round].keys) throw new Error(`${ours[round].keys} keys, not ${rivals[round].keys}`);
  }
  hash = hashBytes(Buffer.from(String(ours[0].digest)), hash);
  const totals = ours.map(({ total }) => total);
  const seconds = rivals.map((rival) => rival.seconds);
  // A load of less than a millisecond has no time of its own in redis-server's line.
  const ratio = median(seconds) / median(totals);
  const verdict = seconds.some((value) => value < 0.1) ? 'too short to tell' : ratio >= BUDGET ? 'met' : 'missed';
  rows.push([
    workload.title,
    ours[0].keys,
    (statSync(log).size / 1e6).toFixed(1),
    rate(median(ours.map(({ scan }) => scan))),
    `${rate(median(totals))} ${spread(totals)}`,
    seconds.some((value) => value < 0.1) ? '–' : `${rate(median(seconds))} ${spread(seconds)}`,
    verdict === 'too short to tell' ? '–' : `${ratio.toFixed(2)}×`,
    verdict,
  ]);
}

const facts = [
  ...describeMachine(),
  ['redis-server', firstLine('redis-server', '--version')],
  ['rounds', String(rounds)],
];
console.log(`# Replay of ${commandCount} commands\n`);
for (const [name, value] of facts) console.log(`- ${name}: ${value}`);
console.log(
  `\n${markdownTable(
    ['log of', 'keys', 'MB', 'scanned, M/s', 'scanned and replayed, M/s', 'redis-server, M/s', 'ratio', `${BUDGET}×`],
    rows,
  )}`,
);
console.log(`\nM/s: million commands a second, on one core. One shard; medians.\nresult hash: ${hex(hash)}`);
