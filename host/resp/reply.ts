// Replies in TypeScript: writing those of host commands, and taking kernel replies apart where several shards answer one
// command.
import type { Reply } from '../commands/types.js';

const text = (value: string): Buffer => Buffer.from(value, 'utf8');

function isList(reply: Reply): reply is readonly Reply[] {
  return Array.isArray(reply);
}

/** Writes one reply under RESP2 or RESP3, as redis-server 7 would. Strings become bulk strings in UTF-8. */
export function encodeReply(reply: Reply, proto: number): Buffer {
  const parts: Buffer[] = [];
  write(reply, proto, parts);
  return parts.length === 1 ? parts[0] : Buffer.concat(parts);
}

function write(reply: Reply, proto: number, parts: Buffer[]): void {
  if (reply === null) parts.push(text(proto === 3 ? '_\r\n' : '$-1\r\n'));
  else if (typeof reply === 'number' || typeof reply === 'bigint') parts.push(text(`:${reply}\r\n`));
  else if (typeof reply === 'string') write(text(reply), proto, parts);
  else if (reply instanceof Uint8Array) parts.push(text(`$${reply.length}\r\n`), Buffer.from(reply), text('\r\n'));
  else if (isList(reply)) {
    parts.push(text(`*${reply.length}\r\n`));
    for (const item of reply) write(item, proto, parts);
  } else if ('status' in reply) parts.push(text(`+${reply.status}\r\n`));
  else if ('error' in reply) parts.push(text(`-${reply.error}\r\n`));
  else if ('double' in reply) {
    if (proto === 3) parts.push(text(`,${reply.double}\r\n`));
    else write(String(reply.double), proto, parts);
  } else if ('verbatim' in reply) {
    const bytes = text(reply.verbatim);
    if (proto === 3) parts.push(text(`=${bytes.length + 4}\r\ntxt:`), bytes, text('\r\n'));
    else write(bytes, proto, parts);
  } else if ('set' in reply) {
    parts.push(text(`${proto === 3 ? '~' : '*'}${reply.set.length}\r\n`));
    for (const item of reply.set) write(item, proto, parts);
  } else {
    const count = reply.pairs.length;
    parts.push(text(proto === 3 ? `%${count}\r\n` : `*${count * 2}\r\n`));
    for (const [key, value] of reply.pairs) {
      write(key, proto, parts);
      write(value, proto, parts);
    }
  }
}

/** Is this kernel reply an error? */
export function isError(reply: Buffer): boolean {
  return reply[0] === 0x2d;
}

/** The integer of ":n\r\n"; NaN for anything else. */
export function integerOf(reply: Buffer): number {
  return reply[0] === 0x3a ? Number(reply.toString('latin1', 1, reply.length - 2)) : Number.NaN;
}

/** The elements of an array of bulk strings and nulls, each with its own framing, sharing the reply's memory. */
export function elementsOf(reply: Buffer): Buffer[] {
  let at = reply.indexOf(10) + 1;
  const items: Buffer[] = [];
  while (at < reply.length) {
    const line = reply.indexOf(10, at) + 1;
    const length = reply[at] === 0x24 ? Number(reply.toString('latin1', at + 1, line - 2)) : -1;
    const end = length < 0 ? line : line + length + 2;
    items.push(reply.subarray(at, end));
    at = end;
  }
  return items;
}

/** The bytes of a bulk string reply, or null. */
export function bulkOf(reply: Buffer): Buffer | null {
  if (reply[0] !== 0x24 || reply[1] === 0x2d) return null;
  const line = reply.indexOf(10) + 1;
  return reply.subarray(line, reply.length - 2);
}
