// Is every command of redis-server 7.0 in our table? A real server says what there is; commands-missing.ts has the reason
// for each that we lack, and for nothing else.
import { beforeAll, expect, it } from 'vitest';
import { COMMANDS } from '../../host/commands/index.js';
import { describeWith } from '../support/programs.js';
import { redisServerForSuite } from '../support/redis-server.js';
import { type Decoded, decode, RespClient } from '../support/resp-client.js';
import { COMMANDS_MISSING } from './commands-missing.js';

/** Groups whose commands work on keys and values. */
const DATA_GROUPS = new Set<Decoded | undefined>(
  'generic string bitmap list hash set sorted-set stream geo hyperloglog'.split(' '),
);
/** What we lack of them on purpose: one that connects elsewhere. */
const DATA_MISSING = ['migrate'];

const OURS = new Map(
  COMMANDS.flatMap((command) => [command, ...command.subcommands]).map((command) => [command.fullName, command]),
);

describeWith('redis-server', 'the command table beside redis-server 7.0', () => {
  const server = redisServerForSuite();
  /** Full name to group, of every command and subcommand that the server knows. */
  const theirs = new Map<string, Decoded | undefined>();

  beforeAll(async () => {
    const client = await RespClient.connect(server().port);
    await client.call('HELLO', 3);
    const docs = decode(await client.call('COMMAND', 'DOCS')) as Map<string, Map<string, Decoded>>;
    for (const [name, fields] of docs) {
      theirs.set(name, fields.get('group'));
      const subcommands = fields.get('subcommands') as Map<string, Decoded> | undefined;
      for (const subcommand of subcommands?.keys() ?? []) theirs.set(subcommand, fields.get('group'));
    }
    // COMMAND itself lists the commands that are no subcommands.
    const listed = decode(await client.call('COMMAND')) as [string, ...Decoded[]][];
    expect(listed.map(([name]) => name).sort()).toEqual(
      [...theirs.keys()].filter((name) => !name.includes('|')).sort(),
    );
    await client.close();
  });

  it('lacks no command without a reason', () => {
    expect(theirs.size).toBeGreaterThan(350);
    const unexplained = [...theirs.keys()].filter((name) => !OURS.has(name) && !COMMANDS_MISSING.has(name));
    expect(unexplained).toEqual([]);
  });

  it('gives no reason for a command that is there, or that redis-server does not have', () => {
    expect([...COMMANDS_MISSING.keys()].filter((name) => OURS.has(name) || !theirs.has(name))).toEqual([]);
    for (const reason of COMMANDS_MISSING.values()) expect(reason.length).toBeGreaterThan(10);
  });

  it('has every command on keys and values, but for one that connects elsewhere', () => {
    const missing = [...theirs].filter(([name, group]) => DATA_GROUPS.has(group) && !OURS.has(name));
    expect(missing.map(([name]) => name).sort()).toEqual(DATA_MISSING.sort());
  });

  it('puts every command into the group that redis-server puts it in', () => {
    let compared = 0;
    for (const [name, command] of OURS) {
      const group = theirs.get(name);
      if (group === undefined) continue;
      expect({ name, group: command.group }).toEqual({ name, group });
      compared++;
    }
    expect(compared).toBeGreaterThan(150);
  });

  it('says of every command that redis-server 7.0 does not have that it is newer', () => {
    const extra = [...OURS.values()].filter(({ fullName }) => !theirs.has(fullName));
    for (const { fullName, since } of extra)
      expect({ fullName, since }).toEqual({ fullName, since: expect.stringMatching(/^(7\.[2-9]|[89]\.)/) });
  });
});
