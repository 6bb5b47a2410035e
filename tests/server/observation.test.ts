// What watches the server at work, where several workers have to agree.
import { describe, expect, it } from 'vitest';
import { latchkeyServerForSuite, latchkeyServerForTest } from '../support/latchkey-server.js';
import { type Decoded, RespClient } from '../support/resp-client.js';

const THREADS = 3;

/** Connections of which some are served by each worker. */
async function everyWorker(port: number): Promise<RespClient[]> {
  const found: RespClient[] = [];
  const served = async (): Promise<number[]> => {
    const info = String(await found[0].ask('INFO', 'latchkey'));
    return [...info.matchAll(/^worker\d+:clients=(\d+)/gm)].map(([, clients]) => Number(clients));
  };
  do found.push(...(await Promise.all(Array.from({ length: 8 }, () => RespClient.connect(port)))));
  while ((await served()).includes(0));
  return found;
}

const closeAll = (clients: RespClient[]) => Promise.all(clients.map((client) => client.close()));

describe('over several workers', () => {
  const server = latchkeyServerForSuite({ threads: THREADS, shards: 3 });

  it('MONITOR sees the commands of every worker once, and those of each client in their order', async () => {
    const clients = await everyWorker(server().port);
    const monitor = await RespClient.connect(server().port);
    await monitor.call('MONITOR');
    const seen = monitor.raw('', { quietMs: 500, withinMs: 10_000 });
    const rounds = 20;
    await Promise.all(
      clients.map((client, c) =>
        client.pipeline(Array.from({ length: rounds }, (_, i) => ['SET', `monitored:${c}`, `${c}:${i}`])),
      ),
    );
    const values = [...(await seen).bytes.toString().matchAll(/"SET" "monitored:\d+" "(\d+):(\d+)"/g)];
    expect(values.length).toBe(clients.length * rounds);
    for (const c of clients.keys()) {
      const its = values.filter(([, client]) => Number(client) === c).map(([, , i]) => Number(i));
      expect(its).toEqual(Array.from({ length: rounds }, (_, i) => i));
    }
    await closeAll([...clients, monitor]);
  });

  it('several clients of MONITOR see the same, and one that has left or RESET sees nothing more', async () => {
    const clients = await everyWorker(server().port);
    const monitors = clients.slice(0, 6);
    for (const monitor of monitors) expect(String(await monitor.call('MONITOR'))).toBe('+OK\r\n');
    const flags = String(await clients[7].ask('CLIENT', 'LIST')).match(/ flags=O /g);
    expect(flags?.length).toBe(6);
    const [reset, ...others] = monitors;
    reset.send('RESET\r\n');
    await others[4].close();
    const views = others.slice(0, 4).map((monitor) => monitor.raw('', { quietMs: 500, withinMs: 10_000 }));
    const gone = reset.raw('', { quietMs: 500, withinMs: 10_000 });
    await new Promise((resolve) => setTimeout(resolve, 100));
    for (const client of clients.slice(6)) await client.call('GET', 'shared:key');
    const texts = await Promise.all(views.map(async (view) => (await view).bytes.toString()));
    for (const text of texts) expect(text.match(/"shared:key"/g)?.length).toBe(clients.length - 6);
    expect((await gone).bytes.toString()).not.toContain('shared:key');
    await closeAll(clients);
  });

  it('commands run together again once nobody monitors', async () => {
    const [client, monitor] = await Promise.all([RespClient.connect(server().port), RespClient.connect(server().port)]);
    await monitor.call('MONITOR');
    await monitor.close();
    await expect
      .poll(async () => String(await client.ask('CLIENT', 'LIST')).includes('flags=O'), { timeout: 5000 })
      .toBe(false);
    const replies = await client.pipeline(Array.from({ length: 500 }, (_, i) => ['SET', `again:${i}`, i]));
    expect(replies.every((reply) => reply.equals(Buffer.from('+OK\r\n')))).toBe(true);
    await client.close();
  });

  it('SLOWLOG is one log: ids are unique and rise, its length is bounded, and it is emptied as one', async () => {
    const clients = await everyWorker(server().port);
    const [first] = clients;
    await first.call('CONFIG', 'SET', 'slowlog-log-slower-than', 0, 'slowlog-max-len', 50);
    await Promise.all(
      clients.map((client, c) => client.pipeline(Array.from({ length: 10 }, (_, i) => ['SET', `slow:${c}:${i}`, i]))),
    );
    const log = (await first.ask('SLOWLOG', 'GET', -1)) as Decoded[][];
    const ids = log.map(([id]) => Number(id));
    expect(ids.length).toBe(50);
    expect(new Set(ids).size).toBe(50);
    expect(ids).toEqual([...ids].sort((a, b) => b - a));
    expect(ids[0] - ids[49]).toBe(49);
    expect(new Set(log.map(([, , , , address]) => address)).size).toBeGreaterThan(1);
    await first.call('CONFIG', 'SET', 'slowlog-log-slower-than', 10000);
    await first.call('SLOWLOG', 'RESET');
    for (const client of clients) expect(await client.ask('SLOWLOG', 'LEN')).toBe(0);
    await closeAll(clients);
  });

  it('SLOWLOG and LATENCY tell of a command of the slow lane by its own time', async () => {
    const client = await RespClient.connect(server().port);
    await client.call('CONFIG', 'SET', 'slowlog-log-slower-than', 1500, 'latency-monitor-threshold', 1);
    await client.call('LATENCY', 'RESET');
    await client.call('SLOWLOG', 'RESET');
    const members = Array.from({ length: 60_000 }, (_, i) => `member:${i}`);
    await client.call('SADD', 'large', ...members);
    await client.call('SORT', 'large', 'ALPHA', 'LIMIT', 0, 1);
    const log = (await client.ask('SLOWLOG', 'GET', 10)) as Decoded[][];
    const entry = log.find(([, , , argv]) => String((argv as Decoded[])[0]) === 'SORT');
    expect(entry?.[3]).toEqual(['SORT', 'large', 'ALPHA', 'LIMIT', '0', '1']);
    expect(Number(entry?.[2])).toBeGreaterThanOrEqual(1500);
    const add = log.find(([, , , argv]) => String((argv as Decoded[])[0]) === 'SADD');
    expect((add![3] as string[]).at(-1)).toBe(`... (${members.length + 2 - 31} more arguments)`);
    const [event] = ((await client.ask('LATENCY', 'LATEST')) as Decoded[][]).filter(([name]) => name === 'command');
    expect(Number(event[3])).toBeGreaterThanOrEqual(Number(event[2]));
    const history = (await client.ask('LATENCY', 'HISTORY', 'command')) as number[][];
    expect(history.at(-1)?.[0]).toBe(event[1]);
    expect(String(await client.ask('LATENCY', 'GRAPH', 'command'))).toMatch(/^command - high \d+ ms, low \d+ ms /);
    expect(String(await client.ask('LATENCY', 'DOCTOR'))).toContain('command: ');
    expect(Number(await client.ask('LATENCY', 'RESET', 'command', 'nosuchevent'))).toBe(1);
    expect(((await client.ask('LATENCY', 'HISTORY', 'command')) as Decoded[]).length).toBe(0);
    await client.call('CONFIG', 'SET', 'slowlog-log-slower-than', 10000, 'latency-monitor-threshold', 0);
    await client.close();
  });

  it('INFO commandstats counts calls, failures and refusals of all workers', async () => {
    const clients = await everyWorker(server().port);
    const [first] = clients;
    await first.call('CONFIG', 'RESETSTAT');
    await first.call('DEL', 'stats');
    await Promise.all(
      clients.map((client) =>
        client.pipeline([
          ['SET', 'stats', 'x'],
          ['GET', 'stats'],
          ['INCR', 'stats'],
          ['GET'],
          ['SELECT', 'abc'],
          ['SELECT'],
        ]),
      ),
    );
    const n = clients.length;
    // Each worker takes over what its windows have counted several times a second.
    const line = async (name: string): Promise<string> =>
      new RegExp(`^cmdstat_${name}:.*$`, 'm').exec(String(await first.ask('INFO', 'commandstats')))?.[0] ?? '';
    await expect.poll(() => line('set'), { timeout: 5000 }).toContain(`calls=${n},`);
    await expect
      .poll(() => line('get'), { timeout: 5000 })
      .toMatch(new RegExp(`calls=${n},.*rejected_calls=${n},failed_calls=0`));
    await expect
      .poll(() => line('incr'), { timeout: 5000 })
      .toMatch(new RegExp(`calls=${n},.*rejected_calls=0,failed_calls=${n}`));
    expect(await line('select')).toMatch(new RegExp(`calls=${n},.*rejected_calls=${n},failed_calls=${n}`));
    expect(await line('config\\|resetstat')).toContain('calls=1,');
    for (const name of ['set', 'get', 'incr', 'select']) {
      const [, usec, each] = /usec=(\d+),usec_per_call=([\d.]+)/.exec(await line(name))!;
      expect(Math.abs(Number(usec) - Number(each) * n)).toBeLessThan(n);
    }
    await closeAll(clients);
  });

  it('LATENCY HISTOGRAM counts every call, up to the last bound', async () => {
    const clients = await everyWorker(server().port);
    const [first] = clients;
    await first.call('CONFIG', 'RESETSTAT');
    const each = 100;
    await Promise.all(clients.map((client) => client.pipeline(Array.from({ length: each }, () => ['STRLEN', 'h']))));
    const calls = clients.length * each;
    type Histogram = [string, ['calls', number, 'histogram_usec', number[]]];
    const read = async (): Promise<Histogram> =>
      (await first.ask('LATENCY', 'HISTOGRAM', 'strlen', 'nosuch')) as unknown as Histogram;
    await expect.poll(async () => (await read())[1]?.[1], { timeout: 5000 }).toBe(calls);
    const [name, [, , , rows]] = await read();
    expect(name).toBe('strlen');
    const counts = rows.filter((_, i) => i % 2 === 1);
    expect(counts).toEqual([...counts].sort((a, b) => a - b));
    expect(counts.at(-1)).toBe(calls);
    expect(String(await first.ask('INFO', 'latencystats'))).toMatch(
      /^latency_percentiles_usec_strlen:p50=[\d.]+,p99=[\d.]+,p99\.9=[\d.]+\r$/m,
    );
    await first.call('CONFIG', 'SET', 'latency-tracking', 'no');
    expect(String(await first.ask('INFO', 'latencystats'))).toBe('# Latencystats\r\n');
    await first.call('CONFIG', 'SET', 'latency-tracking', 'yes');
    await closeAll(clients);
  });

  it('CLIENT LIST and KILL reach every worker, by each kind of filter', async () => {
    const clients = await everyWorker(server().port);
    const [first, second, third, fourth] = clients;
    const ids = await Promise.all(clients.map((client) => client.ask('CLIENT', 'ID')));
    const listed = String(await first.ask('CLIENT', 'LIST'));
    for (const id of ids) expect(listed).toContain(`id=${id} `);
    const two = String(await first.ask('CLIENT', 'LIST', 'ID', Number(ids[3]), Number(ids[1])));
    expect([...two.matchAll(/id=(\d+)/g)].map(([, id]) => Number(id))).toEqual([ids[3], ids[1]]);
    const addressOf = async (client: RespClient): Promise<string> =>
      / addr=(\S+) /.exec(String(await client.ask('CLIENT', 'INFO')))![1];
    expect(await first.ask('CLIENT', 'KILL', await addressOf(second))).toBe('OK');
    expect(await first.ask('CLIENT', 'KILL', 'ADDR', await addressOf(third))).toBe(1);
    expect(await first.ask('CLIENT', 'KILL', 'ID', Number(ids[3]))).toBe(1);
    await Promise.all([second.closed, third.closed, fourth.closed]);
    expect(await first.ask('CLIENT', 'KILL', 'TYPE', 'normal')).toBe(clients.length - 4);
    await Promise.all(clients.slice(1).map((client) => client.closed));
    expect(await first.ask('PING')).toBe('PONG');
    expect(await first.ask('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'no')).toBe(1);
    await first.closed;
  });

  it('CLIENT PAUSE WRITE holds writers of every worker and lets readers through, until UNPAUSE', async () => {
    const clients = await everyWorker(server().port);
    const [first] = clients;
    await first.call('SET', 'paused', 'before');
    await first.call('CLIENT', 'PAUSE', 60_000, 'WRITE');
    // The pause reaches the other workers by a message of its own, a moment after the reply.
    await new Promise((resolve) => setTimeout(resolve, 100));
    const done: number[] = [];
    const writes = clients.map((client, i) => client.call('SET', 'paused', `after:${i}`).then(() => done.push(i)));
    const reader = await RespClient.connect(server().port);
    for (let i = 0; i < 20; i++) expect(await reader.ask('GET', 'paused')).toBe('before');
    expect(done).toEqual([]);
    await reader.call('CLIENT', 'UNPAUSE');
    await Promise.all(writes);
    expect(done.length).toBe(clients.length);
    expect(String(await reader.ask('GET', 'paused'))).toMatch(/^after:/);
    await closeAll([...clients, reader]);
  });
});

describe('commands that the kernel runs together', () => {
  it('are one entry of SLOWLOG when together they took too long, and say how many they were', async () => {
    const server = await latchkeyServerForTest({ threads: 1, shards: 1 });
    const client = await RespClient.connect(server.port);
    // One count of so many bits takes some ten microseconds: less than the threshold, by far.
    await client.call('SET', 'big', 'x'.repeat(400_000));
    await client.call('CONFIG', 'SET', 'slowlog-log-slower-than', 1000);
    let entry: Decoded[] | undefined;
    for (let i = 0; i < 50 && !entry; i++) {
      await client.pipeline(Array.from({ length: 128 }, () => ['BITCOUNT', 'big']));
      const log = (await client.ask('SLOWLOG', 'GET', -1)) as Decoded[][];
      entry = log.find(([, , , argv]) => /^\.\.\. \(first of/.test((argv as string[]).at(-1)!));
    }
    expect(entry).toBeDefined();
    const argv = entry![3] as string[];
    expect(argv.slice(0, 2)).toEqual(['BITCOUNT', 'big']);
    expect(argv[2]).toMatch(/^\.\.\. \(first of \d+ commands that ran together\)$/);
    await client.close();
  });
});
