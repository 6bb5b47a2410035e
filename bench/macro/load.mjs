// One run of redis-benchmark against one server, with the accounts of both.
import { spawn } from 'node:child_process';
import { cpuSeconds, endedChildrenCpuSeconds } from './proc.mjs';
import { pinned } from './servers.mjs';

/** A generator that computed for this share of its run had no time to spare. */
const GENERATOR_BUSY = 0.9;

/** @returns {Promise<string>} standard output. */
function output(command) {
  return new Promise((resolve, reject) => {
    const child = spawn(command[0], command.slice(1), { stdio: ['ignore', 'pipe', 'pipe'] });
    let out = '';
    let complaints = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      out += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text) => {
      complaints += text;
    });
    child.once('error', reject);
    child.once('close', (code) =>
      code === 0 ? resolve(out) : reject(new Error(`${command.join(' ')} ended with ${code}: ${complaints}`)),
    );
  });
}

/** Commands that a server has counted so far. */
async function commandsProcessed(server) {
  const info = await server.client.call('INFO', 'stats');
  const count = Number(/^total_commands_processed:(\d+)/m.exec(info)?.[1]);
  if (!Number.isSafeInteger(count)) throw new Error(`${server.name}: INFO stats has no total_commands_processed`);
  return count;
}

/**
 * Runs one test of redis-benchmark's, or one command of the caller's.
 * @param load test: a name for -t, or command: an array of words; clients, pipeline, requests; keys: range of random keys;
 *             dataBytes; cores: for taskset.
 * @returns requests a second as the generator saw them, latencies in ms, server CPU in µs per command that the server
 *          counted, and whether the generator had no time to spare (then the server might have done more).
 */
export async function runLoad(server, { test, command: words, clients, pipeline, requests, keys, dataBytes, cores }) {
  const command = [
    ...['redis-benchmark', '-h', '127.0.0.1', '-p', String(server.port), '-c', String(clients)],
    ...['-P', String(pipeline), '-n', String(requests), '-r', String(keys), '-d', String(dataBytes)],
    ...['--precision', '3', '--csv', ...(words ?? ['-t', test])],
  ];
  const countBefore = await commandsProcessed(server);
  const cpuBefore = cpuSeconds(server.pid);
  const generatorBefore = endedChildrenCpuSeconds();
  const csv = await output(pinned(cores, command));
  const generatorSeconds = endedChildrenCpuSeconds() - generatorBefore;
  const cpu = cpuSeconds(server.pid) - cpuBefore;
  const count = (await commandsProcessed(server)) - countBefore;
  const rows = csv
    .trim()
    .split('\n')
    .filter((line) => line.startsWith('"') && !line.startsWith('"test"'))
    .map((line) => line.slice(1, -1).split('","'));
  // LRANGE tests report the LPUSH that prepares them first.
  const [title, rps, , , p50, , p99] = rows.at(-1) ?? [];
  const seconds = rows.reduce((sum, row) => sum + requests / Number(row[1]), 0);
  if (!(Number(rps) > 0))
    throw new Error(`redis-benchmark of ${test ?? words[0]} against ${server.name} reported: ${csv}`);
  if (count < requests)
    throw new Error(`${server.name} counted ${count} commands of ${requests} that ${title} reported`);
  return {
    rps: Number(rps),
    p50Ms: Number(p50),
    p99Ms: Number(p99),
    cpuUs: (cpu * 1e6) / count,
    generatorBusy: generatorSeconds > GENERATOR_BUSY * seconds,
  };
}

/** Stores key:000000000000 and so on with 16-byte values, the names that redis-benchmark draws from. */
export async function fillKeys(server, count, command = (key) => ['SET', key, 'abcdefghijklmnop']) {
  const BATCH = 1000;
  for (let first = 0; first < count; first += BATCH) {
    const batch = Array.from({ length: Math.min(BATCH, count - first) }, (_, i) =>
      command(`key:${String(first + i).padStart(12, '0')}`),
    );
    await server.client.pipeline(batch);
  }
}
