// CLIENT: numbers, KILL, PAUSE, REPLY and the switches of a connection. Names and lists have files of their own.
import type { Reply } from '../../commands/index.js';
import { type Client, type Encoded, type HostHandler, type KillFilter, NO_REPLY } from '../context.js';
import { CLIENT_LIST_HANDLERS, clientType, unknownType } from './client-list.js';
import { CLIENT_NAME_HANDLERS } from './client-names.js';
import { TRACKING_HANDLERS } from './tracking.js';
import {
  cString,
  equals,
  integer,
  NOT_AN_INTEGER,
  OK,
  quotingError,
  SYNTAX_ERROR,
  subcommandSyntaxError,
  word,
} from './values.js';

const LLONG_MAX = 2n ** 63n - 1n;

const id: HostHandler = (_argv, client) => client.id;

/** CLIENT KILL address, the old form: it may be the caller's own. */
const killAddress: HostHandler = async (argv, client, services) => {
  const killed = await services.kill({ address: cString(argv[2]) }, client);
  return killed === 0 ? { error: 'ERR No such client' } : OK;
};

/** Reads one pair of the new form into the filter. @returns the error to answer, if there is one. */
function readFilter(filter: KillFilter, option: Buffer, value: Buffer, client: Client): Reply | Encoded | undefined {
  switch (word(option)) {
    case 'id': {
      const number = integer(value);
      if (number === undefined || number < 1n) return { error: 'ERR client-id should be greater than 0' };
      filter.id = Number(number);
      return undefined;
    }
    case 'type':
      filter.type = clientType(value);
      return filter.type === undefined ? unknownType(value) : undefined;
    case 'addr':
      filter.address = cString(value);
      return undefined;
    case 'laddr':
      filter.localAddress = cString(value);
      return undefined;
    case 'user':
      if (!equals(value, 'default')) return quotingError(`ERR No such user '${cString(value)}'`);
      filter.user = 'default';
      return undefined;
    case 'skipme': {
      const answer = word(value);
      if (answer !== 'yes' && answer !== 'no') return SYNTAX_ERROR;
      filter.exceptId = answer === 'yes' ? client.id : undefined;
      return undefined;
    }
    default:
      return SYNTAX_ERROR;
  }
}

const kill: HostHandler = (argv, client, services, command) => {
  if (argv.length === 3) return killAddress(argv, client, services, command);
  const filter: KillFilter = { exceptId: client.id };
  for (let i = 2; i < argv.length; i += 2) {
    if (i + 1 === argv.length) return SYNTAX_ERROR;
    const error = readFilter(filter, argv[i], argv[i + 1], client);
    if (error !== undefined) return error;
  }
  return services.kill(filter, client);
};

const pause: HostHandler = (argv, _client, services) => {
  if (argv.length > 4) return subcommandSyntaxError(argv);
  const mode = argv.length === 4 ? word(argv[3]) : 'all';
  if (mode !== 'write' && mode !== 'all') return { error: 'ERR CLIENT PAUSE mode must be WRITE or ALL' };
  const ms = integer(argv[2]);
  if (ms === undefined) return { error: 'ERR timeout is not an integer or out of range' };
  if (ms < 0n) return { error: 'ERR timeout is negative' };
  const untilMs = ms + BigInt(Date.now());
  // A moment that no 64-bit clock reaches is over at once, as in Redis, where it wraps around.
  if (ms > 0n && untilMs <= LLONG_MAX) services.pause(Number(untilMs), mode === 'write');
  return OK;
};

const unpause: HostHandler = (_argv, _client, services) => {
  services.pause(0, false);
  return OK;
};

/** Whoever runs the frame drops the replies; here only the mode changes. OFF and SKIP have no reply themselves. */
const reply: HostHandler = (argv, client) => {
  switch (word(argv[2])) {
    case 'on':
      client.replyMode = 'on';
      return OK;
    case 'off':
      client.replyMode = 'off';
      return NO_REPLY;
    case 'skip':
      if (client.replyMode !== 'off') client.replyMode = 'skipNext';
      return NO_REPLY;
    default:
      return SYNTAX_ERROR;
  }
};

/** ON or OFF into a flag of the client. */
function onOff(field: 'noEvict' | 'noTouch'): HostHandler {
  return (argv, client) => {
    const state = word(argv[2]);
    if (state !== 'on' && state !== 'off') return SYNTAX_ERROR;
    client[field] = state === 'on';
    return OK;
  };
}

const unblock: HostHandler = async (argv, _client, services) => {
  const id = integer(argv[2]);
  const how = argv.length === 4 ? word(argv[3]) : 'timeout';
  if (argv.length > 4) return { error: `ERR wrong number of arguments for 'client|unblock' command` };
  if (how !== 'timeout' && how !== 'error') return { error: 'ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR' };
  if (id === undefined) return { error: NOT_AN_INTEGER };
  return (await services.unblock(Number(id), how === 'error')) ? 1 : 0;
};

export const CLIENT_HANDLERS: Readonly<Record<string, HostHandler>> = {
  ...CLIENT_NAME_HANDLERS,
  ...CLIENT_LIST_HANDLERS,
  ...TRACKING_HANDLERS,
  'client|id': id,
  'client|kill': kill,
  'client|pause': pause,
  'client|unblock': unblock,
  'client|unpause': unpause,
  'client|reply': reply,
  'client|no-evict': onOff('noEvict'),
  'client|no-touch': onOff('noTouch'),
};
