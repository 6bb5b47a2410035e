// Duels between the kernel, in this process and on its own, and redis-server: hand-picked lines, and random streams.
import { expect } from 'vitest';
import { compareReplies, ruleFor } from '../support/generator/compare.js';
import { type Protocol, runSteps } from '../support/generator/duel.js';
import { formatCommand, formatReply, parseCommandLine } from '../support/generator/escape.js';
import { explain } from '../support/generator/explain.js';
import type { Family } from '../support/generator/families.js';
import { compareKeyspaces } from '../support/generator/probe.js';
import { makeStream } from '../support/generator/stream.js';
import { KernelSide } from '../support/kernel-side.js';
import { allDigests, newReplica, replayLog, takeLog } from '../support/log-replay.js';
import { deriveSeed } from '../support/seed.js';
import { BUILDS, type Build } from '../support/wasm.js';
import type { Script } from './script.js';
import type { ServerSide } from './sides.js';

/** Something to set up in a kernel before it is used, such as limits that force a form. */
export type Prepare = (subject: KernelSide) => void;

/** Replays scripts line by line; fails on any difference. Returns how many replies were compared. */
export async function duelScripts(
  build: Build,
  protocol: Protocol,
  reference: ServerSide,
  scripts: readonly Script[],
  prepare: Prepare = () => {},
): Promise<number> {
  const problems: string[] = [];
  let compared = 0;
  for (const { title, lines } of scripts) {
    const subject = new KernelSide(build);
    prepare(subject);
    const [ours, theirs] = await Promise.all([subject.connect(protocol), reference.connect(protocol, 30_000)]);
    await theirs.pipeline([['FLUSHALL']]);
    for (const line of lines.split('\n').map((text) => text.trim())) {
      if (line === '') continue;
      const loose = line.startsWith('~ ');
      const command = parseCommandLine(loose ? line.slice(2) : line);
      if (!subject.answers(command)) continue;
      const [[reply], [wanted]] = await Promise.all([ours.pipeline([command]), theirs.pipeline([command])]);
      compared++;
      if (compareReplies(loose ? { kind: 'kind' } : ruleFor(command), reply, wanted))
        problems.push(`${title}: ${formatCommand(command)}: ${formatReply(reply)}, not ${formatReply(wanted)}`);
    }
    problems.push(...(await compareKeyspaces(ours, theirs)).map((difference) => `${title}: ${difference}`));
    expect(subject.kernel.check()).toBe(0);
    await theirs.close();
  }
  expect(problems).toEqual([]);
  return compared;
}

/**
 * Runs random streams of about `commands` commands in all, with whole keyspaces compared at the end of each; then the
 * log is replayed, and has to make the same keyspace. Returns how many replies were compared.
 * @param dumps Restore what DUMP gives into the reference, which must allow DEBUG, too.
 */
export async function duelStreams(
  build: Build,
  protocol: Protocol,
  reference: ServerSide,
  families: readonly Family[],
  { seed, commands, perStream, dumps }: { seed: number; commands: number; perStream: number; dumps?: boolean },
  prepare: Prepare = () => {},
): Promise<number> {
  let compared = 0;
  for (let index = 0; compared < commands; index++) {
    const subject = new KernelSide(build);
    subject.kernel.logOn();
    prepare(subject);
    const streamSeed = deriveSeed(seed, (BUILDS.indexOf(build) * 10 + protocol) * 1000 + index);
    const steps = subject.own(makeStream(streamSeed, perStream, families));
    const duel = { subject, reference, protocol, dumps };
    const outcome = await runSteps(duel, steps);
    if (outcome.difference) {
      const context = `${subject.name} RESP${protocol}, LATCHKEY_SEED=${seed}, stream ${index}`;
      expect.fail(await explain(duel, steps, outcome.difference, context));
    }
    expect(subject.kernel.check()).toBe(0);
    expect(outcome.compared).toBeGreaterThan(0);
    compared += outcome.compared;
    const second = newReplica(build);
    replayLog(takeLog(subject.kernel), second);
    expect(allDigests(second)).toEqual(allDigests(subject.kernel));
  }
  return compared;
}
