// A Node socket as the transport of a connection.
import type { Socket } from 'node:net';
import type { Transport } from '../worker/connection.js';

/** `ip:port`, the ip in brackets when it has colons: so Redis writes addresses. */
export function addressText(ip: string | undefined, port: number | undefined): string {
  if (!ip) return '?:0';
  return ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`;
}

export class NetTransport implements Transport {
  readonly address: string;
  readonly localAddress: string;
  readonly unix: boolean;

  /** @param socketPath Path of the Unix socket that it came through. */
  constructor(
    readonly socket: Socket,
    socketPath?: string,
  ) {
    this.unix = socketPath !== undefined;
    this.address = this.unix ? `${socketPath}:0` : addressText(socket.remoteAddress, socket.remotePort);
    this.localAddress = this.unix ? `${socketPath}:0` : addressText(socket.localAddress, socket.localPort);
  }

  get fd(): number {
    // Not in Node's documentation, but there in every version; -1 says that a runtime has none to tell.
    const handle = (this.socket as unknown as { _handle?: { fd?: number } })._handle;
    return handle?.fd ?? -1;
  }
  get pendingBytes(): number {
    return this.socket.writableLength;
  }

  write(bytes: Uint8Array): boolean {
    this.socket.write(bytes);
    // 0 means that the system has taken all of them; else Node goes on reading from this very memory.
    return this.socket.writableLength === 0;
  }
  pause(): void {
    this.socket.pause();
  }
  resume(): void {
    this.socket.resume();
  }
  end(): void {
    this.socket.end();
  }
  destroy(): void {
    this.socket.destroy();
  }
}
