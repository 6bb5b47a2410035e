// What DUMP gives must be, to a real redis-server, the value that it holds itself: every payload of the server under test
// is restored there beside the key of the same name, and their digests compared.
import type { Arg } from '../resp-client.js';
import { decode, ReplyError } from '../resp-client.js';
import { escapeBytes } from './escape.js';
import type { Connection } from './probe.js';

const DATABASES = 16;
/** Longer than any test: a deadline's presence counts in the digest, its time does not. */
const TTL_MS = 10_000_000;
const COPY = Buffer.from('\xffrestored\xff', 'latin1');

/**
 * Compares every key's value after a way through DUMP and RESTORE. The keyspaces must be equal already.
 * @param reference A redis-server that allows DEBUG. Leaves it as it was, and both connections on database 0.
 * @returns what differs, a line each; and how many keys there were.
 */
export async function compareDumps(
  subject: Connection,
  reference: Connection,
): Promise<{ keys: number; lines: string[] }> {
  const lines: string[] = [];
  let count = 0;
  for (let db = 0; db < DATABASES; db++) {
    const [, listing] = await subject.pipeline([
      ['SELECT', db],
      ['KEYS', '*'],
    ]);
    const keys = decode(listing, { binary: true }) as Buffer[];
    if (keys.length === 0) continue;
    const payloads = await subject.pipeline(keys.map((key): Arg[] => ['DUMP', key]));
    await reference.pipeline([['SELECT', db]]);
    for (const [i, key] of keys.entries()) {
      const payload = decode(payloads[i], { binary: true });
      const name = `db ${db} ${escapeBytes(key)}`;
      if (payload === null) continue;
      count++;
      if (payload instanceof ReplyError) {
        lines.push(`${name}: DUMP answers ${payload.message}`);
        continue;
      }
      const [ttl] = await reference.pipeline([['PTTL', key]]);
      const deadline = Number(decode(ttl)) >= 0 ? TTL_MS : 0;
      const [restored, digests] = await reference.pipeline([
        ['RESTORE', COPY, deadline, payload as Buffer, 'REPLACE'],
        ['DEBUG', 'DIGEST-VALUE', key, COPY],
        ['DEL', COPY],
      ]);
      const verdict = decode(restored);
      if (verdict instanceof ReplyError) {
        lines.push(`${name}: redis-server refuses the payload (${verdict.message}): ${escapeBytes(payload as Buffer)}`);
        continue;
      }
      const found = decode(digests);
      if (found instanceof ReplyError) throw found;
      const [own, copy] = (found as unknown[]).map(String);
      if (own !== copy) lines.push(`${name}: restored, the value differs: ${escapeBytes(payload as Buffer)}`);
    }
  }
  await Promise.all([subject, reference].map((side) => side.pipeline([['SELECT', 0]])));
  return { keys: count, lines };
}
