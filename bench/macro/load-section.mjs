// SET and GET at several pipeline depths, with more workers, and with more shards.
import { markdownTable } from '../support/table.mjs';
import { fillKeys } from './load.mjs';
import { runRounds, withServers } from './plan.mjs';
import { judged } from './samples.mjs';

const PIPELINES = [1, 16, 64];
const TESTS = ['set', 'get'];
/** DESIGN §8, by pipeline depth: against redis-server, and a second worker and shard against one. */
const AGAINST_REDIS = {
  1: { rps: { atLeast: 0.95 }, cpu: { atMost: 1.1 } },
  16: { rps: { atLeast: 1.5 }, cpu: { atMost: 0.6 } },
};
const SECOND_WORKER = { 1: { atMost: 1.2 }, 16: { atMost: 1.35 } };
const MORE_SHARDS = { atMost: 1.25 };
const SHARDS_AT = 16;

/** @param {import('./plan.mjs').Plan} plan @returns {Promise<string>} Markdown. */
export function compareLoad(plan) {
  const kinds = [plan.rival, plan.subject(1, 1), plan.subject(2, 2), plan.subject(1, 2), plan.subject(1, 4)];
  return withServers(plan, kinds, async (servers) => {
    const [redis, one, workers, shards2, shards4] = servers;
    for (const server of servers) await fillKeys(server, plan.keys);
    const workloads = TESTS.flatMap((test) =>
      PIPELINES.map((pipeline) => ({
        key: `${test} ${pipeline}`,
        test,
        pipeline,
        servers: pipeline === SHARDS_AT ? servers : [redis, one, workers],
      })),
    );
    const samples = await runRounds(plan, servers, workloads);
    return [
      '## SET and GET, one worker, against redis-server',
      againstRedis(samples, workloads, redis, one),
      '## A second worker and shard, against one of each',
      against(samples, workloads, one, [workers], (pipeline) => SECOND_WORKER[pipeline]),
      '## More shards, one worker, against one shard',
      against(
        samples,
        workloads.filter(({ pipeline }) => pipeline === SHARDS_AT),
        one,
        [shards2, shards4],
        () => MORE_SHARDS,
      ),
    ].join('\n\n');
  });
}

const titleOf = ({ test, pipeline }) => `${test.toUpperCase()}, pipeline ${pipeline}`;
const percent = (share) => (Number.isFinite(share) ? `± ${(share * 100).toFixed(0)} %` : '–');

/** Requests a second, in thousands where there are many, with spread and mark. */
export function throughput(samples, key) {
  const mark = samples.any(key, 'generatorBusy') ? ' †' : '';
  const rps = samples.median(key, 'rps');
  const number = rps < 10_000 ? rps.toFixed(0) : `${(rps / 1000).toFixed(0)} k`;
  return `${number} ${percent(samples.spread(key, 'rps'))}${mark}`;
}
export function cpu(samples, key) {
  return `${samples.median(key, 'cpuUs').toFixed(2)} ${percent(samples.spread(key, 'cpuUs'))}`;
}

export function againstRedis(samples, workloads, redis, subject, budgets = AGAINST_REDIS) {
  const rows = workloads.map((workload) => {
    const base = `${workload.key} ${redis.name}`;
    const ours = `${workload.key} ${subject.name}`;
    const budget = budgets[workload.pipeline];
    return [
      workload.title ?? titleOf(workload),
      ...[throughput(samples, base), throughput(samples, ours), judged(samples.ratio(ours, base, 'rps'), budget?.rps)],
      ...[cpu(samples, base), cpu(samples, ours), judged(samples.ratio(ours, base, 'cpuUs'), budget?.cpu)],
      ...[base, ours].map(
        (key) => `${samples.median(key, 'p50Ms').toFixed(2)} / ${samples.median(key, 'p99Ms').toFixed(2)}`,
      ),
    ];
  });
  return markdownTable(
    [
      '',
      'redis, req/s',
      'ours, req/s',
      'ratio',
      'redis, CPU µs/cmd',
      'ours, CPU µs/cmd',
      'ratio',
      'redis p50/p99 ms',
      'ours',
    ],
    rows,
  );
}

function against(samples, workloads, base, subjects, budgetFor) {
  const rows = workloads.flatMap((workload) =>
    subjects.map((subject) => {
      const [from, to] = [base, subject].map((server) => `${workload.key} ${server.name}`);
      return [
        `${titleOf(workload)}, ${subject.name}`,
        ...[throughput(samples, from), throughput(samples, to), judged(samples.ratio(to, from, 'rps'))],
        ...[
          cpu(samples, from),
          cpu(samples, to),
          judged(samples.ratio(to, from, 'cpuUs'), budgetFor(workload.pipeline)),
        ],
      ];
    }),
  );
  return markdownTable(
    ['', 'base, req/s', 'this, req/s', 'ratio', 'base, CPU µs/cmd', 'this, CPU µs/cmd', 'ratio'],
    rows,
  );
}
