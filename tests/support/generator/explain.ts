// Turns a difference between two servers into a message that a person can act on.
import { type Difference, type Duel, runSteps } from './duel.js';
import { firstDifference, formatCommand, formatReply } from './escape.js';
import { reduce } from './reduce.js';
import type { Step } from './stream.js';

const HISTORY_LINES_MAX = 60;
const REPLAY_TIMEOUT_MS = 5_000;

/**
 * Describes a difference and the smallest history found that shows one, replaying it on emptied servers.
 * @param steps     The steps that were run when the difference showed.
 * @param context   Which run it was: configuration, seed.
 * @param budgetMs  How long to look for a smaller history.
 */
export async function explain(
  duel: Duel,
  steps: readonly Step[],
  difference: Difference,
  context: string,
  budgetMs = 20_000,
): Promise<string> {
  const history = steps.slice(0, difference.stepIndex + 1);
  // Only the same command counts as the same failure: otherwise one that is easier to reach would take its place.
  const differs = async (items: readonly Step[]) => {
    const again = (await runSteps(duel, items, REPLAY_TIMEOUT_MS)).difference;
    return again !== undefined && nameOf(again) === nameOf(difference);
  };
  const head = [
    `${duel.subject.name} and ${duel.reference.name} differ (${context})`,
    `  at step ${difference.stepIndex + 1} of ${steps.length}:`,
    ...describeDifference(duel, difference),
  ];
  if (!(await differs(history))) {
    const last = steps.slice(Math.max(0, difference.stepIndex - 20), difference.stepIndex + 1);
    return [
      ...head,
      '  A replay of the same history shows no difference: it depends on timing. The last steps before it:',
      ...list(last),
    ].join('\n');
  }
  const reduced = await reduce(history, differs, budgetMs);
  const { items, note } = await simplify(reduced.items, differs);
  const { difference: smallest } = await runSteps(duel, items, REPLAY_TIMEOUT_MS);
  return [
    ...head,
    `  smallest failing history found (${items.length} of ${history.length} steps, ${reduced.replays} replays${note}):`,
    ...list(items),
    ...(smallest
      ? ['  which ends with:', ...describeDifference(duel, smallest)]
      : ['  whose last replay showed no difference']),
  ].join('\n');
}

/** Tries the history on one connection, and one command at a time, and says whether either matters. */
async function simplify(
  items: readonly Step[],
  differs: (items: readonly Step[]) => Promise<boolean>,
): Promise<{ items: readonly Step[]; note: string }> {
  const single = items.map((step, batch): Step => ({ ...step, connection: 0, batch }));
  if (await differs(single)) return { items: single, note: '; neither pipelining nor several connections needed' };
  const pipelined = items.map((step): Step => ({ ...step, connection: 0 }));
  if (await differs(pipelined)) return { items: pipelined, note: '; needs the pipelining shown' };
  return { items, note: '; needs the connections and pipelining shown' };
}

function nameOf({ command }: Difference): string {
  return command.length > 0 ? String(command[0]).toLowerCase() : '';
}

/** What was asked, what each side answered, and why that differs, in indented lines. */
export function describeDifference(
  duel: Pick<Duel, 'subject' | 'reference'>,
  { command, subjectReply, referenceReply, why }: Omit<Difference, 'stepIndex'>,
): string[] {
  const around = subjectReply && referenceReply ? firstDifference(subjectReply, referenceReply) : 0;
  const width = Math.max(duel.subject.name.length, duel.reference.name.length) + 1;
  const line = (name: string, reply: Buffer | undefined) =>
    `      ${`${name}:`.padEnd(width)} ${formatReply(reply, around)}`;
  return [
    ...(command.length > 0 ? [`    ${formatCommand(command)}`] : []),
    ...(subjectReply || referenceReply
      ? [line(duel.reference.name, referenceReply), line(duel.subject.name, subjectReply)]
      : []),
    `      ${why}`,
  ];
}

function list(steps: readonly Step[]): string[] {
  const several = steps.some(({ connection }) => connection !== steps[0].connection);
  const lines = steps.map((step, i) => {
    const text =
      step.kind === 'scan'
        ? `(whole iteration) ${formatCommand(['SCAN', '…', ...step.commands[0]])}`
        : step.commands.map(formatCommand).join('  ;  ');
    const pipelined = i > 0 && steps[i - 1].batch === step.batch ? '+' : ' ';
    return `    ${pipelined}${several ? ` [connection ${step.connection}]` : ''} ${text}`;
  });
  if (lines.length <= HISTORY_LINES_MAX) return lines;
  const left = lines.length - HISTORY_LINES_MAX;
  return [`      … ${left} steps before these`, ...lines.slice(-HISTORY_LINES_MAX)];
}
