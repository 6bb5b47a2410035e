// Several clients in a fixed order, on both servers: for commands whose answer depends on what other clients do meanwhile.
// Each step is given the time to take effect before the next one, and what every client has been sent is compared at the
// end, byte for byte.
import { parseCommandLine } from '../support/generator/escape.js';
import { encodeCommands, RespClient } from '../support/resp-client.js';
import type { ServerSide } from './sides.js';

/**
 * One line each: `name: COMMAND …; COMMAND …` pipelines commands on a client; `name!` ends its connection; `sleep 100` lets so
 * many milliseconds pass. `$name` stands for the number of a client's connection.
 */
export type Session = readonly string[];

/** A step has taken effect when nothing more has come for this long. */
const QUIET_MS = 25;

class Listener {
  readonly #chunks: Buffer[] = [];
  lastMs = performance.now();
  closed = false;

  private constructor(readonly client: RespClient) {}

  static async connect(side: ServerSide, proto: 2 | 3): Promise<Listener> {
    const client = await RespClient.connect((await side.server()).port, 30_000);
    if (proto === 3) await client.call('HELLO', 3);
    const listener = new Listener(client);
    client.listen((chunk) => {
      listener.#chunks.push(chunk);
      listener.lastMs = performance.now();
    });
    void client.closed.then(() => {
      listener.closed = true;
      listener.lastMs = performance.now();
    });
    return listener;
  }
  get text(): string {
    return Buffer.concat(this.#chunks).toString('latin1');
  }
}

/** What each client was sent, and `(closed)` at the end if the server hung up. @param quietMs Given to each step. */
export async function play(
  side: ServerSide,
  session: Session,
  proto: 2 | 3,
  quietMs = QUIET_MS,
): Promise<Record<string, string>> {
  const clean = await RespClient.connect((await side.server()).port, 30_000);
  await clean.call('FLUSHALL');
  await clean.close();
  const listeners = new Map<string, Listener>();
  const gone = new Set<string>();
  for (const line of session) {
    const pause = /^sleep (\d+)$/.exec(line);
    if (pause) {
      await new Promise((resolve) => setTimeout(resolve, Number(pause[1])));
      continue;
    }
    const [, name, end, commands] = /^(\w+)(!?):?\s*(.*)$/.exec(line)!;
    if (!listeners.has(name)) listeners.set(name, await Listener.connect(side, proto));
    const listener = listeners.get(name)!;
    if (end) {
      gone.add(name);
      await listener.client.close();
    } else {
      const parsed = commands.split(';').map((command) => parseCommandLine(command.trim()));
      for (const command of parsed) {
        for (const [i, arg] of command.entries()) {
          const other = listeners.get(/^\$(\w+)$/.exec(String(arg))?.[1] ?? '');
          if (other) command[i] = Buffer.from(await clientId(other.client, side));
        }
      }
      listener.lastMs = performance.now();
      listener.client.send(encodeCommands(parsed));
    }
    await quiet(listeners, quietMs);
  }
  const sent: Record<string, string> = {};
  for (const [name, { client, text, closed }] of listeners) {
    sent[name] = named(text, listeners) + (closed && !gone.has(name) ? '(closed)' : '');
    await client.close();
  }
  return sent;
}

/** Connections have numbers of the server's own: their names instead. */
function named(text: string, listeners: ReadonlyMap<string, Listener>): string {
  let out = text;
  for (const [name, { client }] of listeners) {
    const id = ids.get(client);
    if (id) out = out.replaceAll(`:${id}\r\n`, `:$${name}\r\n`);
  }
  return out;
}

const ids = new WeakMap<RespClient, string>();
/** The number of a connection, asked by its port from another one: it may be waiting itself. */
async function clientId(client: RespClient, side: ServerSide): Promise<string> {
  const known = ids.get(client);
  if (known) return known;
  const asker = await RespClient.connect((await side.server()).port, 30_000);
  const list = String(await asker.ask('CLIENT', 'LIST'));
  await asker.close();
  const line = list.split('\n').find((each) => each.includes(`addr=127.0.0.1:${client.localPort} `));
  const id = /id=(\d+)/.exec(line ?? '')?.[1];
  if (!id) throw new Error(`no client at port ${client.localPort} in\n${list}`);
  ids.set(client, id);
  return id;
}

async function quiet(listeners: ReadonlyMap<string, Listener>, quietMs: number): Promise<void> {
  for (;;) {
    const now = performance.now();
    const last = Math.max(...[...listeners.values()].map(({ lastMs }) => lastMs));
    if (now - last >= quietMs) return;
    await new Promise((resolve) => setTimeout(resolve, quietMs - (now - last) + 1));
  }
}
