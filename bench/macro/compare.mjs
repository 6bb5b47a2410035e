// Question: what does latchkey do, and what does it cost, where redis-server would otherwise run: same cores, same clients,
// same commands, nothing written to disk (or, in one section, a log on both sides)? Estimate: pipelined about 1.5 times the throughput at 0.6 times the CPU per
// command, since parsing, table and reply are one compiled loop; unpipelined equal, since system calls dominate.
//
// All servers of a section are started at first and stopped (SIGSTOP) but for the one being measured. Rounds are
// interleaved: each workload visits all servers before the next begins, in an order that turns from round to round.
//
// Options: --tiny, --rounds N, --seconds S (aimed at per run), --only load,list,types,memory,elements,clients,durability,disk,start, --pin SERVER:GENERATOR
// (cores for taskset), --subject PROGRAM (another redis-server in our place, to see what the ruler shows for equals),
// --node-args 'ARGS' (for our server), --out DIRECTORY.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describeMachine, firstLine } from '../support/machine.mjs';
import { readOptions } from '../support/options.mjs';
import { compareClients } from './clients.mjs';
import { compareDisk } from './disk.mjs';
import { compareDurability } from './durability.mjs';
import { compareElements } from './elements.mjs';
import { compareList } from './list.mjs';
import { compareLoad } from './load-section.mjs';
import { compareMemory } from './memory.mjs';
import { latchkey, redisServer } from './servers.mjs';
import { compareStart } from './start.mjs';
import { compareTypes } from './types.mjs';

const options = readOptions({
  tiny: false,
  rounds: 0,
  seconds: 0,
  only: 'load,list,types,memory,elements,clients,durability,disk,start',
  pin: '',
  subject: '',
  nodeArgs: '',
  out: '',
});
const [serverCores, generatorCores] = options.pin ? options.pin.split(':') : [];
const nodeArgs = options.nodeArgs.split(' ').filter(Boolean);

/** @type {import('./plan.mjs').Plan} */
const plan = {
  rounds: options.rounds || (options.tiny ? 1 : 5),
  seconds: options.seconds || (options.tiny ? 0.05 : 2),
  requestsMin: options.tiny ? 500 : 20_000,
  keys: options.tiny ? 1000 : 100_000,
  memoryKeys: options.tiny ? 20_000 : 1_000_000,
  diskKeys: options.tiny ? 20_000 : 5_000_000,
  startRounds: options.tiny ? 2 : 15,
  clients: 50,
  dataBytes: 16,
  serverCores,
  generatorCores,
  rival: redisServer(),
  subject: options.subject
    ? (threads, shards) => redisServer(`${options.subject} for ${threads}w ${shards}s`, options.subject)
    : (threads, shards) => latchkey({ threads, shards, nodeArgs }),
  durableRival: (fsync) => redisServer('redis-server', 'redis-server', fsync),
  durable: options.subject
    ? (fsync) => redisServer(`${options.subject} in our place`, options.subject, fsync)
    : (fsync) => latchkey({ threads: 1, shards: 1, nodeArgs, fsync }),
};

const SECTIONS = {
  load: compareLoad,
  list: compareList,
  types: compareTypes,
  memory: compareMemory,
  elements: compareElements,
  clients: compareClients,
  durability: compareDurability,
  disk: compareDisk,
  start: compareStart,
};
const chosen = options.only.split(',');
const unknown = chosen.find((name) => !(name in SECTIONS));
if (unknown !== undefined) throw new Error(`--only knows ${Object.keys(SECTIONS).join(', ')}, not ${unknown}`);

const facts = [
  ...describeMachine(),
  ['redis-server', firstLine('redis-server', '--version')],
  [
    'load generator',
    `${firstLine('redis-benchmark', '--version')}, on the same machine${options.pin ? `, pinned ${options.pin}` : ''}`,
  ],
  [
    'rounds',
    `${plan.rounds}, interleaved, about ${plan.seconds} s a run; ${plan.clients} clients, ${plan.keys} random keys`,
  ],
  ['durability', 'none: no log, no snapshot, on either side, but where a policy is named'],
];
if (options.subject) facts.push(['subject', `${options.subject} in latchkey's place: every ratio should be 1`]);

const parts = [
  '# latchkey and redis-server',
  facts.map(([name, text]) => `- ${name}: ${text}`).join('\n'),
  `The load generator shares the machine's cores with the servers: with few cores it may be the limit itself. A † marks
throughput where it was busy for nine tenths of a run or more; CPU per command, the server process's own time divided
by the commands that the server counted, then says more. Ratios are medians of the rounds' ratios; ± is half the
distance between the extremes of all rounds. "2w 3s" means two workers and three shards.`,
];
for (const name of chosen) {
  const part = await SECTIONS[name](plan);
  parts.push(part);
  console.error(`${name} done`);
}
const text = `${parts.join('\n\n')}\n`;
console.log(text);
if (options.out || !options.tiny) {
  const directory = options.out || fileURLToPath(new URL('../results/', import.meta.url));
  mkdirSync(directory, { recursive: true });
  const file = join(directory, `${new Date().toISOString().slice(0, 10)}-server.md`);
  writeFileSync(file, text);
  console.error(`written to ${file}`);
}
