// What each data type is asked to do under load: sorted sets of a million members, hashes of ten and of a thousand fields,
// lists, sets of ten thousand members, streams. Sizes shrink with the plan, so that a tiny run fills them in no time.
//
// A workload: { key, title, command, pipeline, range, requestsMax?, prepare? }. `command` is one of redis-benchmark's:
// it replaces __rand_int__ with twelve digits below `range`, drawn anew each time. `prepare` runs before each measured
// run, unmeasured.
import { send, shareOut } from './fill.mjs';

const PIPELINE = 16;
const VALUE = 'abcdefghijklmnop';

/** The text that stands for `number` in redis-benchmark's keys and members. */
const digits = (number) => String(number).padStart(12, '0');
const range = (count, make) => Array.from({ length: count }, (_, i) => make(i));

function* scoresAndMembers(count) {
  // Scores in an order that has nothing to do with the members'.
  for (let i = 0; i < count; i++) {
    yield String((i * 7919) % count);
    yield `member:${digits(i)}`;
  }
}

function sortedSets(plan) {
  const count = plan.memoryKeys;
  const middle = count >> 1;
  return {
    needs: ['ZADD', 'ZRANGE', 'ZRANK'],
    fill: (server) => send(server, shareOut(['ZADD', 'zset'], scoresAndMembers(count), 200)),
    workloads: [
      ['ZADD', ['ZADD', 'zset', '__rand_int__', 'member:__rand_int__']],
      ['ZRANGE, 10 by score', ['ZRANGE', 'zset', '__rand_int__', '+inf', 'BYSCORE', 'LIMIT', '0', '10']],
      ['ZRANGE, 100 by rank', ['ZRANGE', 'zset', String(middle), String(middle + 99)]],
      ['ZRANK', ['ZRANK', 'zset', 'member:__rand_int__']],
    ].map(([name, command]) => ({ title: `${name}, ${count} members`, command, range: count, pipeline: PIPELINE })),
  };
}

function hashes(plan) {
  const keys = Math.ceil(plan.keys / 10);
  const fields = range(10, (i) => [`field${i}`, VALUE]).flat();
  const many = range(1000, (i) => [`field:${digits(i)}`, VALUE]).flat();
  return {
    needs: ['HSET', 'HGETALL'],
    async fill(server) {
      await send(
        server,
        range(keys, (i) => ['HSET', `hash:${digits(i)}`, ...fields]),
      );
      await server.client.call('HSET', 'thousand', ...many);
    },
    workloads: [
      { title: 'HSET, all of 10 fields', command: ['HSET', 'hash:__rand_int__', ...fields], range: keys },
      { title: 'HGETALL, 10 fields', command: ['HGETALL', 'hash:__rand_int__'], range: keys },
      { title: 'HSET, 1 of 1000 fields', command: ['HSET', 'thousand', 'field:__rand_int__', VALUE], range: 1000 },
      { title: 'HSET, all of 1000 fields', command: ['HSET', 'thousand', ...many], range: 1, pipeline: 1 },
      { title: 'HGETALL, 1000 fields', command: ['HGETALL', 'thousand'], range: 1, pipeline: 1 },
    ].map((workload) => ({ pipeline: PIPELINE, ...workload })),
  };
}

function lists() {
  return {
    needs: ['LPUSH', 'LRANGE', 'DEL'],
    fill: (server) => server.client.call('RPUSH', 'hundred', ...range(100, () => VALUE)),
    workloads: [
      {
        title: 'LPUSH',
        command: ['LPUSH', 'pushed', VALUE],
        range: 1,
        pipeline: PIPELINE,
        prepare: (server) => server.client.call('DEL', 'pushed'),
      },
      { title: 'LRANGE, all of 100', command: ['LRANGE', 'hundred', '0', '-1'], range: 1, pipeline: PIPELINE },
    ],
  };
}

function sets(plan) {
  const count = Math.min(10_000, plan.keys);
  const members = (first) => range(count, (i) => `member:${digits(first + i)}`);
  return {
    needs: ['SADD', 'SINTER'],
    async fill(server) {
      await send(server, shareOut(['SADD', 'set:a'], members(0), 200));
      await send(server, shareOut(['SADD', 'set:b'], members(count / 2), 200));
    },
    workloads: [
      {
        title: `SADD, ${count} members`,
        command: ['SADD', 'set:a', 'member:__rand_int__'],
        range: count,
        pipeline: PIPELINE,
      },
      { title: `SINTER, 2 sets of ${count}`, command: ['SINTER', 'set:a', 'set:b'], range: 1, pipeline: 1 },
    ],
  };
}

function streams(plan) {
  const entries = plan.memoryKeys / 10;
  const add = range(entries, () => ['XADD', 'entries', '*', 'field', VALUE]);
  return {
    needs: ['XADD', 'XGROUP', 'XREADGROUP'],
    async fill(server) {
      await send(server, add);
      await server.client.call('XGROUP', 'CREATE', 'entries', 'group', '0');
    },
    workloads: [
      {
        title: 'XADD',
        command: ['XADD', 'added', '*', 'field', VALUE],
        range: 1,
        pipeline: PIPELINE,
        prepare: (server) => server.client.call('DEL', 'added'),
      },
      {
        // Each run delivers every entry at most once, to a group without a past.
        title: 'XREADGROUP, 1 new entry',
        command: ['XREADGROUP', 'GROUP', 'group', 'consumer', 'COUNT', '1', 'STREAMS', 'entries', '>'],
        range: 1,
        pipeline: PIPELINE,
        requestsMax: entries,
        async prepare(server) {
          await server.client.call('XGROUP', 'DESTROY', 'entries', 'group');
          await server.client.call('XGROUP', 'CREATE', 'entries', 'group', '0');
        },
      },
    ],
  };
}

/**
 * @param {import('./plan.mjs').Plan} plan
 * @returns One group per type: the commands it needs, how a server is filled, and its workloads.
 */
export const typeWorkloads = (plan) => [sortedSets(plan), hashes(plan), lists(), sets(plan), streams(plan)];
