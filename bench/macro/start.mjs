// Start-up: from the process's start to the answer to the first PING, beside a node that prints one line.
import { spawn } from 'node:child_process';
import { markdownTable, median } from '../support/table.mjs';
import { withServers } from './plan.mjs';
import { pinned } from './servers.mjs';

const OVER_NODE_MS_MAX = 60;
const FURTHER_THREAD_MS_MAX = 40;

/** @param {import('./plan.mjs').Plan} plan @returns {Promise<string>} Markdown. */
export async function compareStart(plan) {
  const kinds = [plan.rival, plan.subject(1, 1), plan.subject(2, 2), plan.subject(4, 4)];
  const node = [];
  const starts = kinds.map(() => []);
  for (let round = 0; round < plan.startRounds; round++) {
    node.push(await nodeLineMs(plan.serverCores));
    for (const [i, kind] of kinds.entries()) {
      starts[i].push(await withServers(plan, [kind], async ([server]) => server.firstReplyMs));
    }
  }
  const row = (name, values) => [
    name,
    median(values).toFixed(0),
    `${Math.min(...values).toFixed(0)}–${Math.max(...values).toFixed(0)}`,
  ];
  const [, one, two, four] = starts.map(median);
  const over = one - median(node);
  const judge = (ms, most) =>
    `${ms.toFixed(0)} ms (≤ ${most}: ${ms <= most ? 'met' : `missed by ${(ms - most).toFixed(0)} ms`})`;
  return [
    '## Start to first reply, empty',
    markdownTable(
      ['ms', 'median', 'least–most'],
      [row('node printing a line', node), ...kinds.map((kind, i) => row(kind.name, starts[i]))],
    ),
    `One worker: node's line and ${judge(over, OVER_NODE_MS_MAX)}. To the first reply, a second worker adds ${judge(two - one, FURTHER_THREAD_MS_MAX)}, two
more add ${judge((four - two) / 2, FURTHER_THREAD_MS_MAX)} each.`,
  ].join('\n\n');
}

/** Milliseconds from the start of `node -e 'console.log(1)'` until its line has arrived. */
function nodeLineMs(cores) {
  return new Promise((resolve, reject) => {
    const start = performance.now();
    const command = pinned(cores, [process.execPath, '-e', 'console.log(1)']);
    const child = spawn(command[0], command.slice(1), { stdio: ['ignore', 'pipe', 'inherit'] });
    let ms = 0;
    child.once('error', reject);
    child.stdout.once('data', () => {
      ms = performance.now() - start;
    });
    child.once('exit', (code) => (code === 0 && ms > 0 ? resolve(ms) : reject(new Error(`node ended with ${code}`))));
  });
}
