// Which versions this server says it has.
import { createRequire } from 'node:module';

/** The Redis that this server behaves like. INFO, HELLO and LOLWUT state it. */
export const REDIS_VERSION = '7.0.15';

let own: string | undefined;

/** The version of this package. */
export function latchkeyVersion(): string {
  own ??= (createRequire(import.meta.url)('latchkey/package.json') as { version: string }).version;
  return own;
}
