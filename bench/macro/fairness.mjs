// Question: while one shard is busy for about a second, and clients queue up for it, how long do GETs to other shards
// take, on every worker? Target: p99 below 5 ms.
//
// Two workers, three shards routed by slots, so that this script can tell which shard a key is in. One client has the slow
// lane XOR a long string with itself many times; others ask the busy shard for a small key meanwhile and have to wait;
// GETs go to the other shards, one at a time, over several connections, each with a histogram of its own. Clients cannot
// tell which worker they are on, so the worst connection stands for the worst worker.
import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { Histogram } from '../support/histogram.mjs';
import { describeMachine } from '../support/machine.mjs';
import { markdownTable } from '../support/table.mjs';

const TARGET_MS = 5;
const GETTERS = 8;
const WAITERS = 6;
const ROUNDS = 3;
const SHARDS = 3;
/** The busy command reads this many bytes this many times. */
const BIG_BYTES = 256 << 20;
const SOURCES = 60;
const CLI = fileURLToPath(new URL('../../dist/bundle/server/cli.js', import.meta.url));

const port = await freePort();
const server = spawn(
  process.execPath,
  [
    CLI,
    '--port',
    String(port),
    '--bind',
    '127.0.0.1',
    '--threads',
    '2',
    '--shards',
    String(SHARDS),
    '--routing',
    'slots',
  ],
  { stdio: ['ignore', 'pipe', 'inherit'] },
);
// Whatever ends this process ends the server.
process.on('exit', () => server.kill('SIGKILL'));
try {
  await new Promise((resolve, reject) => {
    server.once('exit', (code) => reject(new Error(`the server ended with ${code}`)));
    server.stdout.on('data', (text) => String(text).includes('Ready to accept connections') && resolve());
  });
  const report = await measure();
  console.log(report);
  const results = new URL('../results/', import.meta.url);
  mkdirSync(results, { recursive: true });
  writeFileSync(new URL(`${new Date().toISOString().slice(0, 10)}-fairness.md`, results), `${report}\n`);
} finally {
  server.kill('SIGTERM');
}

async function measure() {
  const busy = await client();
  const getters = await Promise.all(Array.from({ length: GETTERS }, client));
  const waiters = await Promise.all(Array.from({ length: WAITERS }, client));
  await busy('SETRANGE', 'big', String(BIG_BYTES - 1), 'x');
  const heavy = ['BITOP', 'XOR', 'big', ...new Array(SOURCES).fill('big')];
  const candidates = Array.from({ length: 24 }, (_, i) => `other:${i}`);
  for (const key of candidates) await busy('SET', key, 'x');
  const free = candidates.filter((key) => shardOf(key) !== shardOf('big'));
  const taken = candidates.filter((key) => shardOf(key) === shardOf('big'));
  // The lane's thread starts with its first command.
  await busy(...heavy);
  let running = true;

  const histograms = getters.map(() => new Histogram());
  const all = new Histogram();
  let busyMs = 0;
  let waited = 0;
  for (let round = 0; round < ROUNDS; round++) {
    running = true;
    const start = performance.now();
    const slow = busy(...heavy).then(() => {
      running = false;
      busyMs += performance.now() - start;
    });
    const queue = waiters.map(async (ask) => {
      await ask('GET', taken[0]);
      waited++;
    });
    await Promise.all(
      getters.map(async (ask, i) => {
        for (let n = i; running; n++) {
          const from = performance.now();
          await ask('GET', free[n % free.length]);
          const ns = Math.round((performance.now() - from) * 1e6);
          histograms[i].record(ns);
          all.record(ns);
        }
      }),
    );
    await Promise.all([slow, ...queue]);
  }
  const ms = (ns) => (ns / 1e6).toFixed(2);
  const row = (name, h) => [name, h.count, ms(h.percentile(0.5)), ms(h.percentile(0.99)), ms(h.max)];
  const worst = Math.max(...histograms.map((h) => h.percentile(0.99))) / 1e6;
  return [
    '# GETs to other shards while one shard is busy',
    describeMachine()
      .map(([name, value]) => `- ${name}: ${value}`)
      .join('\n'),
    `The shard was busy for ${(busyMs / ROUNDS).toFixed(0)} ms in each of ${ROUNDS} rounds; ${waited} GETs waited for it.`,
    markdownTable(
      ['connection', 'GETs', 'p50 ms', 'p99 ms', 'max ms'],
      [...histograms.map((h, i) => row(`${i + 1}`, h)), row('all', all)],
    ),
    `Worst p99 of a connection: ${worst.toFixed(2)} ms (< ${TARGET_MS}: ${worst < TARGET_MS ? 'met' : 'missed'}).`,
  ].join('\n\n');
}

/** The shard of a key without a hash tag: CRC16/XMODEM of it, modulo the slots of Redis Cluster, over the shards. */
function shardOf(key) {
  let crc = 0;
  for (const byte of Buffer.from(key)) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1) & 0xffff;
  }
  return ((crc % 16384) * SHARDS) >> 14;
}

/** A connection for one command at a time, whose replies are one line or one bulk string. */
async function client() {
  const socket = connect(port, '127.0.0.1').setNoDelay(true);
  socket.unref();
  await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  let got = '';
  let settle;
  socket.on('data', (chunk) => {
    got += chunk.toString('latin1');
    const line = got.indexOf('\r\n');
    if (line < 0) return;
    const bulk = got[0] === '$' ? Number(got.slice(1, line)) : -1;
    if (bulk >= 0 && got.length < line + 2 + bulk + 2) return;
    const { resolve, reject } = settle;
    const reply = got;
    got = '';
    if (reply[0] === '-') reject(new Error(reply.trim()));
    else resolve(reply);
  });
  return (...args) =>
    new Promise((resolve, reject) => {
      settle = { resolve, reject };
      socket.write(`*${args.length}\r\n${args.map((arg) => `$${Buffer.byteLength(arg)}\r\n${arg}\r\n`).join('')}`);
    });
}

function freePort() {
  return new Promise((resolve, reject) => {
    const listener = createServer().once('error', reject);
    listener.listen(0, '127.0.0.1', () => {
      const { port: free } = listener.address();
      listener.close(() => resolve(free));
    });
  });
}
