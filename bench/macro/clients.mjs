// What clients do with each other: messages to many subscribers, elements handed to clients that wait, transactions over
// several shards; against redis-server in the same run. The load generator is this process: it shares the machine's cores
// with the servers, so CPU per command of the server's own process says more than throughput where it is the limit.
import { connect } from 'node:net';
import { markdownTable } from '../support/table.mjs';
import { withServers } from './plan.mjs';
import { cpuSeconds } from './proc.mjs';
import { judged, Samples } from './samples.mjs';

const SUBSCRIBERS = 50;
/** The issue's goal. */
const MESSAGES_BOUND = { atLeast: 1.5 };

/** A socket that counts what comes in and can wait for a number of bytes. */
class Counter {
  bytes = 0;
  #wanted = Number.POSITIVE_INFINITY;
  #resolve = () => {};

  constructor(port) {
    this.socket = connect({ port, host: '127.0.0.1', noDelay: true });
    this.socket.on('data', (chunk) => {
      this.bytes += chunk.length;
      if (this.bytes >= this.#wanted) this.#resolve();
    });
    this.socket.on('error', () => {});
  }
  send(text) {
    this.socket.write(text);
  }
  /** Resolves when `bytes` in all have come. */
  until(bytes) {
    if (this.bytes >= bytes) return Promise.resolve();
    this.#wanted = bytes;
    return new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }
  close() {
    this.socket.destroy();
  }
}

const frame = (...args) =>
  `*${args.length}\r\n${args.map((arg) => `$${Buffer.byteLength(arg)}\r\n${arg}\r\n`).join('')}`;
/** Runs `work`; what it took the server and the clock. */
async function timed(server, work) {
  const cpu = cpuSeconds(server.pid);
  const begun = performance.now();
  const count = await work();
  const ms = performance.now() - begun;
  return { rps: (count / ms) * 1000, cpuUs: ((cpuSeconds(server.pid) - cpu) * 1e6) / count };
}

/** Messages delivered to 50 subscribers by one publisher that pipelines. */
async function messages(server, pipeline, published) {
  const subscribers = Array.from({ length: SUBSCRIBERS }, () => new Counter(server.port));
  const confirmation = '*3\r\n$9\r\nsubscribe\r\n$7\r\nchannel\r\n:1\r\n'.length;
  for (const each of subscribers) each.send(frame('SUBSCRIBE', 'channel'));
  await Promise.all(subscribers.map((each) => each.until(confirmation)));
  const message = 'x'.repeat(16);
  const size = frame('message', 'channel', message).length;
  const publisher = new Counter(server.port);
  const batch = frame('PUBLISH', 'channel', message).repeat(pipeline);
  const reply = `:${SUBSCRIBERS}\r\n`.length;
  const sample = await timed(server, async () => {
    const batches = Math.ceil(published / pipeline);
    for (let i = 1; i <= batches; i++) {
      publisher.send(batch);
      await publisher.until(i * pipeline * reply);
    }
    const all = confirmation + batches * pipeline * size;
    await Promise.all(subscribers.map((each) => each.until(all)));
    return batches * pipeline * SUBSCRIBERS;
  });
  for (const { bytes } of subscribers) {
    if ((bytes - confirmation) % size !== 0) throw new Error('a subscriber got part of a message, or another one');
  }
  for (const each of [...subscribers, publisher]) each.close();
  return sample;
}

/** One client waits, another one pushes: from the push to the waiting client's reply, in microseconds. */
async function handOff(server, count) {
  const taker = new Counter(server.port);
  const giver = new Counter(server.port);
  const wait = frame('BLPOP', 'queue', '0');
  const push = frame('RPUSH', 'queue', 'element');
  const taken = frame('queue', 'element').length;
  const times = [];
  for (let i = 1; i <= count; i++) {
    taker.send(wait);
    // Time for the wait to begin: what is measured is the hand-off, and not the race for it.
    await new Promise((resolve) => setTimeout(resolve, 1));
    const begun = performance.now();
    giver.send(push);
    await taker.until(i * taken);
    times.push((performance.now() - begun) * 1000);
    await giver.until(i * 4);
  }
  taker.close();
  giver.close();
  times.sort((a, b) => a - b);
  return { us: times[Math.floor(count / 2)], p99Us: times[Math.floor(count * 0.99)] };
}

/** Transactions of five commands on keys of several shards, by one connection. */
async function transactions(server, pipeline, count) {
  const client = new Counter(server.port);
  const one = (i) =>
    frame('MULTI') +
    ['INCR', 'INCR', 'INCR'].map((name, n) => frame(name, `n:${n}`)).join('') +
    frame('SET', `k:${i % 7}`, 'value') +
    frame('GET', `k:${i % 5}`) +
    frame('EXEC');
  const batch = Array.from({ length: pipeline }, (_, i) => one(i)).join('');
  const clients = [client, ...Array.from({ length: 9 }, () => new Counter(server.port))];
  const sample = await timed(server, async () => {
    const batches = Math.ceil(count / pipeline / clients.length);
    await Promise.all(
      clients.map(async (each) => {
        for (let i = 0; i < batches; i++) {
          // GET may find nothing yet: the replies' length is not known before, so a PING ends each batch.
          await ended(each, batch);
        }
      }),
    );
    return batches * pipeline * clients.length;
  });
  for (const each of clients) each.close();
  return sample;
}

/** Sends a batch and a PING, and resolves when the PONG has come. */
function ended(client, batch) {
  return new Promise((resolve) => {
    let tail = '';
    const take = (chunk) => {
      tail = (tail + chunk.toString('latin1')).slice(-7);
      if (tail !== '+PONG\r\n') return;
      client.socket.off('data', take);
      resolve();
    };
    client.socket.on('data', take);
    client.send(`${batch}${frame('PING')}`);
  });
}

/** @param {import('./plan.mjs').Plan} plan @returns {Promise<string>} Markdown. */
export function compareClients(plan) {
  const kinds = [plan.rival, plan.subject(1, 1), plan.subject(2, 3)];
  const tiny = plan.seconds < 0.1;
  const published = tiny ? 200 : 20_000;
  const handed = tiny ? 20 : 2_000;
  const done = tiny ? 100 : 40_000;
  return withServers(plan, kinds, async (servers) => {
    const samples = new Samples();
    const workloads = [
      ...[1, 16, 64].map((pipeline) => ({
        key: `PUBLISH to ${SUBSCRIBERS}, pipeline ${pipeline}`,
        run: (server) => messages(server, pipeline, pipeline === 1 ? published / 10 : published),
        bound: MESSAGES_BOUND,
      })),
      ...[1, 16].map((pipeline) => ({
        key: `MULTI of 5, pipeline ${pipeline}`,
        run: (server) => transactions(server, pipeline, pipeline === 1 ? done / 4 : done),
      })),
      { key: 'hand-off', run: (server) => handOff(server, handed), latency: true },
    ];
    for (const server of servers) server.pause();
    for (let round = -1; round < plan.rounds; round++) {
      for (const { key, run } of workloads) {
        for (let i = 0; i < servers.length; i++) {
          const server = servers[(i + round + servers.length) % servers.length];
          server.resume();
          const sample = await run(server);
          server.pause();
          // The first round warms up.
          if (round >= 0) samples.add(`${key} ${server.name}`, sample);
        }
      }
      console.error(`  round ${round + 1} of ${plan.rounds}`);
    }
    const [redis, ...ours] = servers;
    const number = (value) => (value >= 100 ? Math.round(value).toLocaleString('en') : value.toFixed(2));
    const rows = workloads
      .filter(({ latency }) => !latency)
      .flatMap(({ key, bound }) =>
        ours.map((server, i) => [
          ...[key, server.name, number(samples.median(`${key} ${redis.name}`, 'rps'))],
          number(samples.median(`${key} ${server.name}`, 'rps')),
          judged(samples.ratio(`${key} ${server.name}`, `${key} ${redis.name}`, 'rps'), i === 0 ? bound : undefined),
          number(samples.median(`${key} ${redis.name}`, 'cpuUs')),
          number(samples.median(`${key} ${server.name}`, 'cpuUs')),
          judged(samples.ratio(`${key} ${server.name}`, `${key} ${redis.name}`, 'cpuUs')),
        ]),
      );
    const latencies = servers.map((server) => [
      server.name,
      number(samples.median(`hand-off ${server.name}`, 'us')),
      number(samples.median(`hand-off ${server.name}`, 'p99Us')),
    ]);
    return [
      '## Clients with each other',
      markdownTable(
        [...['', 'ours', 'redis, per s', 'ours, per s', 'ratio', 'redis, CPU µs each', 'ours, CPU µs each'], 'ratio'],
        rows,
      ),
      'Messages are counted as delivered, transactions as a whole. BLPOP hand-off, from the push to the reply of the client that waits:',
      markdownTable(['', 'median, µs', '99 %, µs'], latencies),
    ].join('\n\n');
  });
}
