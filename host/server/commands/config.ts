// CONFIG: the configuration read, changed while the server runs, and written back into its file.
import { isUtf8 } from 'node:buffer';
import type { HostHandler } from '../context.js';
import { helpReply } from './help.js';
import { OK, quotingError, SYNTAX_ERROR, TEXT_BYTES_MAX } from './values.js';

const CONFIG_HELP = [
  'GET <pattern>',
  '    Return parameters matching the glob-like <pattern> and their values.',
  'SET <directive> <value>',
  '    Set the configuration <directive> to <value>.',
  'RESETSTAT',
  '    Reset statistics reported by the INFO command.',
  'REWRITE',
  '    Rewrite the configuration file.',
];

/** Names, patterns and errors: one character per byte. Values: UTF-8, as in files. */
const nameText = (argument: Buffer): string => argument.toString('latin1', 0, TEXT_BYTES_MAX);

const get: HostHandler = (argv, _client, { config }) => {
  const found = config.getMatching(argv.slice(2).map(nameText));
  return { pairs: found };
};

const set: HostHandler = async (argv, _client, services) => {
  if (argv.length % 2 !== 0) return SYNTAX_ERROR;
  const pairs: [string, string][] = [];
  for (let i = 2; i < argv.length; i += 2) pairs.push([nameText(argv[i]), argv[i + 1].toString('utf8')]);
  const problem = services.config.check(pairs);
  if (problem !== null) return quotingError(problem);
  const odd = pairs.findIndex((_, index) => !isUtf8(argv[index * 2 + 3]));
  if (odd >= 0) {
    const [name] = pairs[odd];
    return quotingError(`ERR CONFIG SET failed (possibly related to argument '${name}') - argument must be UTF-8`);
  }
  await services.configure(pairs);
  return OK;
};

const resetStat: HostHandler = (_argv, _client, services) => {
  services.resetStats();
  return OK;
};

const rewrite: HostHandler = async (_argv, _client, services) => {
  const problem = await services.rewriteConfig();
  return problem === null ? OK : quotingError(problem);
};

export const CONFIG_HANDLERS: Readonly<Record<string, HostHandler>> = {
  'config|get': get,
  'config|set': set,
  'config|resetstat': resetStat,
  'config|rewrite': rewrite,
  'config|help': () => helpReply('CONFIG', CONFIG_HELP),
};
