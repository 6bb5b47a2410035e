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
