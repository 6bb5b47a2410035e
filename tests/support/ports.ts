// Loopback ports for servers that tests start.
import { type AddressInfo, createServer } from 'node:net';

/**
 * A loopback TCP port that nothing listened on a moment ago. Another process may take it before the caller does, so
 * whoever starts a server on it must be ready to try again with another.
 */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return port;
}

/**
 * The first of several ports in a row that are free now. They lie below those that the system gives to connections: of these
 * many are in use while tests run, and for a minute after each connection.
 */
export async function freePortsInRow(count: number): Promise<number> {
  for (;;) {
    const first = 10_000 + Math.floor(Math.random() * (20_000 - count));
    const free = await Promise.all(Array.from({ length: count }, (_, i) => isFree(first + i)));
    if (free.every(Boolean)) return first;
  }
}

function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
