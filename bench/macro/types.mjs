// The data types under load, pipelined, on the sizes that type-workloads.mjs names.
import { againstRedis } from './load-section.mjs';
import { runRounds, withServers } from './plan.mjs';
import { typeWorkloads } from './type-workloads.mjs';

/** @param {import('./plan.mjs').Plan} plan @returns {Promise<string>} Markdown. */
export function compareTypes(plan) {
  return withServers(plan, [plan.rival, plan.subject(1, 1)], async (servers) => {
    const [redis, subject] = servers;
    const workloads = [];
    const missing = [];
    for (const group of typeWorkloads(plan)) {
      const known = await subject.client.call('COMMAND', 'INFO', ...group.needs);
      const lacking = group.needs.filter((_, i) => known[i] === null);
      missing.push(...lacking);
      if (lacking.length > 0) continue;
      for (const server of servers) await group.fill(server);
      workloads.push(...group.workloads.map((workload) => ({ key: workload.title, servers, ...workload })));
    }
    if (workloads.length === 0) return `## Data types\n\n${leftOut(missing)}`;
    const samples = await runRounds(plan, servers, workloads);
    return [
      '## Data types, one worker',
      againstRedis(samples, workloads, redis, subject, {}),
      `Pipeline 16, but 1 where a command touches a thousand elements and more. ${leftOut(missing)}`,
    ].join('\n\n');
  });
}

const leftOut = (commands) =>
  commands.length === 0
    ? 'No workload was left out.'
    : `Left out, since our server does not have their commands yet: ${commands.join(', ')}.`;
