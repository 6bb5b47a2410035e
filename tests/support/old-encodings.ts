// The encodings that Redis no longer writes and still reads: ziplists and zipmaps, made here for payloads of tests.

export type Element = Buffer | number | bigint;

const u32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
};

function ziplistData(element: Element): Buffer {
  if (Buffer.isBuffer(element)) {
    const { length } = element;
    if (length < 64) return Buffer.concat([Buffer.from([length]), element]);
    if (length < 16384) return Buffer.concat([Buffer.from([0x40 | (length >> 8), length & 255]), element]);
    const head = Buffer.alloc(5, 0x80);
    head.writeUInt32BE(length, 1);
    return Buffer.concat([head, element]);
  }
  const value = BigInt(element);
  if (value >= 0n && value <= 12n) return Buffer.from([0xf1 + Number(value)]);
  const widths: [bytes: number, head: number][] = [
    [1, 0xfe],
    [2, 0xc0],
    [3, 0xf0],
    [4, 0xd0],
    [8, 0xe0],
  ];
  const [bytes, head] = widths.find(([width]) => BigInt.asIntN(width * 8, value) === value)!;
  const data = Buffer.alloc(8);
  data.writeBigInt64LE(value);
  return Buffer.concat([Buffer.from([head]), data.subarray(0, bytes)]);
}

export function ziplist(elements: readonly Element[]): Buffer {
  const parts: Buffer[] = [];
  let offset = 10;
  let tail = 10;
  let before = 0;
  for (const element of elements) {
    const size = before < 254 ? Buffer.from([before]) : Buffer.concat([Buffer.from([0xfe]), u32(before)]);
    const entry = Buffer.concat([size, ziplistData(element)]);
    parts.push(entry);
    tail = offset;
    before = entry.length;
    offset += entry.length;
  }
  const header = Buffer.alloc(10);
  header.writeUInt32LE(offset + 1, 0);
  header.writeUInt32LE(tail, 4);
  header.writeUInt16LE(Math.min(elements.length, 65535), 8);
  return Buffer.concat([header, ...parts, Buffer.from([0xff])]);
}

/** @param unused Bytes left free behind each value. */
export function zipmap(pairs: readonly (readonly [field: Buffer, value: Buffer])[], unused = 0): Buffer {
  const length = (bytes: Buffer) =>
    bytes.length < 254 ? Buffer.from([bytes.length]) : Buffer.concat([Buffer.from([0xfe]), u32(bytes.length)]);
  const parts = pairs.flatMap(([field, value]) => [
    ...[length(field), field, length(value), Buffer.from([unused]), value],
    Buffer.alloc(unused, 0xee),
  ]);
  return Buffer.concat([Buffer.from([Math.min(pairs.length, 254)]), ...parts, Buffer.from([0xff])]);
}

/** A length as RDB has it, and a string of those bytes with its length in front. */
export function rdbLength(value: number): Buffer {
  if (value < 64) return Buffer.from([value]);
  if (value < 16384) return Buffer.from([0x40 | (value >> 8), value & 255]);
  const bytes = Buffer.alloc(5, 0x80);
  bytes.writeUInt32BE(value, 1);
  return bytes;
}
export const rdbString = (bytes: Buffer): Buffer => Buffer.concat([rdbLength(bytes.length), bytes]);
