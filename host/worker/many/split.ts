// MGET, MSET, MSETNX, DEL, UNLINK, EXISTS, TOUCH: each shard executes the part of the command that names its keys.
import { elementsOf, integerOf, isError } from '../../resp/reply.js';
import { integerReply, type Leader, OK, OOM, silent, tellInOrder, text } from './leader.js';

/** Bytes that a pair costs beside its key and value: frame, entry and record headers. */
const PAIR_BYTES = 96;
const EXISTS = text('EXISTS');
const MSET = text('MSET');

export function leadSplit(lead: Leader): Buffer {
  const since = lead.told?.batches ?? 0;
  const reply = split(lead);
  tellInOrder(lead, since);
  return reply;
}

function split(lead: Leader): Buffer {
  const { command, argv } = lead;
  const step = command.keyStep;
  if (step === 2 && argv.length % 2 === 0) {
    return text(`-ERR wrong number of arguments for '${command.name}' command\r\n`);
  }
  const parts = new Map<number, Buffer[]>();
  const owners: number[] = [];
  for (let i = 1; i < argv.length; i += step) {
    const shard = lead.route(argv[i]);
    owners.push(shard);
    const part = parts.get(shard) ?? [];
    parts.set(shard, part);
    part.push(...argv.slice(i, i + step));
  }
  if (step === 2) return store(lead, parts);
  const replies = new Map<number, Buffer>();
  for (const [shard, part] of parts) {
    const reply = lead.on(shard, [argv[0], ...part]);
    if (isError(reply)) return reply;
    replies.set(shard, reply);
  }
  if (command.name !== 'mget') {
    return integerReply([...replies.values()].reduce((sum, reply) => sum + integerOf(reply), 0));
  }
  const queues = new Map([...replies].map(([shard, reply]) => [shard, elementsOf(reply).values()]));
  const elements = owners.map((shard) => queues.get(shard)!.next().value as Buffer);
  return Buffer.concat([text(`*${elements.length}\r\n`), ...elements]);
}

/** Nothing is stored before every shard has room for its part. */
function store(lead: Leader, parts: Map<number, Buffer[]>): Buffer {
  const onlyNew = lead.command.name === 'msetnx';
  if (onlyNew) {
    for (const [shard, part] of parts) {
      const keys = part.filter((_, i) => i % 2 === 0);
      if (integerOf(lead.on(shard, [EXISTS, ...keys], silent(lead.context))) !== 0) return integerReply(0);
    }
  }
  for (const [shard, part] of parts) {
    const bytes = part.reduce((sum, arg) => sum + arg.length, 0);
    // Room for the values, their frame, and their log record.
    if (!lead.canStore(shard, part.length / 2, bytes * 3 + (part.length / 2) * PAIR_BYTES + 65536)) return OOM;
  }
  for (const [shard, part] of parts) {
    const reply = lead.on(shard, [MSET, ...part]);
    if (isError(reply)) return reply;
  }
  return onlyNew ? integerReply(1) : OK;
}
