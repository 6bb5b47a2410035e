// The list of tests that redis-benchmark runs by default, pipelined, for the commands that our server has so far.
import { fillKeys } from './load.mjs';
import { againstRedis } from './load-section.mjs';
import { runRounds, withServers } from './plan.mjs';

const PIPELINE = 16;
const BUDGETS = { [PIPELINE]: { rps: { atLeast: 1.2 } } };

/** redis-benchmark's names, and the commands that each test sends. */
const TESTS = [
  ['ping_inline', 'PING'],
  ['ping_mbulk', 'PING'],
  ['set', 'SET'],
  ['get', 'GET'],
  ['incr', 'INCR'],
  ['lpush', 'LPUSH'],
  ['rpush', 'RPUSH'],
  ['lpop', 'LPOP'],
  ['rpop', 'RPOP'],
  ['sadd', 'SADD'],
  ['hset', 'HSET'],
  ['spop', 'SPOP'],
  ['zadd', 'ZADD'],
  ['zpopmin', 'ZPOPMIN'],
  ...[100, 300, 500, 600].map((count) => [`lrange_${count}`, 'LPUSH', 'LRANGE']),
  ['mset', 'MSET'],
];

/** @param {import('./plan.mjs').Plan} plan @returns {Promise<string>} Markdown. */
export function compareList(plan) {
  return withServers(plan, [plan.rival, plan.subject(1, 1)], async (servers) => {
    const [redis, subject] = servers;
    const supported = [];
    const missing = [];
    for (const [test, ...commands] of TESTS) {
      const known = await subject.client.call('COMMAND', 'INFO', ...commands);
      (known.every((entry) => entry !== null) ? supported : missing).push(test);
    }
    if (supported.length === 0) throw new Error(`${subject.name} has no command of redis-benchmark's list`);
    for (const server of servers) await fillKeys(server, plan.keys);
    const workloads = supported.map((test) => ({ key: test, title: test, test, pipeline: PIPELINE, servers }));
    const samples = await runRounds(plan, servers, workloads);
    return [
      `## redis-benchmark's own list, pipeline ${PIPELINE}, one worker`,
      againstRedis(samples, workloads, redis, subject, BUDGETS),
      missing.length === 0
        ? 'No test was left out.'
        : `Left out, since our server does not have their commands yet: ${missing.join(', ')}.`,
    ].join('\n\n');
  });
}
