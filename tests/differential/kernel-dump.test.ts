// DUMP and RESTORE: what a real redis-server dumps is taken and dumped again, and back there it is what it was: content,
// encoding and all. And the other way round for what the kernel makes itself.
import { beforeAll, describe, expect, it } from 'vitest';
import { compareReplies, ruleFor } from '../support/generator/compare.js';
import { runSteps } from '../support/generator/duel.js';
import { dumpFamilies } from '../support/generator/dump-families.js';
import { formatCommand, formatReply, parseCommandLine } from '../support/generator/escape.js';
import { explain } from '../support/generator/explain.js';
import { keyspaceFamilies } from '../support/generator/keyspace-families.js';
import { makeStream } from '../support/generator/stream.js';
import { openKernel } from '../support/kernel.js';
import { KernelSide } from '../support/kernel-side.js';
import { type Limit, setLimits } from '../support/limits.js';
import { allDigests, newReplica, replayLog, takeLog } from '../support/log-replay.js';
import { commandsFor, MADE, OLD, oldPayload } from '../support/payloads.js';
import { describeWith } from '../support/programs.js';
import { redisServerForSuite } from '../support/redis-server.js';
import { type Arg, decode, RespClient } from '../support/resp-client.js';
import { deriveSeed, runSeed } from '../support/seed.js';
import { BUILDS } from '../support/wasm.js';
import { dumpScripts } from './cases/dump.js';
import { ServerSide } from './sides.js';

const COMMANDS_PER_BUILD = process.env.LATCHKEY_TEST_LONG === '1' ? 60_000 : 1_500;

/** Whatever form the kernel keeps a value in, Redis finds its own encoding for it, by its own limits. */
const FORMS: Record<string, Partial<Record<Limit, number>>> = {
  'as it likes': {},
  'all in large forms': {
    ...{ packedEntriesMax: 0, packedBytesMax: 0, hashMaxListpackEntries: 0, setMaxIntsetEntries: 0 },
    ...{ zsetMaxListpackEntries: 0, listMaxListpackSize: 2, streamNodeMaxEntries: 3 },
  },
};

describeWith('redis-server', 'payloads, to and from a real redis-server', () => {
  const seed = runSeed('tests/differential/kernel-dump.test.ts');
  const server = redisServerForSuite();
  const reference = new ServerSide('redis-server', async () => server());
  // Random streams flush all databases.
  const second = redisServerForSuite();
  const streams = new ServerSide('redis-server', async () => second());
  const payloads = new Map<string, Buffer>();

  async function redis(commands: Arg[][]): Promise<Buffer[]> {
    const client = await RespClient.connect(server().port);
    const replies = await client.pipeline(commands);
    await client.close();
    replies.forEach((reply, i) => {
      if (reply[0] === 0x2d) throw new Error(`${String(commands[i][0])}: ${formatReply(reply)}`);
    });
    return replies;
  }
  const bulk = (reply: Buffer) => decode(reply, { binary: true }) as Buffer;

  beforeAll(async () => {
    await redis([['FLUSHALL']]);
    for (const made of MADE) {
      const replies = await redis([...commandsFor(made, made.name), ['DUMP', made.name]]);
      payloads.set(made.name, bulk(replies.at(-1)!));
    }
    for (const old of OLD) {
      const payload = oldPayload(old);
      // What is made by hand is right if Redis thinks so.
      await redis([['RESTORE', old.name, 0, payload]]);
      payloads.set(old.name, payload);
    }
  });

  describe.each(BUILDS)('$memory $mode', (build) => {
    it.each([2, 3] as const)('answers the hand-picked commands alike over RESP%i', async (protocol) => {
      const problems: string[] = [];
      let compared = 0;
      for (const { title, lines } of dumpScripts) {
        const subject = new KernelSide(build);
        const [ours, theirs] = await Promise.all([subject.connect(protocol), reference.connect(protocol, 30_000)]);
        await theirs.pipeline([['SELECT', 15], ['FLUSHDB']]);
        for (const line of lines.split('\n')) {
          const command = parseCommandLine(line);
          const [[reply], [wanted]] = await Promise.all([ours.pipeline([command]), theirs.pipeline([command])]);
          compared++;
          if (compareReplies(ruleFor(command), reply, wanted))
            problems.push(`${title}: ${formatCommand(command)}: ${formatReply(reply)}, not ${formatReply(wanted)}`);
        }
        expect(subject.kernel.check()).toBe(0);
        await theirs.close();
      }
      expect(problems).toEqual([]);
      expect(compared).toBeGreaterThan(150);
    });

    it('answers random streams alike, and its log makes the same keyspace', async () => {
      let compared = 0;
      for (let index = 0; compared < COMMANDS_PER_BUILD; index++) {
        const subject = new KernelSide(build);
        subject.kernel.logOn();
        const streamSeed = deriveSeed(seed, BUILDS.indexOf(build) * 1000 + index);
        const steps = subject.own(makeStream(streamSeed, 500, [...dumpFamilies, ...dumpFamilies, ...keyspaceFamilies]));
        const duel = { subject, reference: streams, protocol: index % 2 === 0 ? (2 as const) : (3 as const) };
        const outcome = await runSteps(duel, steps);
        if (outcome.difference) {
          const context = `${subject.name} RESP${duel.protocol}, LATCHKEY_SEED=${seed}, stream ${index}`;
          expect.fail(await explain(duel, steps, outcome.difference, context));
        }
        expect(subject.kernel.check()).toBe(0);
        const replica = newReplica(build);
        replayLog(takeLog(subject.kernel), replica);
        expect(allDigests(replica)).toEqual(allDigests(subject.kernel));
        compared += outcome.compared;
      }
    });

    it.each(Object.keys(FORMS))('a value that goes through the kernel comes back as it was: %s', async (form) => {
      const kernel = openKernel(build).logOn();
      setLimits(kernel, FORMS[form]);
      const problems: string[] = [];
      for (const [name, payload] of payloads) {
        const reply = kernel.text('RESTORE', name, 0, payload);
        if (reply !== '+OK\r\n') {
          problems.push(`${name}: RESTORE answers ${reply}`);
          continue;
        }
        if (kernel.text('RESTORE', name, 0, payload) !== '-BUSYKEY Target key name already exists.\r\n')
          problems.push(`${name}: is not there`);
        kernel.call('COPY', name, `copy of ${name}`);
      }
      expect(problems).toEqual([]);
      const client = await RespClient.connect(server().port);
      await client.pipeline([['SELECT', 1], ['FLUSHDB']]);
      for (const name of payloads.keys()) {
        for (const key of [name, `copy of ${name}`]) {
          const [restored] = await client.pipeline([['RESTORE', name, 0, bulk(kernel.call('DUMP', key)), 'REPLACE']]);
          if (restored.toString() !== '+OK\r\n') problems.push(`${key}: redis-server answers ${formatReply(restored)}`);
          problems.push(...(await differences(client, name)));
        }
      }
      await client.close();
      expect(problems).toEqual([]);
      expect(payloads.size).toBeGreaterThan(50);
      const replica = newReplica(build);
      setLimits(replica, FORMS[form]);
      replayLog(takeLog(kernel), replica);
      expect(allDigests(replica)).toEqual(allDigests(kernel));
      expect([kernel.check(), replica.check()]).toEqual([0, 0]);
    });
  });

  /** What differs between a key in database 0 and one of that name in database 1. */
  async function differences(client: RespClient, key: string): Promise<string[]> {
    const lines: string[] = [];
    const [[type]] = await Promise.all([client.pipeline([['TYPE', key]])]);
    const read: Record<string, Arg[][]> = {
      '+string\r\n': [['GET', key]],
      '+list\r\n': [['LRANGE', key, 0, -1]],
      '+set\r\n': [['SORT', key, 'ALPHA']],
      '+zset\r\n': [['ZRANGE', key, 0, -1, 'WITHSCORES']],
      '+hash\r\n': [['HGETALL', key]],
      '+stream\r\n': [
        ['XRANGE', key, '-', '+'],
        ['XINFO', 'STREAM', key, 'FULL', 'COUNT', 0],
      ],
    };
    const commands = [['TYPE', key], ['OBJECT', 'ENCODING', key], ...(read[type.toString()] ?? [])];
    const [, ...left] = await client.pipeline([['SELECT', 0], ...commands]);
    const [, ...right] = await client.pipeline([['SELECT', 1], ...commands]);
    commands.forEach((command, i) => {
      if (digest(command, left[i]) !== digest(command, right[i]))
        lines.push(
          `${command.join(' ')}: ${formatReply(right[i]).slice(0, 300)}, not ${formatReply(left[i]).slice(0, 300)}`,
        );
    });
    return lines;
  }

  /** A reply as text; a hash's pairs in an order of their own. */
  function digest(command: Arg[], reply: Buffer): string {
    if (command[0] !== 'HGETALL') return reply.toString('latin1');
    const flat = (decode(reply, { binary: true }) as Buffer[]).map((item) => item.toString('latin1'));
    return flat
      .flatMap((_, i) => (i % 2 === 0 ? [`${flat[i]}=${flat[i + 1]}`] : []))
      .sort()
      .join('\n');
  }
});
