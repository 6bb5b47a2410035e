// SAVE, BGSAVE, BGREWRITEAOF, LASTSAVE, WAITAOF: what they ask the persistence engine, and Redis's words for its answers.
import type { Begun, HostHandler } from '../context.js';
import { integer, NOT_AN_INTEGER, OK, SYNTAX_ERROR, word } from './values.js';

const NOWHERE = { error: 'ERR there is nothing to write to: the server was started without --dir' } as const;
const SAVING = { error: 'ERR Background save already in progress' } as const;
const REWRITING = { error: 'ERR Background append only file rewriting already in progress' } as const;
const REWRITE_ACTIVE = {
  error:
    "ERR Another child process is active (AOF?): can't BGSAVE right now. Use BGSAVE SCHEDULE in order to schedule a BGSAVE whenever possible.",
} as const;

const isBusy = (begun: Begun | { readonly failed: string }): begun is { readonly busy: 'snapshot' | 'rewrite' } =>
  typeof begun === 'object' && 'busy' in begun;

const save: HostHandler = async (_argv, _client, { persistence }) => {
  if (!persistence) return NOWHERE;
  const begun = await persistence.save();
  if (isBusy(begun)) return SAVING;
  return typeof begun === 'object' ? { error: `ERR ${begun.failed}` } : OK;
};

const bgsave: HostHandler = async (argv, _client, { persistence }) => {
  if (argv.length > 2 || (argv.length === 2 && word(argv[1]) !== 'schedule')) return SYNTAX_ERROR;
  if (!persistence) return NOWHERE;
  const begun = await persistence.bgsave(argv.length === 2);
  if (isBusy(begun)) return begun.busy === 'snapshot' ? SAVING : REWRITE_ACTIVE;
  return { status: `Background saving ${begun}` };
};

const bgrewriteaof: HostHandler = async (_argv, _client, { persistence }) => {
  if (!persistence) return NOWHERE;
  const begun = await persistence.bgrewriteaof();
  if (isBusy(begun)) return REWRITING;
  return { status: `Background append only file rewriting ${begun}` };
};

const lastsave: HostHandler = async (_argv, _client, { persistence, startedMs }) =>
  persistence ? persistence.lastSave() : Math.floor(startedMs / 1000);

const waitaof: HostHandler = async (argv, _client, { persistence }) => {
  const [local, replicas, timeout] = argv.slice(1).map(integer);
  if (local === undefined) return { error: NOT_AN_INTEGER };
  if (local < 0n || local > 1n) return { error: 'ERR value is out of range, must be between 0 and 1' };
  if (replicas === undefined) return { error: NOT_AN_INTEGER };
  if (replicas < 0n) return { error: 'ERR value is out of range, must be positive' };
  if (timeout === undefined) return { error: 'ERR timeout is not an integer or out of range' };
  if (timeout < 0n) return { error: 'ERR timeout is negative' };
  if (!persistence || !(await hasLog(persistence.waitSynced(-1)))) {
    if (local > 0n) return { error: 'ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.' };
    return [0, 0];
  }
  const synced = await persistence.waitSynced(local === 0n ? -1 : Number(timeout));
  return [synced ? 1 : 0, 0];
};

async function hasLog(asked: Promise<boolean | undefined>): Promise<boolean> {
  return (await asked) !== undefined;
}

export const PERSISTENCE_HANDLERS: Readonly<Record<string, HostHandler>> = {
  save,
  bgsave,
  bgrewriteaof,
  lastsave,
  waitaof,
};
