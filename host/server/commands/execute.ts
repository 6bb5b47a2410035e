// The way of a frame that the kernel left to the host: found in the table, checked, and run. Every frame gets an answer.
import { type Command, commandOf, type Reply } from '../../commands/index.js';
import type { Client, Encoded, HostHandler, Services } from '../context.js';
import { clusterRefusal } from './cluster-port.js';
import { debugRefusal } from './debug.js';
import { refusedWhileSubscribed } from './pubsub.js';
import { endTransaction } from './transaction.js';
import { cString, quotingError } from './values.js';

/** Bytes of the name, and of all arguments together, that an error quotes at most. */
const QUOTED_BYTES_MAX = 128;
const QUEUED = { status: 'QUEUED' } as const;
/** Executed at once between MULTI and EXEC. */
const NEVER_QUEUED: ReadonlySet<string> = new Set(['exec', 'discard', 'multi', 'watch', 'quit', 'reset']);
const NOAUTH = { error: 'NOAUTH Authentication required.' } as const;

function unknownCommand(argv: readonly Uint8Array[]): Encoded {
  const name = cString(argv[0]).slice(0, QUOTED_BYTES_MAX);
  // The name of a container alone is known: then it is the subcommand that is not.
  const container = commandOf(argv.slice(0, 1));
  if (container !== undefined) {
    const sub = cString(argv[1]).slice(0, QUOTED_BYTES_MAX);
    return quotingError(`ERR unknown subcommand '${sub}'. Try ${container.name.toUpperCase()} HELP.`);
  }
  let quoted = '';
  for (let i = 1; i < argv.length && quoted.length < QUOTED_BYTES_MAX; i++) {
    quoted += `'${cString(argv[i]).slice(0, QUOTED_BYTES_MAX - quoted.length)}' `;
  }
  return quotingError(`ERR unknown command '${name}', with args beginning with: ${quoted}`);
}

function arityFits({ arity }: Command, argc: number): boolean {
  return arity > 0 ? argc === arity : argc >= -arity;
}

function isError(answer: Reply | Encoded): boolean {
  if (typeof answer !== 'object' || answer === null) return false;
  return 'error' in answer || ('encoded' in answer && answer.encoded[0] === 0x2d);
}

/**
 * Makes the function that runs host commands.
 * @param findHandler By full name. What has no handler is the kernel's, and goes to `services.call`.
 */
export function executor(findHandler: (fullName: string) => HostHandler | undefined) {
  /**
   * Answers any frame of at least one argument. Never throws on what a client sent.
   * @param argv Borrowed until the answer is there.
   * @returns    The answer, to be written in the protocol that the client has afterwards: HELLO and RESET change it.
   */
  return function executeHostCommand(
    argv: readonly Buffer[],
    client: Client,
    services: Services,
  ): Reply | Encoded | Promise<Reply | Encoded> {
    const command = commandOf(argv);
    client.lastCommand = command?.fullName ?? 'NULL';
    // What cannot be queued spoils the transaction.
    const refuse = <T>(error: T): T => {
      if (command) services.observer.refused(command);
      if (client.multi) client.multi.failed = true;
      return error;
    };
    if (command === undefined) return refuse(unknownCommand(argv));
    if (!arityFits(command, argv.length)) {
      return refuse({ error: `ERR wrong number of arguments for '${command.fullName}' command` });
    }
    const { requirepass, enableDebugCommand } = services.config.values;
    const refusal = command.name === 'debug' ? debugRefusal(enableDebugCommand, client) : undefined;
    if (refusal) return refuse(refusal);
    if (requirepass !== '' && !client.authenticated && !command.flags.includes('no_auth')) return refuse(NOAUTH);
    const elsewhere = clusterRefusal(argv, command, client, services);
    if (elsewhere) {
      // What EXEC cannot do here is not done later either.
      if (command.name === 'exec' && client.multi) endTransaction(client, services);
      return refuse(elsewhere);
    }
    const subscribed = client.executing ? undefined : refusedWhileSubscribed(client, command.name, command.fullName);
    if (subscribed) return refuse(subscribed);
    if (client.multi && !client.executing) {
      if (command.flags.includes('no_multi')) return refuse({ error: 'ERR Command not allowed inside a transaction' });
      if (!NEVER_QUEUED.has(command.name)) {
        const why = services.refusal(command);
        if (why) return refuse({ error: why });
        // Of a transaction that cannot come to anything nothing more is kept.
        if (!client.multi.failed) client.multi.frames.push([...argv]);
        return QUEUED;
      }
    }
    const handler = findHandler(command.fullName);
    if (handler) {
      const beganMs = performance.now();
      const answer = handler(argv, client, services, command);
      // What it waits for is not its own time.
      const ownMs = performance.now() - beganMs;
      const told = <T extends Reply | Encoded>(reply: T): T => {
        services.observer.ran(command, argv, client, ownMs, isError(reply));
        return reply;
      };
      if (!(answer instanceof Promise)) return told(answer);
      if (!command.flags.includes('blocking')) return answer.then(told);
      // Who waits for a key has been seen to do so.
      told(null);
      return answer;
    }
    const reply = services.run(argv, client);
    return reply instanceof Promise ? reply.then((encoded) => ({ encoded })) : { encoded: reply };
  };
}
