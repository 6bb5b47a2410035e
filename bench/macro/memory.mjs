// Memory per key: the growth of resident memory while many small strings are stored, divided by their number.
import { markdownTable, median } from '../support/table.mjs';
import { fillKeys } from './load.mjs';
import { withServers } from './plan.mjs';
import { residentBytes } from './proc.mjs';
import { verdict } from './samples.mjs';

const AGAINST_REDIS = { atMost: 0.6 };
const BYTES_MAX = 70;
const ROUNDS_MAX = 3;

/** @param {import('./plan.mjs').Plan} plan @returns {Promise<string>} Markdown. */
export async function compareMemory(plan) {
  const kinds = [plan.rival, plan.subject(1, 1)];
  const bytes = kinds.map(() => []);
  for (let round = 0; round < Math.min(plan.rounds, ROUNDS_MAX); round++) {
    for (const [i, kind] of kinds.entries()) bytes[i].push(await bytesPerKey(plan, kind));
  }
  const [redis, ours] = bytes.map(median);
  const row = (name, values) => [
    name,
    median(values).toFixed(1),
    `${Math.min(...values).toFixed(1)}–${Math.max(...values).toFixed(1)}`,
  ];
  return [
    '## Memory',
    markdownTable(
      ['bytes per key', 'median', 'least–most'],
      kinds.map((kind, i) => row(kind.name, bytes[i])),
    ),
    `${plan.memoryKeys} keys of 16 bytes with values of 16 bytes; growth of resident memory after as many reads of keys that are not there.
Ratio ${(ours / redis).toFixed(2)} (≤ ${AGAINST_REDIS.atMost}: ${verdict(ours / redis, AGAINST_REDIS)}); ${ours.toFixed(1)} bytes (≤ ${BYTES_MAX}: ${verdict(ours, { atMost: BYTES_MAX })}).`,
  ].join('\n\n');
}

/** Reads first, so that buffers and compiled code are there before the first look at the memory. */
function bytesPerKey(plan, kind) {
  return withServers(plan, [kind], async ([server]) => {
    await fillKeys(server, plan.memoryKeys, (key) => ['GET', `${key}:`]);
    const before = residentBytes(server.pid);
    await fillKeys(server, plan.memoryKeys);
    const keys = await server.client.call('DBSIZE');
    if (keys !== plan.memoryKeys) throw new Error(`${server.name} holds ${keys} keys, not ${plan.memoryKeys}`);
    return (residentBytes(server.pid) - before) / plan.memoryKeys;
  });
}
