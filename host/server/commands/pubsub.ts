// Publish and subscribe. Behaviour and texts: redis-server 7.0's pubsub.c.

import { globMatch } from '../../commands/glob.js';
import type { Reply } from '../../commands/index.js';
import { CHANNEL, isSubscriber, type MessageKind, PATTERN, SHARD_CHANNEL } from '../../worker/subscriptions.js';
import type { Client, Encoded, HostHandler } from '../context.js';
import { helpReply } from './help.js';
import { subcommandSyntaxError } from './values.js';

const latin1 = (arg: Buffer): string => arg.toString('latin1');
const VERBS = ['subscribe', 'psubscribe', 'ssubscribe'] as const;

/** Subscriptions that the number in a confirmation counts. */
const counted = ({ subscribed }: Client, kind: MessageKind): number =>
  kind === SHARD_CHANNEL ? subscribed[SHARD_CHANNEL].size : subscribed[CHANNEL].size + subscribed[PATTERN].size;

/** One confirmation; a push under RESP3. */
function confirmation({ proto }: Client, verb: string, name: string | undefined, count: number): Buffer {
  const bytes = name === undefined ? undefined : Buffer.from(name, 'latin1');
  const none = proto === 3 ? '_\r\n' : '$-1\r\n';
  return Buffer.concat([
    Buffer.from(
      `${proto === 3 ? '>' : '*'}3\r\n$${verb.length}\r\n${verb}\r\n${bytes ? `$${bytes.length}\r\n` : none}`,
    ),
    ...(bytes ? [bytes, Buffer.from('\r\n')] : []),
    Buffer.from(`:${count}\r\n`),
  ]);
}

const encodedAfter = (told: Promise<void> | undefined, parts: readonly Buffer[]): Encoded | Promise<Encoded> => {
  const encoded = { encoded: Buffer.concat(parts) };
  return told ? told.then(() => encoded) : encoded;
};

const subscribe =
  (kind: MessageKind): HostHandler =>
  (argv, client, services) => {
    const names = argv.slice(1).map(latin1);
    const before = counted(client, kind);
    const known = new Set(client.subscribed[kind]);
    let count = before;
    const parts = names.map((name) => {
      if (!known.has(name)) count++;
      known.add(name);
      return confirmation(client, VERBS[kind], name, count);
    });
    return encodedAfter(services.subscribe(client, kind, names), parts);
  };

const unsubscribe =
  (kind: MessageKind): HostHandler =>
  (argv, client, services) => {
    const all = argv.length === 1;
    const names = all ? [...client.subscribed[kind]] : argv.slice(1).map(latin1);
    const known = new Set(client.subscribed[kind]);
    let count = counted(client, kind);
    const verb = VERBS[kind].replace('subscribe', 'unsubscribe');
    const parts = names.map((name) => {
      if (known.delete(name)) count--;
      return confirmation(client, verb, name, count);
    });
    if (parts.length === 0) parts.push(confirmation(client, verb, undefined, count));
    return encodedAfter(services.unsubscribe(client, kind, names), parts);
  };

const publish =
  (kind: typeof CHANNEL | typeof SHARD_CHANNEL): HostHandler =>
  (argv, _client, { pubsub }) =>
    pubsub.publish(argv[1], argv[2], kind);

const channels =
  (kind: MessageKind): HostHandler =>
  (argv, _client, { pubsub }) => {
    if (argv.length > 3) return subcommandSyntaxError(argv);
    const pattern = argv.length === 3 ? latin1(argv[2]) : undefined;
    return pubsub.subscriptions
      .names(kind)
      .filter((name) => pattern === undefined || globMatch(pattern, name))
      .map((name) => Buffer.from(name, 'latin1'));
  };

const numbers =
  (kind: MessageKind): HostHandler =>
  (argv, _client, { pubsub }): Reply =>
    argv.slice(2).flatMap((name): Reply[] => [name, pubsub.subscriptions.count(kind, latin1(name))]);

const HELP = [
  'CHANNELS [<pattern>]',
  "    Return the currently active channels matching a <pattern> (default: '*').",
  'NUMPAT',
  '    Return number of subscriptions to patterns.',
  'NUMSUB [<channel> ...]',
  '    Return the number of subscribers for the specified channels, excluding',
  '    pattern subscriptions(default: no channels).',
  'SHARDCHANNELS [<pattern>]',
  "    Return the currently active shard level channels matching a <pattern> (default: '*').",
  'SHARDNUMSUB [<shardchannel> ...]',
  '    Return the number of subscribers for the specified shard level channel(s)',
];

export const PUBSUB_HANDLERS: Readonly<Record<string, HostHandler>> = {
  ...{ subscribe: subscribe(CHANNEL), psubscribe: subscribe(PATTERN), ssubscribe: subscribe(SHARD_CHANNEL) },
  ...{
    unsubscribe: unsubscribe(CHANNEL),
    punsubscribe: unsubscribe(PATTERN),
    sunsubscribe: unsubscribe(SHARD_CHANNEL),
  },
  ...{ publish: publish(CHANNEL), spublish: publish(SHARD_CHANNEL) },
  'pubsub|channels': channels(CHANNEL),
  'pubsub|shardchannels': channels(SHARD_CHANNEL),
  'pubsub|numsub': numbers(CHANNEL),
  'pubsub|shardnumsub': numbers(SHARD_CHANNEL),
  'pubsub|numpat': (_argv, _client, { pubsub }) => pubsub.subscriptions.size(PATTERN),
  'pubsub|help': () => helpReply('PUBSUB', HELP),
};

/** What a RESP2 connection may do while it subscribes. */
const ALLOWED: ReadonlySet<string> = new Set([
  ...['ping', 'subscribe', 'ssubscribe', 'unsubscribe', 'sunsubscribe', 'psubscribe', 'punsubscribe', 'quit', 'reset'],
]);

/** Whether the connection can be sent messages. */
export const isSubscribed = ({ subscribed }: Client): boolean => isSubscriber(subscribed);

/** Why a command may not be executed by a connection that subscribes; undefined: it may. */
export function refusedWhileSubscribed(client: Client, name: string, fullName: string): Reply | undefined {
  if (client.proto === 3 || !isSubscribed(client) || ALLOWED.has(name)) return undefined;
  return {
    error: `ERR Can't execute '${fullName}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context`,
  };
}
