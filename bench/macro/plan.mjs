/**
 * What one run of the comparison is to do; made from the options in compare.mjs, handed to every section.
 * @typedef {object} Plan
 * @property {number} rounds How often each measurement is repeated.
 * @property {number} seconds Aimed-at length of one run of the load generator.
 * @property {number} requestsMin A run has at least so many requests.
 * @property {number} keys Random keys that loads draw from.
 * @property {number} memoryKeys Keys stored to measure memory per key.
 * @property {number} diskKeys Keys of snapshots and layout changes.
 * @property {number} startRounds How often each start is timed.
 * @property {number} clients Connections of the load generator.
 * @property {number} dataBytes Size of values.
 * @property {string | undefined} serverCores Cores for taskset.
 * @property {string | undefined} generatorCores
 * @property {{ name: string, command: Function }} rival redis-server.
 * @property {(threads: number, shards: number) => { name: string, command: Function }} subject Ours.
 * @property {(fsync: string) => { name: string, command: Function }} durableRival The rival with a log.
 * @property {(fsync: string) => { name: string, command: Function }} durable Ours with a log, one worker and shard.
 */
import { runLoad } from './load.mjs';
import { Samples } from './samples.mjs';
import { startServer } from './servers.mjs';

/** Starts servers, runs `body` with them in the given order, and stops them whatever happens. */
export async function withServers(plan, kinds, body) {
  const servers = [];
  try {
    for (const kind of kinds) servers.push(await startServer(kind, plan.serverCores));
    return await body(servers);
  } finally {
    for (const server of servers) await server.stop();
  }
}

/**
 * Runs workloads against servers, interleaved. A workload is { key, test or command, pipeline, servers: those it visits },
 * and may say: range, of its random numbers in place of the plan's keys; requestsMax, of one run; prepare(server), which
 * runs before each run.
 * @returns {Promise<Samples>} under `${workload.key} ${server.name}`
 */
export async function runRounds(plan, servers, workloads) {
  const samples = new Samples();
  const requests = new Map();
  const run = async (server, workload, count) => {
    const step = plan.clients * workload.pipeline;
    const most = Math.max(step, Math.floor((workload.requestsMax ?? Infinity) / step) * step);
    await workload.prepare?.(server);
    return runLoad(server, {
      test: workload.test,
      command: workload.command,
      clients: plan.clients,
      pipeline: workload.pipeline,
      requests: Math.min(Math.ceil(count / step) * step, most),
      keys: workload.range ?? plan.keys,
      dataBytes: plan.dataBytes,
      cores: plan.generatorCores,
    });
  };
  for (const server of servers) server.pause();
  const using = async (server, work) => {
    server.resume();
    try {
      return await work();
    } finally {
      server.pause();
    }
  };
  // A first run of each pair warms the server up and tells how many requests fill the time.
  for (const workload of workloads) {
    for (const server of workload.servers) {
      await using(server, async () => {
        const { rps } = await run(server, workload, plan.requestsMin);
        const warm = await run(server, workload, Math.max(plan.requestsMin, rps * plan.seconds));
        requests.set(`${workload.key} ${server.name}`, Math.max(plan.requestsMin, warm.rps * plan.seconds));
      });
    }
  }
  for (let round = 0; round < plan.rounds; round++) {
    for (const workload of workloads) {
      const count = workload.servers.length;
      for (let i = 0; i < count; i++) {
        const server = workload.servers[(i + round) % count];
        const key = `${workload.key} ${server.name}`;
        samples.add(key, await using(server, () => run(server, workload, requests.get(key))));
      }
    }
    console.error(`  round ${round + 1} of ${plan.rounds}`);
  }
  return samples;
}
