// Question: what is the floor for an unpipelined command under Node, and what do its two halves cost? Servers that answer
// +OK to every read, whatever it says: nothing but Node's own sockets. See docs/decisions/direct-read.md.
//
//   node bench/macro/responders.mjs [requests]
//
// `event` writes in the 'data' event, `turn` at the end of the event loop's turn, `onread` reads into one buffer by taking
// the socket's handle over. redis-server stands beside them. CPU is each process's own accounting, utime and stime.
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer, Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { markdownTable } from '../support/table.mjs';

const OK = Buffer.from('+OK\r\n');
const ROUNDS = 3;
const TICK_US = 10_000;
const [first, second] = process.argv.slice(2);
if (first === '--serve') serve(second);
else await compare(Number(first ?? 200_000));

function serve(kind) {
  let written = [];
  const flush = () => {
    const sockets = written;
    written = [];
    for (const socket of sockets) socket.write(OK);
  };
  const buffer = Buffer.allocUnsafeSlow(1 << 16);
  const server = createServer({ noDelay: true, pauseOnConnect: kind === 'onread' }, (accepted) => {
    let socket = accepted;
    if (kind === 'onread') {
      const handle = accepted._handle;
      accepted._handle = null;
      socket = new Socket({ handle, onread: { buffer, callback: () => socket.write(OK) || true } });
      socket.resume();
    } else if (kind === 'event') socket.on('data', () => socket.write(OK));
    else {
      socket.on('data', () => {
        if (written.push(socket) === 1) setImmediate(flush);
      });
    }
    socket.on('error', () => {});
  });
  server.listen(0, '127.0.0.1', () => console.log(`port ${server.address().port}`));
}

async function compare(requests) {
  const kinds = ['event', 'turn', 'onread', 'redis-server'];
  const results = new Map(kinds.map((kind) => [kind, []]));
  for (let round = 0; round < ROUNDS; round++)
    for (const kind of kinds) results.get(kind).push(await measure(kind, requests));
  const median = (values) => values.sort((a, b) => a - b)[values.length >> 1];
  console.log(
    markdownTable(
      ['responder', 'user µs/request', 'system µs/request'],
      kinds.map((kind) => [kind, ...[0, 1].map((i) => median(results.get(kind).map((r) => r[i])).toFixed(2))]),
    ),
  );
}

async function measure(kind, requests) {
  const redisPort = 20_000 + (process.pid % 20_000);
  const command =
    kind === 'redis-server'
      ? ['redis-server', '--port', String(redisPort), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no']
      : [process.execPath, fileURLToPath(import.meta.url), '--serve', kind];
  const child = spawn(command[0], command.slice(1), { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const port = await new Promise((resolve, reject) => {
      child.once('exit', () => reject(new Error(`${kind} did not start`)));
      child.stdout.on('data', (text) => {
        const port = /port (\d+)\n/.exec(String(text))?.[1];
        if (String(text).includes('Ready to accept')) resolve(redisPort);
        else if (port && kind !== 'redis-server') resolve(Number(port));
      });
    });
    const before = cpuTicks(child.pid);
    spawnSync('redis-benchmark', [
      '-p',
      String(port),
      '-t',
      'set',
      '-n',
      String(requests),
      '-c',
      '50',
      '-d',
      '16',
      '-q',
    ]);
    return cpuTicks(child.pid).map((ticks, i) => ((ticks - before[i]) * TICK_US) / requests);
  } finally {
    child.kill('SIGTERM');
  }
}

function cpuTicks(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1].split(' ');
  return [Number(fields[11]), Number(fields[12])];
}
