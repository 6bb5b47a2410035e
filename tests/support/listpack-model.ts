// Redis's listpack format, written down a second time: plain and slow, from elements to bytes.

/** The integer that a text stands for, if it is the one way to write it and fits 64 bits. */
function integerOf(text: Buffer): bigint | undefined {
  const characters = text.toString('latin1');
  if (!/^(0|-?[1-9][0-9]{0,18})$/.test(characters)) return undefined;
  const value = BigInt(characters);
  return BigInt.asIntN(64, value) === value ? value : undefined;
}

const fits = (value: bigint, bits: number) => BigInt.asIntN(bits, value) === value;

function little(value: bigint, bytes: number): number[] {
  return Array.from({ length: bytes }, (_, i) => Number((BigInt.asUintN(64, value) >> BigInt(8 * i)) & 255n));
}

function headAndData(text: Buffer): Buffer {
  const value = integerOf(text);
  if (value !== undefined) {
    if (value >= 0n && value < 128n) return Buffer.from([Number(value)]);
    const [low, high] = little(value, 2);
    if (fits(value, 13)) return Buffer.from([0xc0 | (high & 31), low]);
    if (fits(value, 16)) return Buffer.from([0xf1, ...little(value, 2)]);
    if (fits(value, 24)) return Buffer.from([0xf2, ...little(value, 3)]);
    if (fits(value, 32)) return Buffer.from([0xf3, ...little(value, 4)]);
    return Buffer.from([0xf4, ...little(value, 8)]);
  }
  const length = text.length;
  if (length < 64) return Buffer.concat([Buffer.from([0x80 | length]), text]);
  if (length < 4096) return Buffer.concat([Buffer.from([0xe0 | (length >> 8), length & 255]), text]);
  return Buffer.concat([Buffer.from([0xf0, ...little(BigInt(length), 4)]), text]);
}

/** The limits are those of Redis: 16383 takes three bytes already. */
export function backLength(size: number): Buffer {
  const bytes = size <= 127 ? 1 : size < 16383 ? 2 : size < 2097151 ? 3 : size < 268435455 ? 4 : 5;
  return Buffer.from(
    Array.from({ length: bytes }, (_, i) => ((size >> (7 * (bytes - 1 - i))) & 127) | (i === 0 ? 0 : 128)),
  );
}

export function listpackElement(text: Buffer): Buffer {
  const body = headAndData(text);
  return Buffer.concat([body, backLength(body.length)]);
}

/** The whole listpack. `count` overrides what the header says. */
export function listpack(elements: readonly Buffer[], count = Math.min(elements.length, 65535)): Buffer {
  const body = Buffer.concat(elements.map(listpackElement));
  const head = Buffer.alloc(6);
  head.writeUInt32LE(body.length + 7, 0);
  head.writeUInt16LE(count, 4);
  return Buffer.concat([head, body, Buffer.from([0xff])]);
}
