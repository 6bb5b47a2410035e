// CRC-64/Jones as Redis has it, for tests that make or mend payloads: bit by bit, independent of the kernel's tables.

const FIRST = Array.from({ length: 256 }, (_, byte) => {
  let crc = BigInt(byte);
  for (let bit = 0; bit < 8; bit++) crc = (crc >> 1n) ^ (crc & 1n ? 0x95ac9329ac4bc9b5n : 0n);
  return crc;
});

export function crc64(bytes: Uint8Array, from = 0n): bigint {
  let crc = from;
  for (const byte of bytes) crc = (crc >> 8n) ^ FIRST[Number((crc ^ BigInt(byte)) & 255n)];
  return crc;
}

/** A DUMP payload: type byte and body, the RDB version, and the checksum that makes the whole right. */
export function payloadOf(body: Uint8Array, version = 10): Buffer {
  const payload = Buffer.alloc(body.length + 10);
  payload.set(body);
  payload.writeUInt16LE(version, body.length);
  payload.writeBigUInt64LE(crc64(payload.subarray(0, body.length + 2)), body.length + 2);
  return payload;
}
