// What a cluster port does not let through: keys that another port serves, keys of several slots, and commands that reach
// beyond database 0. Order and words: getNodeByQuery and the commands themselves in redis-server 7.0.
import { type Command, commandOf, keysOfCommand, slotsOfChannels } from '../../commands/index.js';
import { nodes, placeFor, shardOfSlot } from '../cluster.js';
import type { Client, Encoded, Services } from '../context.js';
import { integer, word } from './values.js';

type Refusal = { readonly error: string } | Encoded;

const CROSSSLOT = { error: "CROSSSLOT Keys in request don't hash to the same slot" } as const;
const notAllowed = (name: string): Refusal => ({ error: `ERR ${name} is not allowed in cluster mode` });

/** The one slot of a command's keys; undefined: it has none; CROSSSLOT: there are several. */
export function slotOfCommand(
  command: Command,
  argv: readonly Buffer[],
  { slotOf }: Pick<Services, 'slotOf'>,
): number | typeof CROSSSLOT | undefined {
  let slot: number | undefined;
  for (const { position } of [...keysOfCommand(command, argv), ...slotsOfChannels(command, argv)]) {
    const its = slotOf(argv[position]);
    if (slot !== undefined && its !== slot) return CROSSSLOT;
    slot = its;
  }
  return slot;
}

/** The same for all that a transaction has queued. */
function slotOfQueue(frames: readonly Buffer[][], services: Services): number | typeof CROSSSLOT | undefined {
  let slot: number | undefined;
  for (const argv of frames) {
    const its = slotOfCommand(commandOf(argv)!, argv, services);
    if (typeof its === 'object' || (its !== undefined && slot !== undefined && its !== slot)) return CROSSSLOT;
    slot ??= its;
  }
  return slot;
}

/** Where a client is sent to for a slot. */
export function moved(slot: number, client: Client, services: Services): Refusal {
  const { port } = nodes(services)[shardOfSlot(slot, services.shards.length)];
  return { error: `MOVED ${slot} ${placeFor(client, services).endpoint ?? ''}:${port}` };
}

/**
 * Why the port that a frame came in at does not execute it; undefined: it does. On the main port everything is executed.
 * @param argv A whole frame, whose arity has been checked.
 */
export function clusterRefusal(
  argv: readonly Buffer[],
  command: Command,
  client: Client,
  services: Services,
): Refusal | undefined {
  if (client.clusterShard < 0) return undefined;
  const slot =
    client.multi && command.name === 'exec'
      ? slotOfQueue(client.multi.frames, services)
      : slotOfCommand(command, argv, services);
  if (typeof slot === 'object') return slot;
  if (slot !== undefined && shardOfSlot(slot, services.shards.length) !== client.clusterShard) {
    return moved(slot, client, services);
  }
  // What is queued is refused once it is executed.
  return client.multi ? undefined : refusalOf(command.fullName, argv, services.config.values.databases);
}

function refusalOf(name: string, argv: readonly Buffer[], databases: number): Refusal | undefined {
  switch (name) {
    case 'select': {
      const index = integer(argv[1]);
      const fits = index !== undefined && index >= -(2n ** 31n) && index < 2n ** 31n;
      return fits && index !== 0n ? notAllowed('SELECT') : undefined;
    }
    case 'move':
      return notAllowed('MOVE');
    case 'swapdb':
      return notAllowed('SWAPDB');
    case 'copy':
      return copyRefusal(argv, databases);
    case 'sort':
    case 'sort_ro':
      return sortRefusal(argv, name === 'sort');
    default:
      return undefined;
  }
}

/** Another database than 0 is refused once every option has proved sound. */
function copyRefusal(argv: readonly Buffer[], databases: number): Refusal | undefined {
  let db = 0n;
  for (let i = 3; i < argv.length; i++) {
    const option = word(argv[i]);
    if (option === 'replace') continue;
    if (option !== 'db' || i + 1 === argv.length) return undefined;
    const index = integer(argv[++i]);
    if (index === undefined || index < 0n || index >= BigInt(databases)) return undefined;
    db = index;
  }
  return db === 0n ? undefined : { error: 'ERR Copying to another database is not allowed in cluster mode' };
}

/** Options are read in order: an earlier one that is wrong is what the command itself finds. */
function sortRefusal(argv: readonly Buffer[], stores: boolean): Refusal | undefined {
  for (let i = 2; i < argv.length; i++) {
    const option = word(argv[i]);
    const following = argv.length - i - 1;
    if (option === 'asc' || option === 'desc' || option === 'alpha') continue;
    if (option === 'limit' && following >= 2) {
      if (integer(argv[i + 1]) === undefined || integer(argv[i + 2]) === undefined) return undefined;
      i += 2;
    } else if (option === 'store' && stores && following >= 1) i++;
    else if (option === 'by' && following >= 1) {
      if (argv[++i].includes('*')) return { error: 'ERR BY option of SORT denied in Cluster mode.' };
    } else if (option === 'get' && following >= 1) {
      return { error: 'ERR GET option of SORT denied in Cluster mode.' };
    } else return undefined;
  }
  return undefined;
}
