// What a log costs: SET by 50 clients under each policy, against redis-server with the same one, and against ourselves
// without a log.
import { markdownTable } from '../support/table.mjs';
import { cpu, throughput } from './load-section.mjs';
import { runRounds, withServers } from './plan.mjs';
import { judged } from './samples.mjs';

const PIPELINES = [1, 16];
/** DESIGN §8: everysec against ourselves without a log; always against redis-server. */
const BOUND = { atLeast: 0.9 };

/** @param {import('./plan.mjs').Plan} plan @returns {Promise<string>} Markdown. */
export function compareDurability(plan) {
  const policies = ['everysec', 'always'];
  const kinds = [plan.subject(1, 1), ...policies.flatMap((fsync) => [plan.durableRival(fsync), plan.durable(fsync)])];
  return withServers(plan, kinds, async (servers) => {
    const [without] = servers;
    const workloads = PIPELINES.map((pipeline) => ({
      key: `set ${pipeline}`,
      test: 'set',
      pipeline,
      servers,
      // A sync is waited for by every client: far fewer fit the time.
      requestsMax: 2_000_000,
    }));
    const samples = await runRounds(plan, servers, workloads);
    const rows = workloads.flatMap(({ key, pipeline }) =>
      policies.map((fsync, i) => {
        const redis = `${key} ${servers[1 + i * 2].name}`;
        const ours = `${key} ${servers[2 + i * 2].name}`;
        const none = `${key} ${without.name}`;
        return [
          `SET, pipeline ${pipeline}, ${fsync}`,
          ...[throughput(samples, redis), throughput(samples, ours)],
          judged(samples.ratio(ours, redis, 'rps'), fsync === 'always' ? BOUND : undefined),
          ...[cpu(samples, redis), cpu(samples, ours), judged(samples.ratio(ours, redis, 'cpuUs'))],
          ...[
            throughput(samples, none),
            judged(samples.ratio(ours, none, 'rps'), fsync === 'everysec' ? BOUND : undefined),
          ],
        ];
      }),
    );
    const titles = [
      ...['', 'redis, req/s', 'ours, req/s', 'ratio', 'redis, CPU µs/cmd', 'ours, CPU µs/cmd', 'ratio'],
      ...['ours without a log', 'log on / off'],
    ];
    return ['## With a log, one worker', markdownTable(titles, rows)].join('\n\n');
  });
}
