// CLIENT TRACKING and its kind. Behaviour and texts: redis-server 7.0's networking.c and tracking.c.

import type { Reply } from '../../commands/index.js';
import { PREFIX } from '../../worker/subscriptions.js';
import type { Tracked } from '../../worker/tracking.js';
import type { Client, HostHandler } from '../context.js';
import { integer, NOT_AN_INTEGER, OK, SYNTAX_ERROR, word } from './values.js';

const refuse = (text: string) => ({ error: `ERR ${text}` });
const SWITCH = 'before disabling tracking for this client, and then re-enabling it with a different mode.';

/** The first two prefixes, of which one begins with the other. */
function collision(prefix: string, others: Iterable<string>): string | undefined {
  for (const other of others) if (prefix.startsWith(other) || other.startsWith(prefix)) return other;
  return undefined;
}

interface Wanted {
  bcast: boolean;
  optin: boolean;
  optout: boolean;
  noloop: boolean;
  redirect: Tracked['redirect'];
  prefixes: string[];
}

/** What does not go together, in an error's words. */
function contradiction(wanted: Wanted, client: Client): string | undefined {
  const { bcast, optin, optout, prefixes } = wanted;
  const { tracked } = client;
  if (!bcast && prefixes.length !== 0) return 'PREFIX option requires BCAST mode to be enabled';
  if (tracked && tracked.bcast !== bcast) return `You can't switch BCAST mode on/off ${SWITCH}`;
  if (bcast && (optin || optout)) return 'OPTIN and OPTOUT are not compatible with BCAST';
  if (optin && optout) return "You can't specify both OPTIN mode and OPTOUT mode";
  if (tracked && ((optin && tracked.optout) || (optout && tracked.optin))) {
    return `You can't switch OPTIN/OPTOUT mode ${SWITCH}`;
  }
  if (!bcast) return undefined;
  for (const [i, prefix] of prefixes.entries()) {
    const existing = collision(prefix, client.subscribed[PREFIX]);
    if (existing !== undefined) return overlap(prefix, 'an existing prefix', existing);
    const other = collision(prefix, prefixes.slice(i + 1));
    if (other !== undefined) return overlap(prefix, 'another provided prefix', other);
  }
  return undefined;
}

const overlap = (prefix: string, what: string, other: string): string =>
  `Prefix '${prefix}' overlaps with ${what} '${other}'. Prefixes for a single client must not overlap.`;

const tracking: HostHandler = async (argv, client, services): Promise<Reply> => {
  const wanted: Wanted = {
    ...{ bcast: false, optin: false, optout: false, noloop: false },
    ...{ redirect: { id: 0, worker: 0 }, prefixes: [] },
  };
  for (let i = 3; i < argv.length; i++) {
    const option = word(argv[i]);
    const more = i + 1 < argv.length;
    if (option === 'redirect' && more) {
      if (wanted.redirect.id !== 0) return refuse('A client can only redirect to a single other client');
      const id = integer(argv[++i]);
      if (id === undefined) return { error: NOT_AN_INTEGER };
      const other = (await services.clients()).find((each) => each.id === Number(id));
      if (!other) return refuse('The client ID you want redirect to does not exist');
      wanted.redirect = { id: other.id, worker: other.workerIndex };
    } else if (option === 'bcast' || option === 'optin' || option === 'optout' || option === 'noloop')
      wanted[option] = true;
    else if (option === 'prefix' && more) wanted.prefixes.push(argv[++i].toString('latin1'));
    else return SYNTAX_ERROR;
  }
  const state = word(argv[2]);
  if (state === 'off') {
    await services.track(client, undefined, []);
    return OK;
  }
  if (state !== 'on') return SYNTAX_ERROR;
  const why = contradiction(wanted, client);
  if (why) return refuse(why);
  const { prefixes, ...options } = wanted;
  if (options.bcast && prefixes.length === 0 && client.subscribed[PREFIX].size === 0) prefixes.push('');
  await services.track(client, { ...options, caching: false, broken: false }, prefixes);
  return OK;
};

const caching: HostHandler = (argv, client) => {
  const { tracked } = client;
  if (!tracked) {
    return refuse(
      'CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT mode enabled',
    );
  }
  const state = word(argv[2]);
  if (state === 'yes') {
    if (!tracked.optin) return refuse('CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode.');
  } else if (state === 'no') {
    if (!tracked.optout) return refuse('CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode.');
  } else return SYNTAX_ERROR;
  tracked.caching = true;
  return OK;
};

const getredir: HostHandler = (_argv, { tracked }) => (tracked ? tracked.redirect.id : -1);

const trackinginfo: HostHandler = (_argv, { tracked, subscribed }) => {
  const flags: string[] = [tracked ? 'on' : 'off'];
  if (tracked?.bcast) flags.push('bcast');
  if (tracked?.optin) {
    flags.push('optin');
    if (tracked.caching) flags.push('caching-yes');
  }
  if (tracked?.optout) {
    flags.push('optout');
    if (tracked.caching) flags.push('caching-no');
  }
  if (tracked?.noloop) flags.push('noloop');
  if (tracked?.broken) flags.push('broken_redirect');
  return {
    pairs: [
      ['flags', { set: flags }],
      ['redirect', tracked ? tracked.redirect.id : -1],
      ['prefixes', [...subscribed[PREFIX]].map((prefix) => Buffer.from(prefix, 'latin1'))],
    ],
  };
};

export const TRACKING_HANDLERS: Readonly<Record<string, HostHandler>> = {
  'client|tracking': tracking,
  'client|caching': caching,
  'client|getredir': getredir,
  'client|trackinginfo': trackinginfo,
};

/** Whether what a command has read is remembered for its client. @param reads The command is one that only reads. */
export function remembers({ tracked }: Client, reads: boolean): boolean {
  if (!tracked || tracked.bcast || !reads) return false;
  if (tracked.optin) return tracked.caching;
  return !(tracked.optout && tracked.caching);
}
