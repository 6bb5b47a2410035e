// Commands of redis-server 7.0 that our table does not have, each with the reason. completeness.test.ts compares this list
// with a real server's COMMAND: what is missing and not here fails, and so does what is here and no longer missing.

export interface Missing {
  reason: string;
  /** Full names; a container's subcommands count one by one. */
  commands: string;
}

/** What there is no plan for. */
const WITHOUT_PLAN: readonly Missing[] = [
  {
    reason: 'connects to another server; DUMP here and RESTORE there do the same',
    commands: 'migrate',
  },
  {
    reason: 'there are no other nodes: shards live in one process, and its layout changes at a start',
    commands: `restore-asking cluster|addslots cluster|addslotsrange cluster|bumpepoch
      cluster|delslots cluster|delslotsrange cluster|failover cluster|flushslots cluster|forget cluster|meet
      cluster|replicate cluster|reset cluster|saveconfig cluster|set-config-epoch cluster|setslot`,
  },
  { reason: 'there is no replication', commands: 'replicaof slaveof psync sync replconf failover' },
  { reason: 'there are no modules', commands: 'module|load module|loadex module|unload' },
  {
    reason: 'there is no interpreter of Lua, and no functions',
    commands: `eval eval_ro evalsha evalsha_ro fcall fcall_ro script script|debug script|exists script|flush script|help
      script|kill script|load function function|delete function|dump function|flush function|help function|kill
      function|list function|load function|restore function|stats`,
  },
  {
    reason: 'one password protects the server: there are no users to keep apart',
    commands: `acl acl|cat acl|deluser acl|dryrun acl|genpass acl|getuser acl|help acl|list acl|load acl|log acl|save
      acl|setuser acl|users acl|whoami`,
  },
];

/** Full name to reason. */
export const COMMANDS_MISSING: ReadonlyMap<string, string> = new Map(
  WITHOUT_PLAN.flatMap(({ reason, commands }) => commands.split(/\s+/).map((name): [string, string] => [name, reason])),
);
