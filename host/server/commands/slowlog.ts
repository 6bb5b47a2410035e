// SLOWLOG: one log for all workers, of commands that took longer than slowlog-log-slower-than.
import type { HostHandler } from '../context.js';
import { integer, OK, subcommandSyntaxError } from './values.js';

const LENGTH_USUAL = 10;

const get: HostHandler = async (argv, _client, services) => {
  let most = LENGTH_USUAL;
  if (argv.length > 3) return subcommandSyntaxError(argv);
  if (argv.length === 3) {
    const count = integer(argv[2]);
    if (count === undefined || count < -1n || count > 0x7fffffffffffffffn) {
      return { error: 'ERR count should be greater than or equal to -1' };
    }
    most = count === -1n || count > 0xffffffffn ? Number.POSITIVE_INFINITY : Number(count);
  }
  const entries = (await services.slowEntries()).slice(0, most);
  return entries.map(({ id, time, microseconds, argv, address, name }) => [
    ...[id, time, microseconds, argv.map((argument) => Buffer.from(argument)), address, name],
  ]);
};

const len: HostHandler = async (_argv, _client, services) => (await services.slowEntries()).length;

const reset: HostHandler = async (_argv, _client, services) => {
  await services.resetSlow();
  return OK;
};

export const SLOWLOG_HANDLERS: Readonly<Record<string, HostHandler>> = {
  'slowlog|get': get,
  'slowlog|len': len,
  'slowlog|reset': reset,
};
