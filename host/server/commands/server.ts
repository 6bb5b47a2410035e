// Commands about the server as a whole: its clock, its modules, its end.
import type { HostHandler } from '../context.js';
import { SYNTAX_ERROR, word } from './values.js';

/** What `performance.now` was at the Unix epoch, as far as is known, in ms. */
let epochMs = Date.now() - performance.now();

/**
 * Unix microseconds. The system's clock has milliseconds here, and the monotonic one has finer parts but does not know
 * when the system's is set; so the second fills in the first's digits and is corrected whenever it leaves them.
 */
export function unixMicroseconds(): bigint {
  const wallMs = Date.now();
  const finerMs = epochMs + performance.now();
  if (finerMs < wallMs) epochMs += wallMs - finerMs;
  else if (finerMs >= wallMs + 1) epochMs -= finerMs - (wallMs + 0.999);
  const part = Math.floor((epochMs + performance.now() - wallMs) * 1000);
  return BigInt(wallMs) * 1000n + BigInt(part);
}

const time: HostHandler = () => {
  const now = unixMicroseconds();
  return [String(now / 1_000_000n), String(now % 1_000_000n)];
};

const SHUTDOWN_OPTIONS: readonly string[] = ['save', 'nosave', 'now', 'force', 'abort'];

const shutdown: HostHandler = (argv, _client, services) => {
  const given = new Set(argv.slice(1).map(word));
  for (const option of given) if (!SHUTDOWN_OPTIONS.includes(option)) return SYNTAX_ERROR;
  if (given.has('abort') && given.size > 1) return SYNTAX_ERROR;
  if (given.has('save') && given.has('nosave')) return SYNTAX_ERROR;
  // A shutdown waits for no replica here, so there is never one that could be called off.
  if (given.has('abort')) return { error: 'ERR No shutdown in progress.' };
  return services.shutdown(given.has('save') ? true : given.has('nosave') ? false : undefined);
};

const moduleList: HostHandler = () => [];

export const SERVER_HANDLERS: Readonly<Record<string, HostHandler>> = {
  time,
  shutdown,
  'module|list': moduleList,
};
