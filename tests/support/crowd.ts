// Many connections at work at once, for tests whose claims hold under every interleaving.
import type { TestServer } from './redis-server.js';
import { type Arg, type Decoded, ReplyError, RespClient } from './resp-client.js';

/** What every connection has to get done: one that starves does not, and the test's time limit tells. */
const ROUNDS_MIN = 10;

/** One command whose error would be a failure of the test. */
export async function ask(client: RespClient, ...args: Arg[]): Promise<Decoded> {
  const reply = await client.ask(...args);
  if (reply instanceof ReplyError) throw reply;
  return reply;
}

/** @param runMs How long each claim is worked at. */
export function crowd(server: () => TestServer, runMs: number) {
  return {
    /** Runs `work` on every connection at once, and closes them after. */
    async onEach<T>(count: number, work: (client: RespClient, index: number) => Promise<T>): Promise<T[]> {
      const clients = await Promise.all(Array.from({ length: count }, () => RespClient.connect(server().port)));
      try {
        return await Promise.all(clients.map(work));
      } finally {
        await Promise.all(clients.map((client) => client.close()));
      }
    },

    /** Repeats `step` for the run's time, and ROUNDS_MIN times however long that takes; how often it was done. */
    async repeat(step: () => Promise<void>): Promise<number> {
      const end = Date.now() + runMs;
      let count = 0;
      do {
        await step();
        count++;
      } while (Date.now() < end || count < ROUNDS_MIN);
      return count;
    },
  };
}
