// Reading sockets straight into shared memory. Node offers `onread` with a buffer of one's own to clients only; a
// server's socket has to be taken over: its handle is given to a second socket that was made with `onread`. That spares
// an allocation, a copy and the stream machinery for each read, which is about a third of what an unpipelined command
// costs. `_handle` is private, so a self-test at start decides whether it is done; without it sockets are read by
// their 'data' events. (Node 20 and 26 and Deno pass; Bun would hang, and is not tried.)
import { type AddressInfo, connect, createServer, Socket } from 'node:net';

const TEST_MS_MAX = 1000;

interface WithHandle {
  _handle: object | null;
}

/**
 * Takes a paused socket's connection over.
 * @param place Where bytes are read to. They are lost with the next read, of whichever connection.
 * @param read  Called with the number of bytes that now lie at the beginning of `place`.
 * @returns     The socket to use from now on; it is paused. The one passed in is dead.
 */
export function takeOver(socket: Socket, place: Uint8Array, read: (count: number) => void): Socket {
  const { _handle: handle } = socket as unknown as WithHandle;
  (socket as unknown as WithHandle)._handle = null;
  const options = {
    handle,
    onread: {
      buffer: place,
      callback: (count: number): boolean => {
        read(count);
        return true;
      },
    },
  };
  const taken = new Socket(options as unknown as ConstructorParameters<typeof Socket>[0]);
  taken.on('error', () => {});
  return taken;
}

/** Tries it out on a connection to ourselves: bytes in, bytes out, and the end. */
export async function canReadDirectly(): Promise<boolean> {
  if ('Bun' in globalThis) return false;
  const place = new Uint8Array(new SharedArrayBuffer(64));
  return new Promise((resolve) => {
    const finish = (passed: boolean): void => {
      clearTimeout(timer);
      server.close();
      resolve(passed);
    };
    const timer = setTimeout(() => finish(false), TEST_MS_MAX);
    const server = createServer({ pauseOnConnect: true }, (socket) => {
      try {
        const taken = takeOver(socket, place, (count) => taken.end(Buffer.from(place.slice(0, count))));
        taken.resume();
      } catch {
        finish(false);
      }
    });
    server.on('error', () => finish(false));
    server.listen(0, '127.0.0.1', () => {
      const client = connect((server.address() as AddressInfo).port, '127.0.0.1', () => client.write('echo'));
      let echoed = '';
      client.on('data', (chunk) => {
        echoed += chunk;
      });
      client.on('error', () => finish(false));
      client.on('close', () => finish(echoed === 'echo'));
    });
  });
}
