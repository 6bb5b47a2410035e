// Commands that wait for keys, or just wait. Behaviour: redis-server 7.0's blocked.c. Which keys, for how long and what is
// executed then is in host/worker/blocking.ts.
import type { HostHandler } from '../context.js';
import { integer, NOT_AN_INTEGER } from './values.js';

const block: HostHandler = (argv, client, services, command) => services.block(argv, client, command);

export const BLOCKING_HANDLERS: Readonly<Record<string, HostHandler>> = {
  ...{ blpop: block, brpop: block, blmove: block, brpoplpush: block, blmpop: block },
  ...{ bzpopmin: block, bzpopmax: block, bzmpop: block, xread: block, xreadgroup: block },
};

/** There are no replicas, so none has ever acknowledged anything; whoever asks for one waits in vain. */
const wait: HostHandler = (argv, client, services) => {
  const replicas = integer(argv[1]);
  if (replicas === undefined) return { error: NOT_AN_INTEGER };
  const timeout = integer(argv[2]);
  if (timeout === undefined) return { error: 'ERR timeout is not an integer or out of range' };
  if (timeout < 0n) return { error: 'ERR timeout is negative' };
  if (replicas <= 0n || client.executing) return 0;
  return services.pass(Number(timeout), client, Buffer.from(':0\r\n'));
};

export const WAIT_HANDLERS: Readonly<Record<string, HostHandler>> = { wait };
