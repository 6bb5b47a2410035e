// DEBUG: tools for tests, refused unless the configuration allows them.
import type { Reply } from '../../commands/index.js';
import { bulkOf, integerOf, isError } from '../../resp/reply.js';
import type { Client, HostHandler, Services } from '../context.js';
import { DEBUG_HELP, helpReply } from './help.js';
import { cString, OK, subcommandSyntaxError, word } from './values.js';

/**
 * The error for a client that may not use DEBUG, by `enable-debug-command`; undefined if it may. `local` means loopback
 * addresses and Unix sockets.
 */
export function debugRefusal(enabled: string, { unix, address }: Client): Reply | undefined {
  const isLocal = unix || address.startsWith('127.0.0.1:') || address.startsWith('[::1]:');
  if (enabled === 'yes' || (enabled === 'local' && isLocal)) return undefined;
  return {
    error:
      'ERR DEBUG command not allowed. If the enable-debug-command option is set to "local", you can run it from a ' +
      'local connection, otherwise you need to set this option in the configuration file, and then restart the server.',
  };
}

/** What is no number is no time, and so is what no clock can count. */
function sleep(argument: Buffer, services: Services): Reply {
  const ms = Number.parseFloat(cString(argument)) * 1000;
  if (ms > 0 && Number.isFinite(ms)) services.sleep(ms);
  return OK;
}

/** What OBJECT and MEMORY USAGE know of a key, in the form of Redis's line, which names its fields. */
async function object(key: Buffer, client: Client, services: Services): Promise<Reply> {
  const ask = (...words: string[]) => services.call([...words.map((text) => Buffer.from(text)), key], client);
  const encoding = bulkOf(await ask('OBJECT', 'ENCODING'));
  const refcount = integerOf(await ask('OBJECT', 'REFCOUNT'));
  const bytes = integerOf(await ask('MEMORY', 'USAGE'));
  const idle = await ask('OBJECT', 'IDLETIME');
  // The key may have gone between two questions.
  if (encoding === null || Number.isNaN(refcount) || Number.isNaN(bytes)) return { error: 'ERR no such key' };
  // Under an LFU policy the clock counts uses, not idle seconds.
  const clock = isError(idle)
    ? `lfu_freq:${integerOf(await ask('OBJECT', 'FREQ'))}`
    : `lru_seconds_idle:${integerOf(idle)}`;
  return { status: `Value refcount:${refcount} encoding:${encoding} bytes:${bytes} ${clock}` };
}

const debug: HostHandler = (argv, client, services) => {
  // Whatever follows: so Redis has it.
  if (word(argv[1]) === 'panic') return services.panic();
  switch (`${word(argv[1])} ${argv.length - 2}`) {
    case 'help 0':
      return helpReply('DEBUG', DEBUG_HELP);
    case 'sleep 1':
      return sleep(argv[2], services);
    case 'object 1':
      return object(argv[2], client, services);
    case 'set-active-expire 1':
      return services.setActiveExpire((Number.parseInt(cString(argv[2]), 10) || 0) !== 0).then(() => OK);
    default:
      return subcommandSyntaxError(argv);
  }
};

export const DEBUG_HANDLERS: Readonly<Record<string, HostHandler>> = { debug };
