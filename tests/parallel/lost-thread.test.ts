// A thread that dies may have held a latch over half a change: the whole process has to end, at once and saying so.
import { describe, expect, it } from 'vitest';
import { latchkeyServerForTest } from '../support/latchkey-server.js';
import { RespClient } from '../support/resp-client.js';

const CLIENTS = 8;
const LOST = /^.*the shards cannot be trusted any more.*$/gm;

describe.each([1, 2, 4])('with %i threads, the death of a thread that holds a latch', (threads) => {
  // The kernel spreads connections over the workers as it likes, so the panic is sent from several positions.
  it.each([0, CLIENTS - 1])('ends the process with exit code 1 and one line, sent on connection %i', async (sender) => {
    const server = await latchkeyServerForTest({ threads, shards: 2, args: ['--enable-debug-command', 'yes'] });
    const clients: RespClient[] = [];
    for (let i = 0; i < CLIENTS; i++) clients.push(await RespClient.connect(server.port));
    for (const client of clients) expect(await client.ask('PING')).toBe('PONG');
    clients[sender].send('DEBUG PANIC\r\n');
    expect(await server.exited).toEqual({ code: 1, signal: null });
    await Promise.all(clients.map((client) => client.closed));
    expect(server.output().match(LOST)).toHaveLength(1);
  });
});
