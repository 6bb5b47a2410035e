// CLUSTER, and what else only cluster clients send. Shapes of replies: redis-server 7.0.
import type { Reply } from '../../commands/index.js';
import { type Node, nodes, ownShard, placeFor, SLOT_COUNT, shardOfSlot } from '../cluster.js';
import type { Client, HostHandler, Services } from '../context.js';
import { cString, integer, NOT_AN_INTEGER, OK, quotingError } from './values.js';

const DISABLED = { error: 'ERR This instance has cluster support disabled' } as const;

/** Each exists only with cluster ports. */
export function withPorts(handler: HostHandler): HostHandler {
  return (argv, client, services, command) =>
    services.listening.clusterPorts.length === 0 ? DISABLED : handler(argv, client, services, command);
}

/** The two ways to say where a node is that a client does not connect to first. */
function otherNames(client: Client, services: Services): [string, string][] {
  const { ip, hostname } = placeFor(client, services);
  const type = services.config.values.clusterPreferredEndpointType;
  const names: [string, string][] = [];
  if (type !== 'ip') names.push(['ip', ip]);
  if (type !== 'hostname' && hostname !== '') names.push(['hostname', hostname]);
  return names;
}

const slots: HostHandler = (_argv, client, services) => {
  const { endpoint } = placeFor(client, services);
  const names = otherNames(client, services);
  return nodes(services).map(({ first, last, port, id }) => [first, last, [endpoint, port, id, { pairs: names }]]);
};

const shards: HostHandler = (_argv, client, services) => {
  const { ip, hostname, endpoint } = placeFor(client, services);
  return nodes(services).map(({ first, last, port, id }): Reply => {
    const fields: [string, Reply][] = [
      ['id', id],
      ['port', port],
      ['ip', ip],
      ['endpoint', endpoint ?? ''],
    ];
    if (hostname !== '') fields.push(['hostname', hostname]);
    fields.push(['role', 'master'], ['replication-offset', 0], ['health', 'online']);
    return {
      pairs: [
        ['slots', [first, last]],
        ['nodes', [{ pairs: fields }]],
      ],
    };
  });
};

/** A line of CLUSTER NODES. There is no bus: its port is 0, and nobody pings. */
function nodeLine({ shard, id, port, first, last }: Node, client: Client, services: Services): string {
  const { ip, hostname } = placeFor(client, services);
  const flags = shard === ownShard(client) ? 'myself,master' : 'master';
  const range = first === last ? `${first}` : `${first}-${last}`;
  return `${id} ${ip}:${port}@0${hostname && `,${hostname}`} ${flags} - 0 0 ${shard + 1} connected ${range}\n`;
}

const nodesText: HostHandler = (_argv, client, services) => ({
  verbatim: nodes(services)
    .map((node) => nodeLine(node, client, services))
    .join(''),
});

const info: HostHandler = (_argv, client, { shards }) => {
  const fields: [string, string | number][] = [
    ['cluster_state', 'ok'],
    ['cluster_slots_assigned', SLOT_COUNT],
    ['cluster_slots_ok', SLOT_COUNT],
    ['cluster_slots_pfail', 0],
    ['cluster_slots_fail', 0],
    ['cluster_known_nodes', shards.length],
    ['cluster_size', shards.length],
    ['cluster_current_epoch', shards.length],
    ['cluster_my_epoch', ownShard(client) + 1],
    ['cluster_stats_messages_sent', 0],
    ['cluster_stats_messages_received', 0],
    ['total_cluster_links_buffer_limit_exceeded', 0],
  ];
  return { verbatim: fields.map(([name, value]) => `${name}:${value}\r\n`).join('') };
};

const keyslot: HostHandler = (argv, _client, { slotOf }) => slotOf(argv[2]);

/** The keys of a slot that a client's node has; on the main port, those that any shard has. */
async function inSlot(slot: number, most: number, client: Client, services: Services) {
  const shard = shardOfSlot(slot, services.shards.length);
  if (client.clusterShard >= 0 && client.clusterShard !== shard) return { count: 0, keys: [] };
  return services.keysInSlot(shard, slot, most, client);
}

const isSlot = (slot: bigint): boolean => slot >= 0n && slot < BigInt(SLOT_COUNT);

const countKeysInSlot: HostHandler = async (argv, client, services) => {
  const slot = integer(argv[2]);
  if (slot === undefined) return { error: NOT_AN_INTEGER };
  if (!isSlot(slot)) return { error: 'ERR Invalid slot' };
  return (await inSlot(Number(slot), 0, client, services)).count;
};

const getKeysInSlot: HostHandler = async (argv, client, services) => {
  const slot = integer(argv[2]);
  const most = integer(argv[3]);
  if (slot === undefined || most === undefined) return { error: NOT_AN_INTEGER };
  if (!isSlot(slot) || most < 0n) return { error: 'ERR Invalid slot or number of keys' };
  if (most === 0n) return [];
  const bound = most > 0x7fffffffn ? 0x7fffffff : Number(most);
  return (await inSlot(Number(slot), bound, client, services)).keys;
};

const myId: HostHandler = (_argv, client, services) => nodes(services)[ownShard(client)].id;

/** What is asked about a node, by its id. */
const aboutNode =
  (answer: Reply): HostHandler =>
  (argv, _client, services) => {
    const id = cString(argv[2]);
    if (nodes(services).some((node) => node.id === id)) return answer;
    return quotingError(`ERR Unknown node ${id}`);
  };

/** Accepted for what it is: there are no replicas, and no slot is ever on its way. */
const nothingToDo: HostHandler = () => OK;

const HANDLERS: Readonly<Record<string, HostHandler>> = {
  asking: nothingToDo,
  readonly: nothingToDo,
  readwrite: nothingToDo,
  'cluster|slots': slots,
  'cluster|shards': shards,
  'cluster|nodes': nodesText,
  'cluster|info': info,
  'cluster|keyslot': keyslot,
  'cluster|countkeysinslot': countKeysInSlot,
  'cluster|getkeysinslot': getKeysInSlot,
  'cluster|myid': myId,
  'cluster|links': () => [],
  'cluster|replicas': aboutNode([]),
  'cluster|slaves': aboutNode([]),
  'cluster|count-failure-reports': aboutNode(0),
};

export const CLUSTER_HANDLERS: Readonly<Record<string, HostHandler>> = Object.fromEntries(
  Object.entries(HANDLERS).map(([name, handler]) => [name, withPorts(handler)]),
);
