// Where connections come in. The first thread opens the addresses; the others accept on the same ones, by `reusePort`
// where the runtime has it, else through the descriptor that the first one opened.
//
// A server whose descriptor is shared must never be closed in one thread: libuv aborts the process. The process ends by
// exit, which closes everything.
import { chmodSync, statSync, unlinkSync } from 'node:fs';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { LatchkeyError } from '../errors.js';
import type { ConfigValues } from './config.js';

/** What another thread needs to accept on the same address. */
export type SharedListener =
  | { readonly kind: 'fd'; readonly fd: number; readonly door: Door }
  | {
      readonly kind: 'reusePort';
      readonly host: string;
      readonly port: number;
      readonly ipv6Only: boolean;
      readonly door: Door;
    };

/** Which way a connection came in. */
export interface Door {
  /** Of a Unix socket. */
  readonly socketPath: string | undefined;
  /** The shard whose cluster port it is; -1: none's. */
  readonly clusterShard: number;
}

const MAIN: Door = { socketPath: undefined, clusterShard: -1 };

export interface Listening {
  /** Port that was bound: the one asked for, or the system's choice for port 0 of the tests. 0: no TCP. */
  readonly tcpPort: number;
  /** By shard; none without cluster-enabled. */
  readonly clusterPorts: readonly number[];
  /** For the start-up line: `127.0.0.1:6379`, a path. */
  readonly places: readonly string[];
  readonly shared: readonly SharedListener[];
  /** How connections reach the other threads. */
  readonly spread: 'one worker' | 'reuseport' | 'shared descriptor' | 'first worker only';
}

export type Accept = (socket: Socket, door: Door) => void;

const [major, minor] = (process.versions.node ?? '0.0').split('.').map(Number);
const HAS_REUSE_PORT = 'Bun' in globalThis || 'Deno' in globalThis || major > 23 || (major === 23 && minor >= 1);

interface ListenOptions {
  host?: string;
  port?: number;
  path?: string;
  backlog: number;
  ipv6Only?: boolean;
  reusePort?: boolean;
}

function listen(accept: Accept, options: ListenOptions | { fd: number }, door: Door): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer({ noDelay: true, pauseOnConnect: true }, (socket) => accept(socket, door));
    server.once('error', reject);
    server.listen(options, () => {
      server.off('error', reject);
      // Running out of descriptors refuses one connection; it must not end the server.
      server.on('error', () => {});
      resolve(server);
    });
  });
}

/** Descriptor of a listening server, where the runtime tells it. */
function descriptorOf(server: Server): number | undefined {
  const fd = (server as unknown as { _handle?: { fd?: number } })._handle?.fd;
  return fd !== undefined && fd >= 0 && process.platform !== 'win32' ? fd : undefined;
}

/** An address of `bind` as Redis writes it: `*`, `::*`, a name or an address, each with `-` in front if it may fail. */
function bindAddress(text: string): { host: string; optional: boolean; ipv6Only: boolean } {
  const optional = text.startsWith('-');
  const name = optional ? text.slice(1) : text;
  if (name === '*') return { host: '0.0.0.0', optional, ipv6Only: false };
  if (name === '::*') return { host: '::', optional, ipv6Only: true };
  return { host: name, optional, ipv6Only: name.includes(':') };
}

/** A stale socket file of a server that is gone is in the way, as for Redis; anything else that lies there is not ours. */
function removeStaleSocket(path: string): void {
  try {
    if (statSync(path).isSocket()) unlinkSync(path);
  } catch {
    // Nothing there.
  }
}

const NO_FAMILY = new Set(['EAFNOSUPPORT', 'EADDRNOTAVAIL', 'EPROTONOSUPPORT', 'ENOTSUP', 'EINVAL']);

/**
 * Opens every address of the configuration, accepting in this thread.
 * @throws LatchkeyError `LISTEN_FAILED`, its message one line that names the address.
 */
export async function openListeners(values: ConfigValues, threads: number, accept: Accept): Promise<Listening> {
  const { tcpBacklog: backlog, unixsocket } = values;
  const share = threads > 1;
  const reuse = share && HAS_REUSE_PORT;
  const places: string[] = [];
  const shared: SharedListener[] = [];
  const clusterPorts = clusterPortsOf(values);
  let tcpPort = values.port;
  let spread: Listening['spread'] = share ? (reuse ? 'reuseport' : 'shared descriptor') : 'one worker';
  const failed = (place: string, error: unknown): LatchkeyError => {
    const { code, message } = error as NodeJS.ErrnoException;
    const why = code === 'EADDRINUSE' ? 'Address already in use' : message;
    return new LatchkeyError('LISTEN_FAILED', `Could not create server socket listening on ${place}: ${why}`, {
      cause: error,
    });
  };

  /** Opens a port at one address of `bind`; the port that it has then, undefined if the address may fail and does. */
  const open = async (text: string, port: number, door: Door): Promise<number | undefined> => {
    const { host, optional, ipv6Only } = bindAddress(text);
    const place = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
    try {
      if (reuse) await probe({ host, port, backlog, ipv6Only });
      const server = await listen(
        accept,
        { host, port, backlog, ipv6Only, ...(reuse ? { reusePort: true } : {}) },
        door,
      );
      const bound = (server.address() as AddressInfo).port;
      if (door.clusterShard < 0) places.push(place);
      if (!share) return bound;
      const fd = descriptorOf(server);
      if (reuse) shared.push({ kind: 'reusePort', host, port: bound, ipv6Only, door });
      else if (fd !== undefined) shared.push({ kind: 'fd', fd, door });
      else spread = 'first worker only';
      return bound;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (!optional || !NO_FAMILY.has(code ?? '')) throw failed(place, error);
      return undefined;
    }
  };

  for (const text of values.port === 0 ? [] : values.bind) tcpPort = (await open(text, tcpPort, MAIN)) ?? tcpPort;
  for (const [clusterShard, port] of clusterPorts.entries()) {
    for (const text of values.bind) await open(text, port, { socketPath: undefined, clusterShard });
  }
  if (unixsocket) {
    try {
      removeStaleSocket(unixsocket);
      const door: Door = { socketPath: unixsocket, clusterShard: -1 };
      const server = await listen(accept, { path: unixsocket, backlog }, door);
      if (values.unixsocketperm) chmodSync(unixsocket, values.unixsocketperm);
      places.push(unixsocket);
      const fd = descriptorOf(server);
      if (share && fd !== undefined) shared.push({ kind: 'fd', fd, door });
    } catch (error) {
      throw failed(unixsocket, error);
    }
  }
  if (places.length === 0) {
    throw new LatchkeyError(
      'LISTEN_FAILED',
      'Nothing to listen on: port is 0 or no bind address is usable, and there is no unixsocket',
    );
  }
  if (clusterPorts.length !== 0) places.push(`cluster ports ${clusterPorts[0]}-${clusterPorts.at(-1)}`);
  return { tcpPort: values.port === 0 ? 0 : tcpPort, clusterPorts, places, shared, spread };
}

/** A port per shard, from cluster-port-base on. @throws LatchkeyError `LISTEN_FAILED` where there are not that many. */
function clusterPortsOf({ clusterEnabled, clusterPortBase, port, shards }: ConfigValues): number[] {
  if (!clusterEnabled) return [];
  const base = clusterPortBase || port + 1;
  if (clusterPortBase === 0 && port === 0) {
    throw new LatchkeyError('LISTEN_FAILED', 'Cluster ports begin behind port, which is 0: say --cluster-port-base');
  }
  if (base + shards - 1 > 65535 || (port >= base && port < base + shards)) {
    const why = port >= base && port < base + shards ? `port ${port} is one of them` : 'ports end at 65535';
    throw new LatchkeyError('LISTEN_FAILED', `No ${shards} cluster ports from ${base} on: ${why}`);
  }
  return Array.from({ length: shards }, (_, shard) => base + shard);
}

/** With `reusePort` a second server could join in unseen, so the address is first bound without it. */
async function probe(options: ListenOptions): Promise<void> {
  const server = await listen((socket) => socket.destroy(), options, MAIN);
  await new Promise((resolve) => server.close(resolve));
}

/** Accepts in this thread on an address that another one opened. */
export async function joinListener(listener: SharedListener, backlog: number, accept: Accept): Promise<void> {
  const { door } = listener;
  if (listener.kind === 'fd') await listen(accept, { fd: listener.fd }, door);
  else {
    const { host, port, ipv6Only } = listener;
    await listen(accept, { host, port, ipv6Only, backlog, reusePort: true }, door);
  }
}
