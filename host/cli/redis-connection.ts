// Connections to servers that an address names: redis://[user[:password]@]host[:port][/database], or rediss:// for TLS.
import { connect as connectTcp } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { LatchkeyError } from '../errors.js';
import { Peer, type Wire } from '../transfer/peer.js';

export interface Address {
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
  readonly user: string;
  readonly password: string;
  /** The one database that is meant; undefined: all. */
  readonly db: number | undefined;
}

const CONNECT_MS_MAX = 10_000;

export function isAddress(text: string): boolean {
  return /^rediss?:/i.test(text);
}

/** @throws LatchkeyError `BAD_CONFIG`. The message does not repeat the password. */
export function parseAddress(text: string): Address {
  const wrong = (what: string): never => {
    throw new LatchkeyError('BAD_CONFIG', `${what}; an address is redis://[user[:password]@]host[:port][/database]`);
  };
  const url = URL.canParse(text) ? new URL(text) : wrong('This is no address of a server');
  const path = url.pathname.replace(/^\//, '');
  if (!/^\d{0,7}$/.test(path)) wrong(`'${path}' is no number of a database`);
  if (url.hostname === '') wrong('The address names no host');
  let [user, password] = [decodeURIComponent(url.username), decodeURIComponent(url.password)];
  // redis://secret@host: one word alone is a password, as redis-cli takes it.
  if (password === '') [user, password] = ['', user];
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? 6379 : Number(url.port),
    tls: url.protocol.toLowerCase() === 'rediss:',
    user,
    password,
    db: path === '' ? undefined : Number(path),
  };
}

/** Connects and logs in. */
export async function connectTo(address: Address, code: 'BAD_SOURCE' | 'BAD_TARGET'): Promise<Peer> {
  const peer = new Peer(await openWire(address, code), code);
  try {
    await peer.login(address.user, address.password);
    // Says at once if the server wants a password, or is none.
    await peer.ask('PING');
    return peer;
  } catch (error) {
    peer.close();
    throw error;
  }
}

function openWire({ host, port, tls }: Address, code: 'BAD_SOURCE' | 'BAD_TARGET'): Promise<Wire> {
  const where = `${host}:${port}`;
  return new Promise((resolve, reject) => {
    const ready = (): void => {
      socket.setTimeout(0);
      resolve(wire);
    };
    const socket = tls ? connectTls({ host, port, servername: host }, ready) : connectTcp({ host, port }, ready);
    const wire: Wire = {
      where,
      write: (bytes) => void socket.write(bytes),
      close: () => socket.destroy(),
      onBytes: () => {},
      onEnd: () => {},
    };
    let reason = 'the connection was closed';
    socket.setNoDelay(true);
    socket.setTimeout(CONNECT_MS_MAX, () => socket.destroy(new Error('no answer')));
    socket.on('data', (chunk: Buffer) => wire.onBytes(chunk));
    socket.on('error', (error) => {
      reason = error.message === '' ? String((error as NodeJS.ErrnoException).code) : error.message;
    });
    socket.once('close', () => {
      wire.onEnd(reason);
      reject(new LatchkeyError(code, `${where}: ${reason}`));
    });
  });
}
