// Commands that change what the rest of their own pipeline means: protocol, credentials, silence, the end of the
// connection. Whole streams of bytes are compared, since some commands have no reply at all.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parseCommandLine } from '../support/generator/escape.js';
import { startLatchkeyServer } from '../support/latchkey-server.js';
import { describeWith } from '../support/programs.js';
import { startRedisServer } from '../support/redis-server.js';
import { encodeCommands, type RawReply } from '../support/resp-client.js';
import { SELF, ServerSide, SUBJECT } from './sides.js';

/** Commands apart by semicolons; each pipeline ends with one that is answered or closes, so that nobody waits in vain. */
const OPEN = [
  'HELLO 3; GET none; CLIENT GETNAME; HELLO 2; GET none; HELLO; PING',
  'HELLO 3 SETNAME me; RESET; GET none; CLIENT GETNAME; PING',
  'SET a 1; HELLO 3; MGET a none; RESET; MGET a none',
  'QUIT; PING',
  'PING; quit now; PING; PING',
  'SELECT 3; SET k v; SELECT 0; GET k; SELECT 3; GET k; RESET; GET k',
  'CLIENT REPLY OFF; PING; SET a 1; GET a; nosuch; CLIENT REPLY ON; PING',
  'CLIENT REPLY SKIP; PING; PING',
  'CLIENT REPLY SKIP; SET a 1; GET a; GET a',
  'CLIENT REPLY SKIP; CLIENT REPLY SKIP; PING; PING a',
  'CLIENT REPLY SKIP; CLIENT REPLY ON; PING',
  'CLIENT REPLY SKIP; CLIENT REPLY OFF; PING; CLIENT REPLY ON; PING',
  'CLIENT REPLY SKIP; CLIENT REPLY garbage; PING',
  'CLIENT REPLY SKIP; nosuch; PING',
  'CLIENT REPLY SKIP; GET; PING',
  'CLIENT REPLY SKIP; RESET; PING',
  'CLIENT REPLY OFF; CLIENT REPLY SKIP; PING; CLIENT REPLY ON',
  'CLIENT REPLY OFF; RESET; PING',
  'CLIENT KILL SKIPME no TYPE normal; PING',
  'CLIENT PAUSE 50 WRITE; GET none; SET a 2; GET a; PING',
  'CLIENT PAUSE 50; PING; SET a 3; GET a',
  'CLIENT PAUSE 50 WRITE; CLIENT UNPAUSE; SET a 4; GET a',
  'CLIENT NO-EVICT on; CLIENT NO-EVICT off; PING',
  'MEMORY PURGE; OBJECT HELP; COMMAND GETKEYS SET k v; PING',
  'SHUTDOWN ABORT; SHUTDOWN SAVE NOSAVE; PING',
];

const LOCKED = [
  'PING; GET k; SET k v; nosuch; GET; CLIENT nosuch; AUTH pw; PING; SET k v; GET k',
  'AUTH wrong; PING; AUTH default wrong; AUTH nobody pw; PING; AUTH default pw; PING',
  'HELLO; HELLO 3; HELLO 3 AUTH default wrong; PING; HELLO 3 AUTH default pw SETNAME me; CLIENT GETNAME; GET none',
  'AUTH pw; SELECT 3; CLIENT SETNAME me; RESET; PING; AUTH pw; CLIENT GETNAME; GET none',
  'HELLO 3 SETNAME me; AUTH pw; CLIENT GETNAME',
  'QUIT; PING',
  'RESET; QUIT',
  'CLIENT REPLY OFF; PING',
];

async function answers(side: ServerSide, line: string): Promise<RawReply & { text: string }> {
  const client = await side.connect(2, 10_000);
  const commands = line.split(';').map((command) => parseCommandLine(command.trim()));
  const reply = await client.raw(encodeCommands(commands), { quietMs: 300, atLeastBytes: 1 });
  await client.close();
  // The number of a connection is the server's own.
  return { ...reply, text: reply.bytes.toString('latin1').replace(/(\r\nid\r\n:)\d+/g, '$1') };
}

function compareAll(title: string, args: readonly string[], lines: readonly string[]): void {
  describeWith('redis-server', `${title}: ${SUBJECT} against redis-server`, () => {
    const subject = new ServerSide(SUBJECT, () =>
      SELF ? startRedisServer({ args }) : startLatchkeyServer({ shards: 3, threads: 1, args }),
    );
    const reference = new ServerSide('redis-server', () => startRedisServer({ args }));
    beforeAll(() => Promise.all([subject.server(), reference.server()]));
    afterAll(() => Promise.all([subject.stop(), reference.stop()]));

    it.each(lines)('%s', async (line) => {
      const [ours, theirs] = await Promise.all([answers(subject, line), answers(reference, line)]);
      expect({ text: ours.text, closed: ours.closed }).toEqual({ text: theirs.text, closed: theirs.closed });
      expect(theirs.bytes.length).toBeGreaterThan(0);
    });
  });
}

compareAll('pipelines that change their connection', [], OPEN);
compareAll('pipelines behind a password', ['--requirepass', 'pw'], LOCKED);
