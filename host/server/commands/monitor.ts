// MONITOR, and ROLE: what a client may see of the server at work, and of its place among others.
import { type HostHandler, NO_REPLY } from '../context.js';
import { OK } from './values.js';

/** A client that sees everything already is not answered, as in Redis. */
const monitor: HostHandler = async (_argv, client, services) => {
  if (client.executing) return { error: "ERR MONITOR isn't allowed for DENY BLOCKING client" };
  if (services.isMonitor(client)) return NO_REPLY;
  await services.monitor(client);
  return OK;
};

const role: HostHandler = () => ['master', 0, []];

export const MONITOR_HANDLERS: Readonly<Record<string, HostHandler>> = { monitor, role };
