// MULTI and its kind. Behaviour and texts: redis-server 7.0's multi.c. What is executed, and how, is in transactions.ts.
import { Queue } from '../../worker/queue.js';
import type { Client, HostHandler, Services } from '../context.js';
import { OK } from './values.js';

const multi: HostHandler = (_argv, client) => {
  if (client.multi) return { error: 'ERR MULTI calls can not be nested' };
  client.multi = new Queue();
  client.eachFrame++;
  return OK;
};

/** Forgets what is queued and what is watched. */
export function endTransaction(client: Client, services: Services): void {
  if (client.multi) client.eachFrame--;
  client.multi = undefined;
  services.unwatch(client);
}

const discard: HostHandler = (_argv, client, services) => {
  if (!client.multi) return { error: 'ERR DISCARD without MULTI' };
  endTransaction(client, services);
  return OK;
};

const exec: HostHandler = (_argv, client, services) =>
  client.multi ? services.exec(client) : { error: 'ERR EXEC without MULTI' };

const watch: HostHandler = (argv, client, services) =>
  client.multi ? { error: 'ERR WATCH inside MULTI is not allowed' } : services.watch(argv.slice(1), client);

const unwatch: HostHandler = (_argv, client, services) => {
  services.unwatch(client);
  return OK;
};

export const TRANSACTION_HANDLERS: Readonly<Record<string, HostHandler>> = { multi, exec, discard, watch, unwatch };
