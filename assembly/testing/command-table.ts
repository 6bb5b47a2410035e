// Test module of the generated command table.
import {
  COMMAND_BUCKETS, COMMAND_COUNT, OP_GET, OP_SET, commandArity, commandFlags, commandOpcode, lookupCommand,
  writeCommandNameLower,
} from '../commands/table.generated';

export function count(): u32 { return COMMAND_COUNT; }
export function bucketCount(): u32 { return COMMAND_BUCKETS; }
export function opGet(): u32 { return OP_GET; }
export function opSet(): u32 { return OP_SET; }
export function lookup(ptr: u32, len: u32): u32 { return lookupCommand(ptr, len); }
export function opcode(bucket: u32): u32 { return commandOpcode(bucket); }
export function arity(bucket: u32): i32 { return commandArity(bucket); }
export function flags(bucket: u32): u32 { return commandFlags(bucket); }
export function writeNameLower(bucket: u32, out: u32): u32 { return writeCommandNameLower(bucket, out); }

/** Looks a name up `rounds` times and adds up the opcodes, so that no lookup can be optimised away. */
export function lookupRepeatedly(ptr: u32, len: u32, rounds: u32): u32 {
  let sum: u32 = 0;
  for (let i: u32 = 0; i < rounds; i++) {
    // The store keeps the lookup in the loop. It stays clear of the name, which is read again at once.
    store<u32>(ptr + 64, i);
    sum += commandOpcode(lookupCommand(ptr, len));
  }
  return sum;
}
