// The whole kernel as the tests use it: the ABI, memory that fails on purpose, and blocks that are moved on request.
import { contextLoad } from '../commands/context';
import { LOOKUP_QUIET, lookup } from '../table/keyspace';
import { streamDefrag } from '../types/stream/value';

export * from '../index';
export { arenaFailIn, arenaFailLeft } from '../memory/fault';

/** Moves the blocks of the stream under a key that lie badly; answers how many were looked at, 0: no such key. */
export function moveStream(window: u32, ptr: u32, length: u32): u32 {
  contextLoad(window);
  const e = lookup(ptr, length, LOOKUP_QUIET);
  return e != 0 ? 0x40000000 - streamDefrag(e, 0x40000000) : 0;
}
