// Host commands: which function answers which command. One file per family; `execute.ts` is the way in.
import type { Command } from '../../commands/index.js';
import type { HostHandler } from '../context.js';
import { BLOCKING_HANDLERS, WAIT_HANDLERS } from './blocking.js';
import { CLIENT_HANDLERS } from './client.js';
import { CLUSTER_HANDLERS } from './cluster.js';
import { COMMAND_HANDLERS } from './command.js';
import { CONFIG_HANDLERS } from './config.js';
import { CONNECTION_HANDLERS } from './connection.js';
import { DEBUG_HANDLERS } from './debug.js';
import { executor } from './execute.js';
import { HELP_HANDLERS } from './help.js';
import { INFO_HANDLERS } from './info.js';
import { LATENCY_HANDLERS } from './latency.js';
import { LOLWUT_HANDLERS } from './lolwut.js';
import { MEMORY_HANDLERS } from './memory.js';
import { MONITOR_HANDLERS } from './monitor.js';
import { PERSISTENCE_HANDLERS } from './persistence.js';
import { PUBSUB_HANDLERS } from './pubsub.js';
import { SERVER_HANDLERS } from './server.js';
import { SLOWLOG_HANDLERS } from './slowlog.js';
import { TRANSACTION_HANDLERS } from './transaction.js';

const HANDLERS: ReadonlyMap<string, HostHandler> = new Map(
  [
    BLOCKING_HANDLERS,
    CLIENT_HANDLERS,
    CLUSTER_HANDLERS,
    COMMAND_HANDLERS,
    CONFIG_HANDLERS,
    CONNECTION_HANDLERS,
    DEBUG_HANDLERS,
    HELP_HANDLERS,
    INFO_HANDLERS,
    LATENCY_HANDLERS,
    LOLWUT_HANDLERS,
    MEMORY_HANDLERS,
    MONITOR_HANDLERS,
    PERSISTENCE_HANDLERS,
    PUBSUB_HANDLERS,
    SERVER_HANDLERS,
    SLOWLOG_HANDLERS,
    TRANSACTION_HANDLERS,
    WAIT_HANDLERS,
  ].flatMap((family) => Object.entries(family)),
);

/** The handler of a host command by its full name (`select`, `client|list`); undefined if the kernel runs it. */
export function findHandler(fullName: string): HostHandler | undefined {
  return HANDLERS.get(fullName);
}

/** Whether TypeScript runs it, and not the kernel. Those that may wait are the kernel's once they do not. */
export const isHostCommand = ({ fullName }: Command): boolean =>
  HANDLERS.has(fullName) && !(fullName in BLOCKING_HANDLERS);

export const executeHostCommand = executor(findHandler);
