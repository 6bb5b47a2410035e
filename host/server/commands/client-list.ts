// The lines of CLIENT LIST and CLIENT INFO, and the connections they are about.
import type { ClientFacts, HostHandler, KillFilter } from '../context.js';
import { cString, integer, quotingError, SYNTAX_ERROR, word } from './values.js';

export type ClientType = NonNullable<KillFilter['type']>;

const TYPES: ReadonlyMap<string, ClientType> = new Map([
  ['normal', 'normal'],
  ['slave', 'replica'],
  ['replica', 'replica'],
  ['pubsub', 'pubsub'],
  ['master', 'master'],
]);

/** The type that an argument names, or undefined. */
export function clientType(argument: Uint8Array): ClientType | undefined {
  return TYPES.get(word(argument));
}

export function unknownType(argument: Uint8Array) {
  return quotingError(`ERR Unknown client type '${cString(argument)}'`);
}

/** Of the types that Redis knows, there are no replicas and no masters here. */
const typeOf = ({ subscriptions }: ClientFacts): ClientType =>
  subscriptions.some((count) => count > 0) ? 'pubsub' : 'normal';

/** Redis's letters, in Redis's order. */
function flagsOf(facts: ClientFacts, isCaller: boolean): string {
  let flags = '';
  if (facts.monitor) flags += 'O';
  if (typeOf(facts) === 'pubsub') flags += 'P';
  if (facts.queued >= 0) flags += 'x';
  // A caller that waits for this very answer is not blocked in anybody's eyes.
  if (facts.blocked && !isCaller) flags += 'b';
  if (facts.tracked) flags += 't';
  if (facts.tracked?.broken) flags += 'R';
  if (facts.tracked?.bcast) flags += 'B';
  if (facts.closeAfterReply) flags += 'c';
  if (facts.unix) flags += 'U';
  if (facts.noEvict) flags += 'e';
  if (facts.noTouch) flags += 'T';
  return flags === '' ? 'N' : flags;
}

const seconds = (ms: number): number => Math.max(0, Math.floor(ms / 1000));

/**
 * One line, its end included: the fields of Redis 7.0 and then the two of 7.2. Buffers are counted as what they hold
 * (qbuf: bytes received and not executed; omem: bytes of replies that the system has not taken), since a connection has
 * no buffers of a fixed size here.
 */
export function clientLine(facts: ClientFacts, nowMs: number, callerId: number): string {
  const { inputBytes, outputBytes } = facts;
  const fields: readonly (readonly [string, string | number])[] = [
    ['id', facts.id],
    ['addr', facts.address],
    ['laddr', facts.localAddress],
    ['fd', facts.fd],
    ['name', facts.name],
    ['age', seconds(nowMs - facts.createdMs)],
    ['idle', seconds(nowMs - facts.lastActiveMs)],
    ['flags', flagsOf(facts, facts.id === callerId)],
    ['db', facts.db],
    ['sub', facts.subscriptions[0]],
    ['psub', facts.subscriptions[1]],
    ['ssub', facts.subscriptions[2]],
    ['multi', facts.queued],
    ['qbuf', inputBytes],
    ['qbuf-free', 0],
    ['argv-mem', 0],
    ['multi-mem', 0],
    ['rbs', 0],
    ['rbp', 0],
    ['obl', 0],
    ['oll', outputBytes > 0 ? 1 : 0],
    ['omem', outputBytes],
    ['tot-mem', inputBytes + outputBytes],
    ['events', outputBytes > 0 ? 'rw' : 'r'],
    ['cmd', facts.lastCommand],
    ['user', 'default'],
    ['redir', facts.tracked ? facts.tracked.redirect.id : -1],
    ['resp', facts.proto],
    ['lib-name', facts.libName],
    ['lib-ver', facts.libVersion],
  ];
  return `${fields.map(([name, value]) => `${name}=${value}`).join(' ')}\n`;
}

const info: HostHandler = (_argv, client, services) => ({
  verbatim: clientLine(services.factsOf(client), Date.now(), client.id),
});

const list: HostHandler = async (argv, client, services) => {
  let chosen = (all: readonly ClientFacts[]): readonly ClientFacts[] => all;
  if (argv.length === 4 && word(argv[2]) === 'type') {
    const type = clientType(argv[3]);
    if (type === undefined) return unknownType(argv[3]);
    chosen = (all) => all.filter((facts) => typeOf(facts) === type);
  } else if (argv.length > 3 && word(argv[2]) === 'id') {
    const ids = argv.slice(3).map(integer);
    if (ids.includes(undefined)) return { error: 'ERR Invalid client ID' };
    chosen = (all) => {
      const byId = new Map(all.map((facts) => [BigInt(facts.id), facts]));
      return ids.flatMap((id) => byId.get(id!) ?? []);
    };
  } else if (argv.length !== 2) return SYNTAX_ERROR;
  const nowMs = Date.now();
  const facts = chosen(await services.clients());
  return { verbatim: facts.map((one) => clientLine(one, nowMs, client.id)).join('') };
};

export const CLIENT_LIST_HANDLERS: Readonly<Record<string, HostHandler>> = {
  'client|info': info,
  'client|list': list,
};
