// The keys of a running server, by SCAN and DUMP: a source of items. No moment in common: a key that is there from
// beginning to end is found, with a value that it had meanwhile.
//
// A batch of keys is asked for in one transaction, so that value, deadline and idle time of a key belong together. A
// server without transactions is asked for the deadline before and behind the value, and again while the two differ. The
// idle time is asked first: DUMP is an access.
import { type Item, partsOf, shown } from './item.js';
import type { Peer } from './peer.js';
import { ReplyError, type ReplyValue } from './reply-reader.js';

/** Keys that SCAN is asked for at a time, and keys of one transaction. */
const SCAN_COUNT = 512;
const BATCH_KEYS = 32;
/** A key whose deadline changes so many times while it is read is taken as it is. */
const TRIES_MAX = 5;

interface Asking {
  readonly db: number;
  /** PEXPIRETIME came with Redis 7.0; without it a deadline is reckoned from PTTL and the server's own clock. */
  readonly absolute: boolean;
  /** The server has MULTI and EXEC. */
  readonly transactions: boolean;
  /** What its policy keeps of accesses; nothing, if it does not say. */
  readonly clock: 'IDLETIME' | 'FREQ' | undefined;
}

/** @param only One database; otherwise all that hold keys. */
export async function* readServer(peer: Peer, only?: number): AsyncGenerator<Item, void> {
  const databases = only === undefined ? [...(await peer.databases()).keys()] : [only];
  const absolute = !((await peer.send('PEXPIRETIME', 'latchkey')) instanceof ReplyError);
  const transactions = !((await peer.send('MULTI')) instanceof ReplyError);
  if (transactions) await peer.ask('DISCARD');
  const policy = String(await peer.send('INFO', 'memory')).match(/^maxmemory_policy:(\S+)/m)?.[1];
  const clock = policy === undefined ? undefined : policy.endsWith('-lfu') ? 'FREQ' : 'IDLETIME';
  for (const db of databases) {
    await peer.ask('SELECT', db);
    yield* readDatabase(peer, { db, absolute, transactions, clock });
  }
}

async function* readDatabase(peer: Peer, asking: Asking): AsyncGenerator<Item, void> {
  let cursor = '0';
  do {
    const [next, keys] = asList(peer, await peer.ask('SCAN', cursor, 'COUNT', SCAN_COUNT));
    cursor = String(next);
    const found = asList(peer, keys) as Buffer[];
    for (let i = 0; i < found.length; i += BATCH_KEYS) yield* readBatch(peer, asking, found.slice(i, i + BATCH_KEYS));
  } while (cursor !== '0');
}

async function* readBatch(peer: Peer, asking: Asking, keys: readonly Buffer[], tries = 1): AsyncGenerator<Item, void> {
  const { absolute, clock, transactions } = asking;
  const twice = absolute && !transactions;
  const replies = await askBatch(peer, asking, keys, twice);
  const [seconds, micros] = asList(peer, replies[0]).map(Number);
  const nowMs = BigInt(seconds * 1000 + Math.floor(micros / 1000));
  const again: Buffer[] = [];
  let at = 1;
  for (const key of keys) {
    const access = clock ? replies[at++] : undefined;
    const time = asNumber(peer, replies[at++]);
    const payload = replies[at++];
    const timeBehind = twice ? asNumber(peer, replies[at++]) : time;
    if (payload instanceof ReplyError) throw peer.failure(`DUMP of key ${shown(key)}: ${payload.message}`);
    // It has gone since SCAN saw it.
    if (!Buffer.isBuffer(payload)) continue;
    if (time !== timeBehind && tries < TRIES_MAX) {
      again.push(key);
      continue;
    }
    const parts = partsOf(payload);
    if (!parts) throw peer.failure(`DUMP of key ${shown(key)} has a wrong checksum`);
    yield {
      db: asking.db,
      key,
      ...parts,
      expiresMs: time < 0 ? 0n : absolute ? BigInt(time) : nowMs + BigInt(time),
      ...(typeof access === 'number' ? { [clock === 'FREQ' ? 'frequency' : 'idleSeconds']: access } : {}),
    };
  }
  if (again.length > 0) yield* readBatch(peer, asking, again, tries + 1);
}

/** The server's time, and per key its access time if there is one, deadline, value, and with `twice` the deadline again. */
async function askBatch(
  peer: Peer,
  { absolute, clock, transactions }: Asking,
  keys: readonly Buffer[],
  twice: boolean,
): Promise<ReplyValue[]> {
  const deadline = absolute ? 'PEXPIRETIME' : 'PTTL';
  const sent: Promise<ReplyValue>[] = transactions ? [peer.send('MULTI')] : [];
  sent.push(peer.send('TIME'));
  for (const key of keys) {
    if (clock) sent.push(peer.send('OBJECT', clock, key));
    sent.push(peer.send(deadline, key), peer.send('DUMP', key));
    if (twice) sent.push(peer.send(deadline, key));
  }
  if (!transactions) return Promise.all(sent);
  sent.push(peer.send('EXEC'));
  const queued = await Promise.all(sent);
  const refused = queued.find((reply) => reply instanceof ReplyError);
  if (refused) throw peer.failure((refused as ReplyError).message);
  return asList(peer, queued[queued.length - 1]);
}

function asList(peer: Peer, reply: ReplyValue): ReplyValue[] {
  if (Array.isArray(reply)) return reply;
  throw peer.failure('an array was expected in a reply');
}

function asNumber(peer: Peer, reply: ReplyValue): number {
  if (typeof reply === 'number') return reply;
  throw peer.failure(reply instanceof ReplyError ? reply.message : 'a number was expected in a reply');
}
