// What the persistence engine takes with much data: a snapshot, and the worst that a client sees meanwhile; a start over
// the snapshot; a change from four shards to six, its time beside that of a plain start, and its peak of memory.
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Histogram } from '../support/histogram.mjs';
import { markdownTable, median } from '../support/table.mjs';
import { Client } from './client.mjs';
import { fillKeys } from './load.mjs';
import { familyBytes, peakBytes, residentBytes } from './proc.mjs';
import { judged } from './samples.mjs';
import { latchkey, pinned, redisServer, startServer } from './servers.mjs';

const CLI = fileURLToPath(new URL('../../dist/bundle/server/cli.js', import.meta.url));
/** DESIGN: reshard within twice the time of a plain load. */
const RESHARD = { atMost: 2 };
const ROUNDS_MAX = 3;

/** @param {import('./plan.mjs').Plan} plan @returns {Promise<string>} Markdown. */
export async function compareDisk(plan) {
  const rounds = Math.min(plan.rounds, ROUNDS_MAX);
  const kinds = [
    { title: 'redis-server', server: (dir) => ({ ...redisServer(), command: redisAt(dir) }) },
    { title: 'latchkey 1w 4s', server: (dir) => ({ ...latchkey({ threads: 1, shards: 4 }), command: oursAt(dir, 4) }) },
  ];
  const results = kinds.map(() => []);
  const reshards = [];
  for (let round = 0; round < rounds; round++) {
    for (const [i, kind] of kinds.entries()) {
      const dir = mkdtempSync(join(tmpdir(), 'latchkey-bench-disk-'));
      try {
        results[i].push(await snapshotAndStart(plan, kind.server(dir), dir));
        if (i === 1) reshards.push(await reshard(plan, dir));
      } finally {
        rmSync(dir, { recursive: true, force: true });
      }
    }
  }
  const of = (i, field) => median(results[i].map((result) => result[field]));
  const row = (i) => [
    kinds[i].title,
    ...[of(i, 'saveS').toFixed(2), (of(i, 'bytes') / 2 ** 20).toFixed(0)],
    ...[of(i, 'idleWorstMs').toFixed(1), of(i, 'worstMs').toFixed(1), of(i, 'p99Ms').toFixed(2)],
    ...[(of(i, 'grownBytes') / 2 ** 20).toFixed(0), of(i, 'startS').toFixed(2)],
  ];
  const reshardS = median(reshards.map(({ seconds }) => seconds));
  const peak = median(reshards.map(({ peak: bytes }) => bytes));
  return [
    `## Snapshot, start and reshard, ${plan.diskKeys} keys`,
    markdownTable(
      [
        '',
        'snapshot, s',
        'MiB',
        'worst GET/SET before, ms',
        '… during, ms',
        'p99 during, ms',
        'memory added, MiB',
        'start, s',
      ],
      [row(0), row(1)],
    ),
    `16-byte keys and values; one client asks GET and SET of random keys in turn, one at a time, before and during BGSAVE.
Start is from the process's start to its first reply.

\`latchkey reshard\` from 4 shards to 6: ${reshardS.toFixed(2)} s, against the plain start ${judged(reshardS / of(1, 'startS'), RESHARD)}; peak memory
${(peak / 2 ** 20).toFixed(0)} MiB, where the server with the same data has ${(of(1, 'residentBytes') / 2 ** 20).toFixed(0)} MiB.`,
  ].join('\n\n');
}

const redisAt = (dir) => (port) => [
  ...['redis-server', '--port', String(port), '--bind', '127.0.0.1', '--dir', dir],
  ...['--save', '', '--appendonly', 'no', '--daemonize', 'no'],
];
const oursAt = (dir, shards) => (port) => [
  ...[process.execPath, CLI, '--port', String(port), '--bind', '127.0.0.1', '--threads', '1'],
  ...['--shards', String(shards), '--dir', dir, '--appendonly', 'no', '--save', ''],
];

async function snapshotAndStart(plan, kind, dir) {
  const server = await startServer(kind, plan.serverCores);
  const result = {};
  try {
    await fillKeys(server, plan.diskKeys);
    const before = residentBytes(server.pid);
    result.residentBytes = before;
    const idle = await probe(server, plan, () => sleep(plan.seconds * 1000));
    result.idleWorstMs = idle.max / 1e6;
    const start = performance.now();
    let most = before;
    const during = await probe(server, plan, async () => {
      await server.client.call('BGSAVE');
      for (;;) {
        most = Math.max(most, familyBytes(server.pid));
        const info = await server.client.call('INFO', 'persistence');
        if (/rdb_bgsave_in_progress:0/.test(info)) {
          if (!/rdb_last_bgsave_status:ok/.test(info)) throw new Error(`${kind.name}: the snapshot failed`);
          break;
        }
        await sleep(20);
      }
    });
    result.saveS = (performance.now() - start) / 1000;
    result.worstMs = during.max / 1e6;
    result.p99Ms = during.percentile(0.99) / 1e6;
    result.grownBytes = most - before;
  } finally {
    await server.stop();
  }
  result.bytes = directoryBytes(dir);
  const again = await startServer(kind, plan.serverCores);
  try {
    result.startS = again.firstReplyMs / 1000;
    const keys = await again.client.call('DBSIZE');
    if (keys !== plan.diskKeys) throw new Error(`${kind.name} found ${keys} keys, not ${plan.diskKeys}`);
  } finally {
    await again.stop();
  }
  return result;
}

/** One client, one command at a time, while `work` goes on. */
async function probe(server, plan, work) {
  const histogram = new Histogram();
  const client = new Client(server.port);
  let running = true;
  const done = work().finally(() => {
    running = false;
  });
  for (let n = 0; running; n++) {
    const key = `key:${String(Math.floor(Math.random() * plan.diskKeys)).padStart(12, '0')}`;
    const from = performance.now();
    await client.call(...(n % 2 === 0 ? ['GET', key] : ['SET', key, 'abcdefghijklmnop']));
    histogram.record(Math.round((performance.now() - from) * 1e6));
  }
  await done;
  client.close();
  return histogram;
}

function directoryBytes(dir) {
  return readdirSync(dir).reduce((sum, name) => sum + statSync(join(dir, name)).size, 0);
}

function reshard(plan, dir) {
  return new Promise((resolve, reject) => {
    const command = pinned(plan.serverCores, [process.execPath, CLI, 'reshard', '--dir', dir, '--shards', '6']);
    const start = performance.now();
    const child = spawn(command[0], command.slice(1), { stdio: ['ignore', 'ignore', 'inherit'] });
    let peak = 0;
    const watch = setInterval(() => {
      peak = Math.max(peak, peakBytes(child.pid) ?? 0);
    }, 10);
    child.once('error', reject);
    child.once('exit', (code) => {
      clearInterval(watch);
      if (code !== 0) reject(new Error(`reshard ended with ${code}`));
      else resolve({ seconds: (performance.now() - start) / 1000, peak });
    });
  });
}
