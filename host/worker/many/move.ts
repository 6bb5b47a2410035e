// Commands that take a value, or one element of it, from one shard to another. The receiving side goes first: if it has
// no memory, nothing has been taken yet.
import { bulkOf, integerOf, isError } from '../../resp/reply.js';
import {
  integerReply,
  internal,
  type Leader,
  OK,
  SLOW_BYTES,
  Slow,
  silent,
  sizeOf,
  tellLastFirst,
  text,
  typeOf,
  WRONGTYPE,
} from './leader.js';

const NO_SUCH_KEY = text('-ERR no such key\r\n');
const NULL = { 2: text('$-1\r\n'), 3: text('_\r\n') };
const TOUCH = text('TOUCH');
const nullReply = (lead: Leader): Buffer => (lead.context.proto === 3 ? NULL[3] : NULL[2]);

function imageOf(lead: Leader, key: Buffer): Buffer | null {
  if (!lead.patient && sizeOf(lead, key) > SLOW_BYTES) throw new Slow();
  return bulkOf(lead.on(lead.route(key), [internal.image, key]));
}

/** RENAME and RENAMENX. */
export function leadRename(lead: Leader): Buffer {
  const [, from, to] = lead.argv;
  const onlyNew = lead.command.name === 'renamenx';
  const image = imageOf(lead, from);
  if (!image) return NO_SUCH_KEY;
  if (onlyNew && sizeOf(lead, to) >= 0) return integerReply(0);
  const since = lead.told?.batches ?? 0;
  const put = lead.on(lead.route(to), [internal.put, to, image]);
  if (isError(put)) return put;
  lead.on(lead.route(from), [internal.leave, from]);
  tellLastFirst(lead, since);
  return onlyNew ? integerReply(1) : OK;
}

/** COPY. The kernel words the errors: a frame with bad options is simply executed at its source. */
export function leadCopy(lead: Leader, databases: number): Buffer {
  const { argv, context } = lead;
  let replace = false;
  let db = context.db;
  for (let i = 3; i < argv.length; i++) {
    const option = argv[i].toString('latin1').toLowerCase();
    const value = option === 'db' && i + 1 < argv.length ? argv[i + 1].toString('latin1') : '';
    if (option === 'replace') replace = true;
    else if (/^(0|[1-9]\d{0,8})$/.test(value) && Number(value) < databases) {
      db = Number(value);
      i++;
    } else return lead.on(lead.route(argv[1]), argv);
  }
  const image = imageOf(lead, argv[1]);
  lead.on(lead.route(argv[1]), [TOUCH, argv[1]]);
  if (!image) return integerReply(0);
  const target = { ...context, db };
  const home = lead.route(argv[2]);
  if (!replace && integerOf(lead.on(home, [text('EXISTS'), argv[2]], silent(target))) !== 0) return integerReply(0);
  const put = lead.on(home, [internal.put, argv[2], image, COPIED], target);
  return isError(put) ? put : integerReply(1);
}
/** Says that the value is a copy: OBJECT REFCOUNT of an integer tells. */
const COPIED = text('COPY');

/** LMOVE and RPOPLPUSH. */
export function leadListMove(lead: Leader): Buffer {
  const { argv } = lead;
  const [, source, target] = argv;
  const isMove = lead.command.name === 'lmove';
  const from = isMove ? argv[3].toString('latin1').toLowerCase() : 'right';
  const to = isMove ? argv[4].toString('latin1').toLowerCase() : 'left';
  // The kernel words the error.
  if (![from, to].every((side) => side === 'left' || side === 'right')) return lead.on(lead.route(source), argv);
  const home = lead.route(source);
  const element = lead.on(home, [text('LINDEX'), source, text(from === 'left' ? '0' : '-1')], silent(lead.context));
  if (isError(element)) return element;
  const bytes = bulkOf(element);
  if (!bytes) return nullReply(lead);
  if (!['none', 'list'].includes(typeOf(lead, target))) return WRONGTYPE;
  const pushed = lead.on(lead.route(target), [text(to === 'left' ? 'LPUSH' : 'RPUSH'), target, bytes]);
  if (isError(pushed)) return pushed;
  return lead.on(home, [text(from === 'left' ? 'LPOP' : 'RPOP'), source]);
}

/** SMOVE. */
export function leadSetMove(lead: Leader): Buffer {
  const [, source, target, member] = lead.argv;
  const home = lead.route(source);
  const sourceType = typeOf(lead, source);
  if (sourceType === 'none') return integerReply(0);
  if (sourceType !== 'set' || !['none', 'set'].includes(typeOf(lead, target))) return WRONGTYPE;
  if (integerOf(lead.on(home, [text('SISMEMBER'), source, member], silent(lead.context))) === 0) return integerReply(0);
  const since = lead.told?.batches ?? 0;
  const added = lead.on(lead.route(target), [text('SADD'), target, member]);
  if (isError(added)) return added;
  const removed = lead.on(home, [text('SREM'), source, member]);
  tellLastFirst(lead, since);
  return removed;
}
