// What a connection may be called, and CLIENT's commands that read and write names.
import type { HostHandler } from '../context.js';
import { cString, OK, quotingError, TEXT_BYTES_MAX } from './values.js';

export const INVALID_NAME = {
  error: 'ERR Client names cannot contain spaces, newlines or special characters.',
} as const;

/**
 * '!' to '~' alone, so that a name cannot break the lines and fields of CLIENT LIST, and no more than can be kept.
 * Nothing at all passes too.
 */
export function isName(name: Uint8Array): boolean {
  return name.length <= TEXT_BYTES_MAX && name.every((byte) => byte >= 0x21 && byte <= 0x7e);
}

const getname: HostHandler = (_argv, client) => (client.name === '' ? null : client.name);

const setname: HostHandler = (argv, client) => {
  if (!isName(argv[2])) return INVALID_NAME;
  client.name = cString(argv[2]);
  return OK;
};

/** From Redis 7.2. An empty value takes back what was said before. */
const setinfo: HostHandler = (argv, client) => {
  const attribute = cString(argv[2]);
  const which = attribute.toLowerCase();
  if (which !== 'lib-name' && which !== 'lib-ver') return quotingError(`ERR Unrecognized option '${attribute}'`);
  if (!isName(argv[3])) {
    return quotingError(`ERR ${attribute} cannot contain spaces, newlines or special characters.`);
  }
  const value = cString(argv[3]);
  if (which === 'lib-name') client.libName = value;
  else client.libVersion = value;
  return OK;
};

export const CLIENT_NAME_HANDLERS: Readonly<Record<string, HostHandler>> = {
  'client|getname': getname,
  'client|setname': setname,
  'client|setinfo': setinfo,
};
