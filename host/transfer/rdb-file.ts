// Reads RDB files as Redis up to 7.2 writes them (versions 5 to 11), one value after the other.
//
//   "REDIS" and four digits      the version
//   then, each with its opcode:  0xfa two strings, facts about the writer   0xfe the database of what follows
//                                0xfb two lengths, sizes to come            0xfc, 0xfd deadline of the next key, in ms or s
//                                0xf8, 0xf9 its idle time or LFU counter    0xf7 what a module keeps beside the keys
//                                0xf5 source of functions                   0xff the end
//   anything else is the type of a value; its key, a string, and its body follow
//   behind the end: CRC-64 of everything before it, or zeros
import type { ByteSource } from './byte-source.js';
import { type Item, shown } from './item.js';
import {
  readLength,
  readModuleName,
  readString,
  skipModuleData,
  skipString,
  skipValue,
  TYPE_MODULE_2,
} from './rdb-values.js';

const OP_SLOT_INFO = 0xf4;
const OP_FUNCTION = 0xf5;
const OP_FUNCTION_EARLY = 0xf6;
const OP_MODULE_AUX = 0xf7;
const OP_IDLE = 0xf8;
const OP_FREQUENCY = 0xf9;
const OP_FACT = 0xfa;
const OP_SIZES = 0xfb;
const OP_EXPIRES_MS = 0xfc;
const OP_EXPIRES_SECONDS = 0xfd;
const OP_DATABASE = 0xfe;
const OP_END = 0xff;

const MAGIC = Buffer.from('REDIS');
const HEADER_BYTES = 9;
const VERSION_MIN = 5;
const VERSION_MAX = 11;

/** What a file holds that is left behind, by kind: it goes to the person who imports. */
export interface LeftBehind {
  /** Libraries of functions. */
  functions: number;
  /** Names of modules that kept something beside the keys. */
  readonly moduleData: Set<string>;
  /** Keys with values of modules. */
  moduleKeys: number;
}
export const nothingLeft = (): LeftBehind => ({ functions: 0, moduleData: new Set(), moduleKeys: 0 });

/** Do these first bytes of a file announce an RDB file? */
export function isRdb(head: Uint8Array): boolean {
  return head.length >= MAGIC.length && MAGIC.every((byte, i) => head[i] === byte);
}

/**
 * Yields the values of an RDB file, in the order of the file, and ends behind its checksum, which has then been found
 * right. What follows there stays unread.
 * @param skipModules Leave out keys whose value is a module's; otherwise they are refused by name.
 * @throws Damage
 */
export function* readRdb(source: ByteSource, left: LeftBehind, skipModules = false): Generator<Item, void> {
  readVersion(source);
  let db = 0;
  let next: Pick<Item, 'expiresMs' | 'idleSeconds' | 'frequency'> = { expiresMs: 0n };
  for (;;) {
    const start = source.offset;
    const op = source.byte();
    switch (op) {
      case OP_END:
        if (!source.checksum()) source.fail('the checksum of the file is wrong: it is damaged', start + 1);
        return;
      case OP_DATABASE:
        db = readLength(source);
        break;
      case OP_EXPIRES_MS:
        next = { ...next, expiresMs: deadline(source.i64le()) };
        break;
      case OP_EXPIRES_SECONDS:
        next = { ...next, expiresMs: deadline(BigInt(source.i32le()) * 1000n) };
        break;
      case OP_IDLE:
        next = { ...next, idleSeconds: readLength(source) };
        break;
      case OP_FREQUENCY:
        next = { ...next, frequency: source.byte() };
        break;
      case OP_SIZES:
        readLength(source);
        readLength(source);
        break;
      case OP_FACT:
        skipString(source);
        skipString(source);
        break;
      case OP_FUNCTION:
        left.functions++;
        skipString(source);
        break;
      case OP_MODULE_AUX:
        left.moduleData.add(readModuleName(source));
        skipModuleData(source);
        break;
      case OP_FUNCTION_EARLY:
      case OP_SLOT_INFO:
        source.fail(`opcode ${op} is none of Redis 5 to 7`, start);
        break;
      default: {
        const key = readString(source);
        if (op === TYPE_MODULE_2) skipModuleValue(source, key, skipModules, left);
        else {
          source.keep();
          skipValue(source, op);
          yield { db, key, type: op, body: source.kept(), ...next };
        }
        next = { expiresMs: 0n };
      }
    }
  }
}

/** -1 says that there is none; what else is not positive has passed long ago. */
function deadline(ms: bigint): bigint {
  if (ms === -1n) return 0n;
  return ms > 0n ? ms : 1n;
}

function readVersion(source: ByteSource): void {
  const head = source.left < HEADER_BYTES ? Buffer.alloc(0) : source.take(HEADER_BYTES);
  const digits = head.toString('latin1', MAGIC.length);
  if (!isRdb(head) || !/^\d{4}$/.test(digits)) source.fail('this is no RDB file of Redis', 0);
  const version = Number(digits);
  if (version < VERSION_MIN || version > VERSION_MAX)
    source.fail(`RDB version ${version} cannot be read; versions ${VERSION_MIN} to ${VERSION_MAX} (Redis 7.2) can`, 0);
}

function skipModuleValue(source: ByteSource, key: Buffer, skips: boolean, left: LeftBehind): void {
  const start = source.offset;
  const name = readModuleName(source);
  if (!skips)
    source.fail(`key ${shown(key)} holds a value of the module ${name}; --skip-modules leaves such keys out`, start);
  skipModuleData(source);
  left.moduleKeys++;
}
