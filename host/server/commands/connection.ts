// Commands about the connection they arrive on. Behaviour and texts: redis-server 7.0's networking.c, acl.c and server.c.
import { createHash, timingSafeEqual } from 'node:crypto';
import type { Reply } from '../../commands/index.js';
import { KINDS } from '../../worker/subscriptions.js';
import type { Client, HostHandler, Services } from '../context.js';
import { REDIS_VERSION } from '../version.js';
import { INVALID_NAME, isName } from './client-names.js';
import { isSubscribed } from './pubsub.js';
import { endTransaction } from './transaction.js';
import { cString, equals, integer, NOT_AN_INTEGER, OK, quotingError, SYNTAX_ERROR, word } from './values.js';

const WRONGPASS = { error: 'WRONGPASS invalid username-password pair or user is disabled.' } as const;
const INT_MAX = 2n ** 31n - 1n;
const INT_MIN = -(2n ** 31n);

const digest = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest();

/** Takes the same time for every wrong password. */
function isPassword(given: Uint8Array, requirepass: string): boolean {
  return timingSafeEqual(digest(given), digest(Buffer.from(requirepass, 'utf8')));
}

/** There is one user, `default`; without `requirepass` it takes any password. Marks the client. */
function authenticate(user: Uint8Array, password: Uint8Array, client: Client, { config }: Services): boolean {
  const { requirepass } = config.values;
  if (!equals(user, 'default')) return false;
  if (requirepass !== '' && !isPassword(password, requirepass)) return false;
  client.authenticated = true;
  return true;
}

const auth: HostHandler = (argv, client, services) => {
  if (argv.length > 3) return SYNTAX_ERROR;
  if (argv.length === 2 && services.config.values.requirepass === '') {
    return {
      error:
        'ERR AUTH <password> called without any password configured for the default user. ' +
        'Are you sure your configuration is correct?',
    };
  }
  const user = argv.length === 2 ? Buffer.from('default') : argv[1];
  return authenticate(user, argv[argv.length - 1], client, services) ? OK : WRONGPASS;
};

/** The main port is a server that has all keys, whatever other ports there are. */
export const modeOf = ({ clusterShard }: Client): string => (clusterShard < 0 ? 'standalone' : 'cluster');

/** Options take effect in their order, also if a later one is wrong, as in Redis 7.0; the protocol changes last. */
const hello: HostHandler = (argv, client, services) => {
  let proto: 2 | 3 = client.proto;
  if (argv.length > 1) {
    const version = integer(argv[1]);
    if (version === undefined) return { error: 'ERR Protocol version is not an integer or out of range' };
    if (version !== 2n && version !== 3n) return { error: 'NOPROTO unsupported protocol version' };
    proto = version === 2n ? 2 : 3;
  }
  for (let i = 2; i < argv.length; i++) {
    const option = word(argv[i]);
    const following = argv.length - i - 1;
    if (option === 'auth' && following >= 2) {
      if (!authenticate(argv[i + 1], argv[i + 2], client, services)) return WRONGPASS;
      i += 2;
    } else if (option === 'setname' && following >= 1) {
      if (!isName(argv[i + 1])) return INVALID_NAME;
      client.name = cString(argv[++i]);
    } else return quotingError(`ERR Syntax error in HELLO option '${cString(argv[i])}'`);
  }
  if (!client.authenticated && services.config.values.requirepass !== '') {
    return {
      error:
        'NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO AUTH <user> <pass> ' +
        'option can be used to authenticate the client and select the RESP protocol version at the same time',
    };
  }
  client.proto = proto;
  return {
    pairs: [
      ['server', 'redis'],
      ['version', REDIS_VERSION],
      ['proto', proto],
      ['id', client.id],
      ['mode', modeOf(client)],
      ['role', 'master'],
      ['modules', []],
    ],
  };
};

const ping: HostHandler = (argv, client, _services, command): Reply => {
  if (argv.length > 2) return { error: `ERR wrong number of arguments for '${command.fullName}' command` };
  if (client.proto === 2 && isSubscribed(client)) return ['pong', argv[1] ?? ''];
  return argv.length === 2 ? argv[1] : { status: 'PONG' };
};

const echo: HostHandler = (argv) => argv[1];

const quit: HostHandler = (_argv, client) => {
  client.closeAfterReply = true;
  return OK;
};

/** The library's name and version stay, since they describe what is behind the connection; so does NO-EVICT, as in 7.0. */
const reset: HostHandler = (_argv, client, services) => {
  endTransaction(client, services);
  client.db = 0;
  client.proto = 2;
  client.name = '';
  client.authenticated = services.config.values.requirepass === '';
  client.replyMode = 'on';
  client.noTouch = false;
  services.unmonitor(client);
  const untracked = client.tracked && services.track(client, undefined, []);
  const told = [
    untracked,
    ...KINDS.map((kind) => services.unsubscribe(client, kind, [...client.subscribed[kind]])),
  ].filter(Boolean);
  const done = { status: 'RESET' };
  return told.length === 0 ? done : Promise.all(told).then(() => done);
};

const select: HostHandler = (argv, client, services) => {
  const index = integer(argv[1]);
  if (index === undefined) return { error: NOT_AN_INTEGER };
  if (index > INT_MAX || index < INT_MIN) {
    return { error: `ERR value is out of range, value must between ${INT_MIN} and ${INT_MAX}` };
  }
  if (index < 0n || index >= BigInt(services.config.values.databases)) return { error: 'ERR DB index is out of range' };
  client.db = Number(index);
  return OK;
};

export const CONNECTION_HANDLERS: Readonly<Record<string, HostHandler>> = {
  auth,
  hello,
  ping,
  echo,
  quit,
  reset,
  select,
};
