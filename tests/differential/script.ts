// Hand-picked command lines, replayed in order on both servers. All differences of a script are reported, not only the
// first, so that one run shows what is left to do.
import { compareReplies, type Rule, ruleFor } from '../support/generator/compare.js';
import type { Protocol } from '../support/generator/duel.js';
import { parseCommandLine } from '../support/generator/escape.js';
import { describeDifference } from '../support/generator/explain.js';
import { compareKeyspaces } from '../support/generator/probe.js';
import { RepliesMissing } from '../support/resp-client.js';
import type { ServerSide } from './sides.js';

export interface Script {
  title: string;
  /**
   * One command a line, written as for redis-cli. `~` and a space before a command: only the kind of its reply is
   * comparable. Each script starts on new connections and empty servers.
   */
  lines: string;
}

interface Sides {
  subject: ServerSide;
  reference: ServerSide;
}

const TIMEOUT_MS = 30_000;
const KIND: Rule = { kind: 'kind' };

/**
 * Replays a script and compares every reply, then the keyspaces.
 * @returns How many replies were compared, and a message that lists the differences; undefined if there are none.
 */
export async function replayScript(
  { subject, reference }: Sides,
  { title, lines }: Script,
  protocol: Protocol,
): Promise<{ compared: number; problem: string | undefined }> {
  const commands = lines
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .map((line) => {
      const loose = line.startsWith('~ ');
      const command = parseCommandLine(loose ? line.slice(2) : line);
      return { command, rule: loose ? KIND : ruleFor(command) };
    });
  const [ours, theirs] = await Promise.all([
    subject.connect(protocol, TIMEOUT_MS),
    reference.connect(protocol, TIMEOUT_MS),
  ]);
  const problems: string[] = [];
  try {
    await Promise.all([ours.call('FLUSHALL'), theirs.call('FLUSHALL')]);
    const sent = commands.map(({ command }) => command);
    let missing: RepliesMissing | undefined;
    const [ourReplies, theirReplies] = await Promise.all([
      ours.pipeline(sent).catch((error) => {
        if (!(error instanceof RepliesMissing)) throw error;
        missing = error;
        return error.replies;
      }),
      theirs.pipeline(sent),
    ]);
    for (let i = 0; i < commands.length; i++) {
      const { command, rule } = commands[i];
      const [subjectReply, referenceReply] = [ourReplies[i] as Buffer | undefined, theirReplies[i]];
      const why = subjectReply
        ? compareReplies(rule, subjectReply, referenceReply)
        : [missing!.message, await subject.post()].join('\n');
      if (why)
        problems.push(...describeDifference({ subject, reference }, { command, subjectReply, referenceReply, why }));
      if (!subjectReply) break;
    }
    if (!missing) {
      const differences = await compareKeyspaces(ours, theirs);
      if (differences.length > 0)
        problems.push(`    keyspaces afterwards (first ${subject.name}, then ${reference.name}):`);
      problems.push(...differences.map((line) => `      ${line}`));
    }
  } finally {
    await Promise.all([ours.close(), theirs.close()]);
  }
  const heading = `"${title}" over RESP${protocol}: ${subject.name} and ${reference.name} differ:`;
  return {
    compared: commands.length,
    problem: problems.length > 0 ? [heading, ...problems].join('\n') : undefined,
  };
}
