// INFO's text has the form that clients parse, and its figures follow what happened; CONFIG speaks as Redis does.
import { describe, expect, test } from 'vitest';
import { CONTROL_CANDIDATES } from '../../host/kernel/abi.js';
import { humanBytes } from '../../host/server/commands/info-sections.js';
import { Config } from '../../host/server/config.js';
import { Sampler } from '../../host/worker/sampler.js';
import { STAT, Stats } from '../../host/worker/stats.js';
import { configDifferences } from '../differential/cases/host.js';
import { parseCommandLine } from '../support/generator/escape.js';
import { FakeServices, fakeClient, runHostCommand } from '../support/host-fakes.js';

const USUAL = [
  ...['Server', 'Latchkey', 'Clients', 'Memory', 'Persistence', 'Stats', 'Replication', 'CPU', 'Modules'],
  ...['Errorstats', 'Cluster', 'Keyspace'],
];
const WITH_COMMANDS = [...USUAL.slice(0, 9), 'Commandstats', ...USUAL.slice(9)];
const ALL = [...WITH_COMMANDS.slice(0, 11), 'Latencystats', ...WITH_COMMANDS.slice(11)];

async function info(services: FakeServices, ...names: string[]): Promise<string> {
  const reply = (await runHostCommand(['INFO', ...names], fakeClient(), services)).toString('latin1');
  const head = /^\$(\d+)\r\n/.exec(reply)!;
  const text = reply.slice(head[0].length, -2);
  expect(text).toHaveLength(Number(head[1]));
  return text;
}

/** Fields of a text by name. */
function fieldsOf(text: string): Map<string, string> {
  const lines = text.split('\r\n').filter((line) => line !== '' && !line.startsWith('#'));
  const fields = lines.map((line): [string, string] => [line.split(':')[0], line.slice(line.indexOf(':') + 1)]);
  expect(new Set(fields.map(([name]) => name)).size).toBe(fields.length);
  return new Map(fields);
}
const titlesOf = (text: string) => [...text.matchAll(/^# (.*)\r$/gm)].map(([, title]) => title);

describe('sections', () => {
  const services = new FakeServices();

  test.each([
    [[], USUAL],
    [['default'], USUAL],
    [['DEFAULT', 'commandstats'], WITH_COMMANDS],
    [['all'], ALL],
    [['everything'], ALL],
    [
      ['keyspace', 'SERVER'],
      ['Server', 'Keyspace'],
    ],
    [['module_list'], ['Modules']],
    [['server', 'nosuch', 'server'], ['Server']],
    [['nosuch'], []],
  ])('INFO %j has them', async (names, titles) => {
    expect(titlesOf(await info(services, ...names))).toEqual(titles);
  });

  test('are parted by empty lines, and end with none', async () => {
    expect(await info(services, 'cluster', 'modules')).toBe('# Modules\r\n\r\n# Cluster\r\ncluster_enabled:0\r\n');
    expect(await info(services, 'nosuch')).toBe('');
  });

  test('every line is a title, a field or empty', async () => {
    const lines = (await info(services, 'all')).split('\r\n');
    expect(lines.length).toBeGreaterThan(150);
    for (const line of lines)
      expect(line).toMatch(/^$|^# [A-Z][A-Za-z]+$|^[a-z][a-z0-9_]*:[^\r\n]*$|^errorstat_[A-Z]+:/);
  });

  test('are a verbatim text under RESP3', async () => {
    const reply = await runHostCommand(['INFO', 'cluster'], fakeClient({ proto: 3 }), services);
    expect(reply.toString()).toBe('=34\r\ntxt:# Cluster\r\ncluster_enabled:0\r\n\r\n');
  });
});

describe('figures', () => {
  test('name the versions, the process and how work is spread', async () => {
    const services = new FakeServices();
    const fields = fieldsOf(await info(services));
    expect(fields.get('redis_version')).toMatch(/^7\.0\.\d+$/);
    expect(fields.get('redis_mode')).toBe('standalone');
    expect(fields.get('process_id')).toBe(String(process.pid));
    expect(fields.get('run_id')).toBe(services.runId);
    expect(fields.get('tcp_port')).toBe('6379');
    expect(fields.get('role')).toBe('master');
    expect([fields.get('workers'), fields.get('shards'), fields.get('routing')]).toEqual(['1', '1', 'kevyhash']);
    expect(fields.get('connection_spread')).toBe('one worker');
    expect(fields.get('worker0')).toBe('clients=0,connections=0,commands=0,parked=0');
    expect(fields.get('shard0')).toMatch(/^keys=0,used_memory=\d+,memory=\d+$/);
  });

  test('of the keyspace, hits and misses come from the shards', async () => {
    const services = new FakeServices();
    const { kernel } = services;
    const before = fieldsOf(await info(services));
    const grown = (after: Map<string, string>, name: string) => Number(after.get(name)) - Number(before.get(name));
    kernel.db = 0;
    kernel.call('SET', 'a', '1');
    kernel.call('SET', 'b', '1', 'EX', '100');
    kernel.call('GET', 'a');
    kernel.call('GET', 'b');
    kernel.call('GET', 'none');
    kernel.db = 3;
    kernel.call('SET', 'c', '1');
    kernel.db = 0;
    const after = fieldsOf(await info(services));
    expect(after.get('db0')).toBe('keys=2,expires=1,avg_ttl=0');
    expect(after.get('db3')).toBe('keys=1,expires=0,avg_ttl=0');
    expect(after.has('db1')).toBe(false);
    expect(grown(after, 'keyspace_hits')).toBe(2);
    expect(grown(after, 'keyspace_misses')).toBe(1);
    expect(grown(after, 'rdb_changes_since_last_save')).toBe(3);
    expect(after.get('used_memory')).toBe(String(kernel.shard.calls.usedBytes()));
    expect(Number(after.get('used_memory_peak'))).toBeGreaterThanOrEqual(Number(after.get('used_memory')));
    expect(Number(after.get('used_memory_rss'))).toBeGreaterThan(1 << 20);
    expect(after.get('used_memory_peak_perc')).toMatch(/^\d+\.\d\d%$/);
  });

  test('of connections, commands and errors come from the workers, and start anew with RESETSTAT', async () => {
    const services = new FakeServices();
    const { stats } = services;
    stats.admit(10);
    stats.add(STAT.connections, 3);
    stats.add(STAT.commands, 40);
    stats.add(STAT.netInput, 500);
    stats.add(STAT.rejected, 2);
    stats.addCalls(1, 7);
    stats.addErrorReply(Buffer.from('-WRONGTYPE Operation\r\n'));
    stats.addErrorReply(Buffer.from('-NOAUTH Authentication required.\r\n'));
    stats.addErrorReply(Buffer.from('-UNHEARDOF x\r\n'));
    const fields = fieldsOf(await info(services, 'all'));
    expect(fields.get('connected_clients')).toBe('1');
    expect(fields.get('total_connections_received')).toBe('3');
    expect(fields.get('total_commands_processed')).toBe('40');
    expect(fields.get('total_net_input_bytes')).toBe('500');
    expect(fields.get('rejected_connections')).toBe('2');
    expect(fields.get('total_error_replies')).toBe('3');
    expect(fields.get('cmdstat_get')).toBe('calls=7,usec=0,usec_per_call=0.00,rejected_calls=0,failed_calls=0');
    expect([fields.get('errorstat_WRONGTYPE'), fields.get('errorstat_NOAUTH')]).toEqual(['count=1', 'count=1']);
    expect(fields.has('errorstat_ERR')).toBe(false);
    stats.reset();
    const anew = fieldsOf(await info(services, 'all'));
    expect(anew.get('connected_clients')).toBe('1');
    expect(anew.get('total_commands_processed')).toBe('0');
    expect([...anew.keys()].filter((name) => /^(cmdstat|errorstat)_/.test(name))).toEqual([]);
  });

  test('of maxmemory say what is in force and what was evicted', async () => {
    const services = new FakeServices();
    services.config.apply([
      ['maxmemory', '3mb'],
      ['maxmemory-policy', 'allkeys-lfu'],
    ]);
    services.kernel.call('SET', 'k', 'v');
    const { calls, window } = services.kernel.shard;
    const before = fieldsOf(await info(services));
    services.kernel.stamp(1);
    expect(calls.evictSample(window, 1, 5)).toBe(1);
    const at = (window + CONTROL_CANDIDATES) >> 2;
    const { words } = services.kernel.shard;
    expect(calls.evictKey(window, 1, 0, words[at + 2], words[at + 3])).toBeGreaterThan(0);
    services.stats.noteExceeded(true, Date.now() - 5000);
    const fields = fieldsOf(await info(services));
    expect([fields.get('maxmemory'), fields.get('maxmemory_human')]).toEqual(['3145728', '3.00M']);
    expect(fields.get('maxmemory_policy')).toBe('allkeys-lfu');
    expect(Number(fields.get('evicted_keys')) - Number(before.get('evicted_keys'))).toBe(1);
    expect(Number(fields.get('current_eviction_exceeded_time'))).toBeGreaterThanOrEqual(5000);
    expect(Number(fields.get('total_eviction_exceeded_time'))).toBeGreaterThanOrEqual(5000);
  });

  test('bytes for people are written as by Redis', () => {
    expect([0, 1023, 1024, 1039904, 12390400, 25276063744].map(humanBytes)).toEqual([
      '0B',
      '1023B',
      '1.00K',
      '1015.53K',
      '11.82M',
      '23.54G',
    ]);
  });
});

describe('rates', () => {
  test('are means of samples a tenth of a second apart', () => {
    const stats = new Stats(Stats.newBuffer(2), 2, 1);
    const sampler = new Sampler(stats, [], 1000);
    stats.add(STAT.commands, 50);
    stats.add(STAT.netInput, 1024);
    sampler.tick(1050);
    expect(stats.rates.commandsPerSecond).toBe(0);
    sampler.tick(1100);
    expect(stats.rates).toEqual({ commandsPerSecond: 500, inputKbps: 10, outputKbps: 0 });
    sampler.tick(1300);
    expect(stats.rates.commandsPerSecond).toBe(250);
    stats.reset();
    sampler.tick(1400);
    expect(stats.rates.commandsPerSecond).toBeCloseTo(500 / 3);
    for (let i = 0; i < 16; i++) sampler.tick(1500 + i * 100);
    expect(stats.rates.commandsPerSecond).toBe(0);
  });
});

describe('CONFIG', () => {
  const run = async (services: FakeServices, ...argv: string[]) =>
    (await runHostCommand(['CONFIG', ...argv], fakeClient(), services)).toString('latin1');

  test('GET answers pairs, and a map under RESP3', async () => {
    const services = new FakeServices();
    expect(await run(services, 'GET', 'TIMEOUT', 'tim*')).toBe('*2\r\n$7\r\nTIMEOUT\r\n$1\r\n0\r\n');
    expect(await run(services, 'GET', 'nosuch', 'maxmemory-clients')).toBe('*0\r\n');
    const all = new Config().getMatching(['*']).length;
    expect(await run(services, 'GET', '*')).toMatch(new RegExp(`^\\*${all * 2}\r\n`));
    const map = await runHostCommand(['CONFIG', 'GET', 'hz'], fakeClient({ proto: 3 }), services);
    expect(map.toString()).toBe('%1\r\n$2\r\nhz\r\n$2\r\n10\r\n');
  });

  test('SET asks for a change on all threads once it is known to be right', async () => {
    const services = new FakeServices();
    expect(await run(services, 'SET', 'timeout', '5', 'loglevel', 'debug')).toBe('+OK\r\n');
    expect(services.asked).toEqual([
      [
        'configure',
        [
          ['timeout', '5'],
          ['loglevel', 'debug'],
        ],
      ],
    ]);
    services.asked.length = 0;
    expect(await run(services, 'SET', 'timeout', '5', 'hz')).toBe('-ERR syntax error\r\n');
    expect(await run(services, 'SET', 'no\r\nsuch', '5')).toBe(
      "-ERR Unknown option or number of arguments for CONFIG SET - 'no  such'\r\n",
    );
    expect(await run(services, 'SET', 'requirepass', '\xff')).toMatch(/^-ERR CONFIG SET failed .*'requirepass'/);
    expect(await run(services, 'SET', 'port', '1')).toMatch(/can't set immutable config\r\n$/);
    expect(services.asked).toEqual([]);
  });

  test.each(configDifferences)('%s differs from Redis on purpose', async (line, text) => {
    const reply = await runHostCommand(parseCommandLine(line), fakeClient(), new FakeServices());
    expect(reply.toString()).toBe(`-${text}\r\n`);
  });

  test('RESETSTAT and HELP are there', async () => {
    const services = new FakeServices();
    expect(await run(services, 'RESETSTAT')).toBe('+OK\r\n');
    expect(services.asked).toEqual([['resetStats']]);
    expect(await run(services, 'HELP')).toMatch(/^\*11\r\n\+CONFIG <subcommand> /);
  });
});
