// Commands that take their keys one by one: each is executed on its shard, as a command with one key.
import * as abi from '../../kernel/abi.js';
import { isError } from '../../resp/reply.js';
import { type Leader, Slow, silent, text } from './leader.js';

const SLOW = text('+SLOW\r\n');
const NULL_ARRAY = { 2: text('*-1\r\n'), 3: text('_\r\n') };
const nullArray = (lead: Leader): Buffer => (lead.context.proto === 3 ? NULL_ARRAY[3] : NULL_ARRAY[2]);
const isNull = (reply: Buffer): boolean => reply[0] === 0x5f || (reply[0] === 0x2a && reply[1] === 0x2d);

/** LMPOP and ZMPOP: the first key that has something. */
export function leadPopFirst(lead: Leader): Buffer {
  const { argv, positions } = lead;
  const rest = argv.slice(positions[positions.length - 1] + 1);
  // Nothing says from which end: the kernel words the error.
  if (rest.length === 0) return lead.on(lead.route(argv[positions[0]]), argv);
  for (const at of positions) {
    const reply = lead.on(lead.route(argv[at]), [argv[0], text('1'), argv[at], ...rest]);
    if (isError(reply) || !isNull(reply)) return reply;
  }
  return nullArray(lead);
}

/**
 * XREAD and XREADGROUP: what each stream has, in the order in which they are named. Every stream is asked first whether it
 * would answer at all, and in time (NUL XCHECK): a group delivers for good, and whoever is told of a key that is not there
 * is told in that order, too.
 */
export function leadStreams(lead: Leader): Buffer {
  const { argv, positions } = lead;
  const first = positions[0];
  // Without an ID for each stream there is nothing to take apart: the kernel words the error.
  if (argv.length - first !== 2 * positions.length) return lead.on(lead.route(argv[first]), argv);
  const options = argv.slice(0, first);
  const frames = positions.map((at) => ({
    shard: lead.route(argv[at]),
    frame: [...options, argv[at], argv[at + positions.length]],
  }));
  let { context } = lead;
  for (const { shard, frame } of frames) {
    const verdict = lead.on(shard, [text('\0XCHECK'), ...frame]);
    if (isError(verdict)) return verdict;
    if (verdict.equals(SLOW)) throw new Slow();
  }
  // None is slow; and a stream that is named twice must not become so by what has just been delivered.
  context = silent({ ...context, callFlags: context.callFlags | abi.CALL_SLOW });
  const bodies: Buffer[] = [];
  for (const { shard, frame } of frames) {
    const reply = lead.on(shard, frame, context);
    if (isError(reply)) return reply;
    if (!isNull(reply)) bodies.push(reply.subarray(reply.indexOf(10) + 1));
  }
  if (bodies.length === 0) return nullArray(lead);
  return Buffer.concat([text(`${lead.context.proto === 3 ? '%' : '*'}${bodies.length}\r\n`), ...bodies]);
}
