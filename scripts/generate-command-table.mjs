// Writes what is generated from the command table of host/commands:
//   assembly/commands/table.generated.ts   opcodes and the kernel's lookup table
//   docs/commands.md                       the page about commands
// Runs before any TypeScript is compiled: it transpiles host/commands file by file and imports the result.
//   node scripts/generate-command-table.mjs           write both
//   node scripts/generate-command-table.mjs --check   write nothing, fail if either is out of date
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import typescript from 'typescript';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const KERNEL_TABLE = 'assembly/commands/table.generated.ts';
const DOCS_PAGE = 'docs/commands.md';

// The upper eight bits of a name's hash choose its bucket once a byte is XORed to them, which the next GROUP_BITS bits
// choose. Without that byte, collision-free constants would be hopeless to find beyond a hundred names; with it 240 of
// the 256 buckets fill easily.
const BUCKETS = 256;
const GROUP_BITS = 6;
const NAME_BYTES_MAX = 24;
const ATTEMPTS_MAX = 10_000;

async function loadTable() {
  const build = join(ROOT, 'build');
  mkdirSync(build, { recursive: true });
  const directory = mkdtempSync(join(build, 'command-table-'));
  try {
    writeFileSync(join(directory, 'package.json'), '{ "type": "module" }\n');
    for (const file of readdirSync(join(ROOT, 'host/commands'))) {
      if (!file.endsWith('.ts')) continue;
      const { outputText } = typescript.transpileModule(readFileSync(join(ROOT, 'host/commands', file), 'utf8'), {
        compilerOptions: { target: 'ES2022', module: 'ESNext', verbatimModuleSyntax: true },
        fileName: file,
      });
      writeFileSync(join(directory, file.replace(/\.ts$/, '.js')), outputText);
    }
    return await import(pathToFileURL(join(directory, 'index.js')).href);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** The upper-cased name as three little-endian words, padded with zero bytes. */
function wordsOf(name) {
  if (name.length === 0 || name.length > NAME_BYTES_MAX || !/^[a-z0-9_-]+$/.test(name)) {
    throw new Error(`${name}: the kernel's table holds names of 1 to ${NAME_BYTES_MAX} plain characters`);
  }
  const bytes = Buffer.alloc(NAME_BYTES_MAX);
  bytes.write(name.toUpperCase(), 'latin1');
  return [0, 8, 16].map((offset) => bytes.readBigUInt64LE(offset));
}

/** A fixed sequence of odd 64-bit numbers, so that every run finds the same constants. */
function* oddNumbers() {
  for (let state = 0x9e3779b97f4a7c15n; ; state += 0x9e3779b97f4a7c15n) {
    let x = BigInt.asUintN(64, state);
    x = BigInt.asUintN(64, (x ^ (x >> 30n)) * 0xbf58476d1ce4e5b9n);
    x = BigInt.asUintN(64, (x ^ (x >> 27n)) * 0x94d049bb133111ebn);
    yield (x ^ (x >> 31n)) | 1n;
  }
}

/**
 * Gives every group, the fullest first, the smallest byte that sends its members to free buckets.
 * @returns The byte of each group and the bucket of each command, or undefined if some group fits nowhere.
 */
function placeAll(hashes) {
  const groups = Array.from({ length: 1 << GROUP_BITS }, (_, index) => ({ index, members: [] }));
  for (const [member, hash] of hashes.entries()) {
    groups[Number((hash >> BigInt(56 - GROUP_BITS)) & BigInt((1 << GROUP_BITS) - 1))].members.push(member);
  }
  groups.sort((a, b) => b.members.length - a.members.length || a.index - b.index);
  const displacements = new Array(1 << GROUP_BITS).fill(0);
  const bucketOf = new Array(hashes.length);
  const taken = new Array(BUCKETS).fill(false);
  for (const { index, members } of groups) {
    const upper = members.map((member) => Number(hashes[member] >> 56n));
    if (new Set(upper).size < upper.length) return undefined;
    let displacement = 0;
    while (displacement < BUCKETS && upper.some((bits) => taken[bits ^ displacement])) displacement++;
    if (displacement === BUCKETS) return undefined;
    displacements[index] = displacement;
    for (const [i, member] of members.entries()) {
      bucketOf[member] = upper[i] ^ displacement;
      taken[bucketOf[member]] = true;
    }
  }
  return { displacements, bucketOf };
}

/** Constants of the hash, and the bucket of each command under them. */
function searchHash(words) {
  const numbers = oddNumbers();
  const next = () => numbers.next().value;
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    const [k1, k2, multiplier] = [next(), next(), next()];
    const placed = placeAll(
      words.map(([w0, w1, w2]) =>
        BigInt.asUintN(64, (w0 ^ BigInt.asUintN(64, w1 * k1) ^ BigInt.asUintN(64, w2 * k2)) * multiplier),
      ),
    );
    if (placed) return { k1, k2, multiplier, ...placed };
  }
  throw new Error(`no collision-free table of ${words.length} commands found: more groups or buckets are needed`);
}

const FLAG_BITS = { write: 1, readonly: 2, denyoom: 4, fast: 8 };

/** The u32 of flags, drawn in the header of the generated file. */
function flagsOf(command, wheres) {
  const { firstKey, lastKey, keyStep } = command;
  if (firstKey > 15 || keyStep > 15 || lastKey > 127 || lastKey < -128) throw new Error(`${command.name}: key range`);
  let flags = 0;
  for (const [flag, bit] of Object.entries(FLAG_BITS)) if (command.flags.includes(flag)) flags |= bit;
  // A container may write if one of its subcommands does.
  if (command.subcommands.some((sub) => sub.flags.includes('write'))) flags |= FLAG_BITS.write;
  flags |= (wheres.indexOf(command.where) << 4) | (firstKey << 8) | (command.maybeSlow ? 1 << 12 : 0);
  return (flags | ((lastKey & 0xff) << 16) | (keyStep << 24)) >>> 0;
}

const hex = (value, digits) => `0x${value.toString(16).padStart(digits, '0')}`;
const opName = (name) => `OP_${name.toUpperCase().replaceAll('-', '_')}`;

function kernelTable({ COMMANDS, WHERES }) {
  const words = COMMANDS.map(({ name }) => wordsOf(name));
  const { k1, k2, multiplier, displacements, bucketOf } = searchHash(words);
  const buckets = new Array(BUCKETS).fill('  0, 0, 0, 0xffff,');
  for (const [i, command] of COMMANDS.entries()) {
    const meta =
      (BigInt(flagsOf(command, WHERES)) << 32n) |
      (BigInt((command.laterArity ?? command.arity) & 0xffff) << 16n) |
      BigInt(command.opcode);
    const values = [...words[i], meta].map((word) => (word === 0n ? '0' : hex(word, 16)));
    buckets[bucketOf[i]] = `  ${values.join(', ')}, // ${command.name.toUpperCase()}`;
  }
  const rows = [];
  for (let i = 0; i < displacements.length; i += 16) rows.push(`  ${displacements.slice(i, i + 16).join(', ')},`);
  return `// Generated by scripts/generate-command-table.mjs from host/commands. Do not edit.
//
// The kernel's view of the command table: a number for every command, and a lookup by name that needs one probe.
//
// Bucket, 32 bytes, ${BUCKETS} of them:
//   offset size field
//        0   24 name      upper case, zero padded, compared as three u64 words w0, w1, w2
//       24    2 opcode    u16  OP_*; 0xffff marks an empty bucket, whose name is all zero bytes
//       26    2 arity     i16  arguments, the name included; -n means n or more
//       28    4 flags     u32  below
//
// Flags:
//   bit      0 write  1 readonly  2 denyoom  3 fast
//   bits  4.. 7 where     ${WHERES.map((where, index) => `${index} ${where}`).join(', ')}
//   bits  8..11 firstKey  position of the first key, 0 without keys
//   bit     12 maybeSlow  may loop over data without a bound: estimate the cost before beginning
//   bits 16..23 lastKey   signed; negative counts from the end of the command
//   bits 24..27 keyStep
// The keys of a container's subcommands are not in its bucket.
//
// A name's bucket: h = (w0 ^ w1 * K1 ^ w2 * K2) * MULTIPLIER, all mod 2^64; the upper eight bits of h, XORed with the
// displacement that the next ${GROUP_BITS} bits select. The constants are such that no two commands share a bucket.

${[...COMMANDS]
  .sort((a, b) => a.opcode - b.opcode)
  .map(({ name, opcode }) => `export const ${opName(name)}: u32 = ${opcode};`)
  .join('\n')}

export const COMMAND_COUNT: u32 = ${COMMANDS.length};
export const COMMAND_BUCKETS: u32 = ${BUCKETS};
export const COMMAND_BUCKET_BYTES: u32 = 32;
/** Bytes of the longest name that a bucket can hold; also what writeCommandNameLower writes at most. */
export const COMMAND_NAME_BYTES_MAX: u32 = ${NAME_BYTES_MAX};
export const OPCODE_NONE: u32 = 0xffff;

export const FLAG_WRITE: u32 = ${FLAG_BITS.write};
export const FLAG_READONLY: u32 = ${FLAG_BITS.readonly};
export const FLAG_DENYOOM: u32 = ${FLAG_BITS.denyoom};
export const FLAG_FAST: u32 = ${FLAG_BITS.fast};
export const FLAG_MAYBE_SLOW: u32 = ${1 << 12};

${WHERES.map((where, index) => `export const WHERE_${where.toUpperCase()}: u32 = ${index};`).join('\n')}

const K1: u64 = ${hex(k1, 16)};
const K2: u64 = ${hex(k2, 16)};
const MULTIPLIER: u64 = ${hex(multiplier, 16)};

const DISPLACEMENTS = memory.data<u8>([
${rows.join('\n')}
]);

const BUCKETS = memory.data<u64>([
${buckets.join('\n')}
], 16);

/** Upper-cases the ASCII letters among eight bytes at once. */
@inline function upper(word: u64): u64 {
  const low7 = word & 0x7f7f7f7f7f7f7f7f;
  // Bit 7 of each byte: set in the first sum from 'a' on, in the second above 'z'. Neither sum carries over.
  const fromA = low7 + 0x1f1f1f1f1f1f1f1f;
  const aboveZ = low7 + 0x0505050505050505;
  const isLower = (fromA ^ aboveZ) & ~word & 0x8080808080808080;
  return word ^ (isLower >> 2);
}

/** Address of the bucket that a name with this hash has to be in. */
@inline function bucketOf(hash: u64): u32 {
  const displacement = <u32>load<u8>(DISPLACEMENTS + (<usize>(hash >> ${56 - GROUP_BITS}) & ${(1 << GROUP_BITS) - 1}));
  return <u32>BUCKETS + ((<u32>(hash >> 56) ^ displacement) << 5);
}

/**
 * Finds a command by its name in any letter case.
 * @param ptr The name. Eight bytes behind its end must be readable; what they hold does not matter.
 * @param len Its length in bytes, any number.
 * @returns   Address of the command's bucket, 0 if there is no such command. Subcommands are not found.
 */
export function lookupCommand(ptr: u32, len: u32): u32 {
  if (len - 1 >= COMMAND_NAME_BYTES_MAX) return 0;
  // Every bucket pads with zero bytes, so a name that ends in one would look like a shorter name.
  if (load<u8>(ptr + len - 1) == 0) return 0;
  // Selects the bytes of the name's last word that belong to it: the upper -len mod 8 do not.
  const mask = <u64>-1 >> (<u64>((0 - len) & 7) << 3);
  let w0 = load<u64>(ptr);
  if (len <= 8) {
    // Nearly every command that matters for speed. A bucket whose first word agrees can only be longer than the name
    // if that word is full, which its second word tells.
    w0 = upper(w0 & mask);
    const bucket = bucketOf(w0 * MULTIPLIER);
    return ((w0 ^ load<u64>(bucket)) | load<u64>(bucket, 8)) == 0 ? bucket : 0;
  }
  w0 = upper(w0);
  let w1 = load<u64>(ptr, 8);
  let w2: u64 = 0;
  if (len <= 16) {
    w1 = upper(w1 & mask);
  } else {
    w1 = upper(w1);
    w2 = upper(load<u64>(ptr, 16) & mask);
  }
  const bucket = bucketOf((w0 ^ (w1 * K1) ^ (w2 * K2)) * MULTIPLIER);
  const differs = (w0 ^ load<u64>(bucket)) | (w1 ^ load<u64>(bucket, 8)) | (w2 ^ load<u64>(bucket, 16));
  return differs == 0 ? bucket : 0;
}

/** The command's OP_* number. */
@inline export function commandOpcode(bucket: u32): u32 { return load<u16>(bucket, 24); }
/** Number of arguments, the name included; -n means n or more. */
@inline export function commandArity(bucket: u32): i32 { return load<i16>(bucket, 26); }
/** The flags drawn above. */
@inline export function commandFlags(bucket: u32): u32 { return load<u32>(bucket, 28); }

/**
 * Writes the command's name in lower case, as error texts have it.
 * @param out Room for COMMAND_NAME_BYTES_MAX bytes; only as many are written as the name has.
 * @returns   Length of the name in bytes.
 */
export function writeCommandNameLower(bucket: u32, out: u32): u32 {
  let len: u32 = 0;
  for (; len < COMMAND_NAME_BYTES_MAX; len++) {
    const byte = <u32>load<u8>(bucket + len);
    if (byte == 0) break;
    store<u8>(out + len, byte - 0x41 < 26 ? byte | 0x20 : byte);
  }
  return len;
}
`;
}

const WHERE_TEXTS = {
  shard: 'the shard of its key',
  split: 'the shards of its keys, in parts',
  guest: 'one shard, with copies of foreign values',
  move: 'the shards of its keys, a value moving over',
  all: 'every shard',
  host: 'the host',
  container: 'see its subcommands',
};

function docsPage({ COMMANDS }) {
  const cell = (text) => text.replaceAll('|', '\\|');
  const row = (command) =>
    `| ${[
      `\`${cell(command.fullName.toUpperCase().replace('|', ' '))}\``,
      command.arity,
      command.since,
      WHERE_TEXTS[command.where],
      cell(command.logged ?? ''),
      cell(command.knownDifferences ?? ''),
    ].join(' | ')} |`;
  const groups = [...new Set(COMMANDS.map(({ group }) => group))];
  const sections = groups.map((group) => {
    const rows = COMMANDS.filter((command) => command.group === group).flatMap((command) => [
      row(command),
      ...command.subcommands.map(row),
    ]);
    return `## ${group[0].toUpperCase()}${group.slice(1)}

| Command | Arity | Since | Runs in | Logged as | Differs from redis-server 7.0 |
|---|---|---|---|---|---|
${rows.join('\n')}
`;
  });
  return `<!-- Generated by scripts/generate-command-table.mjs from host/commands. Do not edit. -->
# Commands

${COMMANDS.length} commands. *Arity* counts the arguments with the command's own name (and its container's); a negative number is
a minimum. *Since* is the version of Redis that brought the command. *Logged as* is the effect that the log gets;
where it is empty the command writes nothing. Expired keys that a command comes across are logged as \`DEL\` besides.

${sections.join('\n')}`;
}

const table = await loadTable();
const outputs = { [KERNEL_TABLE]: kernelTable(table), [DOCS_PAGE]: docsPage(table) };
for (const [file, text] of Object.entries(outputs)) {
  const path = join(ROOT, file);
  let present;
  try {
    present = readFileSync(path, 'utf8');
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
  }
  // An unchanged file keeps its time, so that nothing is rebuilt for it.
  if (present === text) continue;
  if (process.argv.includes('--check')) {
    console.error(`${file} is out of date: run node scripts/generate-command-table.mjs`);
    process.exitCode = 1;
  } else {
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, text);
  }
}
