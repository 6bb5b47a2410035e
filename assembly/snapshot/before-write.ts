// What has to happen before an unsaved key changes or goes (snapshot/state.ts): it is saved first, or its value, if that
// is not small, is set aside whole until the walk comes to it. Nothing here can make the command fail whose change it is:
// it is the snapshot that fails, when there is no memory for it or it would keep more than it may.
//
// Who calls what:
//   beforeWrite   lookupWrite (table/keyspace.ts), for all commands that change what they find; and those that look up for
//                 reading and change all the same: setExpiry, stringWritable, hashPurge, commands on groups of streams
//   keyDrop       whoever has unlinked the entry of a key, or put another in its place
//   databaseLost  flushDatabase (table/flush.ts), when it cannot hand an unsaved database over to the walk
//   savesMuch     exec, before a command begins (commands/exec.ts)
// Saving moves the views of strings, listpacks, streams and trees: whoever calls these looks at values afterwards.
import { arenaAlloc, arenaFree } from '../memory/arena';
import { argLen, argPtr, argc, db, opcode } from '../commands/context';
import { FIRST_FAMILY_OPCODE } from '../commands/families';
import { movableCount, movableExtra, movableFirst, movableKeys } from '../commands/movable';
import { keyIndex, keyStepOf, lastKeyIndex, whereOf } from '../commands/routes';
import {
  OP_BITOP, OP_COPY, OP_DEL, OP_GETDEL, OP_GETSET, OP_MSET, OP_MSETNX, OP_PSETEX, OP_RENAME, OP_RENAMENX, OP_RESTORE, OP_SDIFFSTORE, OP_SET, OP_SETEX,
  OP_SETNX, OP_SINTERSTORE, OP_SORT, OP_SUNIONSTORE, OP_UNLINK, OP_ZDIFFSTORE, OP_ZINTERSTORE, OP_ZRANGESTORE, OP_ZUNIONSTORE, WHERE_CONTAINER,
} from '../commands/table.generated';
import { header } from '../memory/layout';
import { ENC_BLOB, ENTRY_GUEST, entryEncoding, entryFlags } from '../table/entry';
import { entryDrop } from '../table/keyspace';
import { find, root } from '../table/table';
import { valueWeight } from '../types/value';
import { encodeClose, encodeEntry, encodeOpen, encodeSlice } from './encode';
import { SINK_FULL, SINK_NO_MEMORY, sinkBytes, sinkFail, sinkFailed } from './sink';
import { KEPT_NODE_BYTES, PHASE_CLEARING, PHASE_SAVING, boundNow, markSaved, rootOrigin, saving, snapshot, unsaved } from './state';

/** A value of more than about so many bytes is encoded in slices, or by whoever may take that long. */
export const LARGE_BYTES: u64 = 65536;
/** Values that are dropped are set aside from so many bytes on: what is smaller is written sooner than remembered. */
const KEEP_BYTES_MIN: u64 = 2048;
const ALL: u32 = 0x40000000;

/** About the bytes of a value that lies outside of its entry; 0 of one inside. */
@inline function weight(e: u32): u64 { return entryEncoding(e) < ENC_BLOB ? 0 : valueWeight(e); }
/** Does encoding it take so long that it is done in slices? */
export function isLarge(e: u32): bool { return weight(e) > LARGE_BYTES; }
/** An unsaved value that is large: whoever need not touch it now leaves it alone. */
@inline export function largeUnsaved(e: u32): bool { return unsaved(e) && saving() && isLarge(e); }

/** Saves the entry of a key of the database in hand, if it is not saved, before it is changed. */
@inline export function beforeWrite(e: u32): void { if (unsaved(e)) saveFirst(e); }

function saveFirst(e: u32): void {
  if (entryFlags(e) & ENTRY_GUEST) return;
  if (saving()) {
    if (encodeOpen() == e) {
      while (encodeSlice(ALL) != 0) {}
      closed(e);
      return;
    }
    save(e, rootOrigin(root(db)));
    return;
  }
  markSaved(e);
}

/** Writes an unsaved entry in one go. */
export function save(e: u32, origin: u32): void {
  if (encodeEntry(e, origin)) snapshot().keys++;
  else giveUp();
  markSaved(e);
}

/** The open entry, `e`, has been closed: it is saved, or the snapshot has failed; either way it is done with. */
export function closed(e: u32): void {
  const s = snapshot();
  if (sinkFailed() == 0) s.keys++;
  if (s.openKept != 0) {
    s.openKept = 0;
    s.keptBytes -= min(weight(e), s.keptBytes);
    entryDrop(e);
  } else markSaved(e);
  if (sinkFailed() != 0) giveUp();
}

/** Drops the entry of a key of the database in hand that is in no table any more. An unsaved value is saved first, or kept. */
export function keyDrop(e: u32): void {
  if (unsaved(e) && saving() && (entryFlags(e) & ENTRY_GUEST) == 0) {
    if (encodeOpen() == e) {
      snapshot().openKept = 1;
      keepBytes(weight(e));
      return;
    }
    if (keep(e)) return;
    save(e, rootOrigin(root(db)));
  }
  entryDrop(e);
}

/** Sets an entry aside for the walk. False: it is small, or there is no memory. */
function keep(e: u32): bool {
  const bytes = weight(e);
  if (bytes < KEEP_BYTES_MIN) return false;
  const node = arenaAlloc(KEPT_NODE_BYTES);
  if (node == 0) return false;
  const s = snapshot();
  store<u32>(node, s.kept);
  store<u32>(node, e, 4);
  store<u32>(node, rootOrigin(root(db)), 8);
  s.kept = node;
  keepBytes(bytes);
  return true;
}

function keepBytes(bytes: u64): void {
  const s = snapshot();
  s.keptBytes += bytes;
  if (s.keptBytes + sinkBytes() <= boundNow()) return;
  sinkFail(SINK_FULL);
  giveUp();
}

/** Takes the first kept value off its list: the entry, with its origin in keptOrigin; 0: there is none. */
export let keptOrigin: u32 = 0;
export function takeKept(): u32 {
  const s = snapshot();
  const node = s.kept;
  if (node == 0) return 0;
  const e = load<u32>(node, 4);
  keptOrigin = load<u32>(node, 8);
  s.kept = load<u32>(node);
  arenaFree(node);
  return e;
}

/** Nothing more is saved: what was kept is dropped, and the walk only clears up. What the sink holds stays there. */
export function giveUp(): void {
  const s = snapshot();
  if (s.phase != PHASE_SAVING) return;
  s.phase = PHASE_CLEARING;
  const open = encodeOpen();
  if (open != 0) {
    encodeClose();
    if (s.openKept != 0) entryDrop(open);
    s.openKept = 0;
  }
  for (let e = takeKept(); e != 0; e = takeKept()) entryDrop(e);
  s.keptBytes = 0;
  // Nobody looks into flushed databases any more: their parities may stay as they are.
  while (s.detached != 0) detachedToGarbage();
}

/** The first flushed database on the snapshot's list is garbage from now on, from its beginning. */
export function detachedToGarbage(): void {
  const s = snapshot();
  const h = header();
  const node = s.detached;
  s.detached = load<u32>(node);
  store<u32>(node, h.garbageHead);
  store<u32>(node, 0, 12);
  store<u32>(node, 0, 16);
  h.garbageHead = node;
}

/** A database goes that the walk has not been through, and there is no memory to remember it by. */
export function databaseLost(): void {
  sinkFail(SINK_NO_MEMORY);
  giveUp();
}

/** Does the command in hand change nothing of what its keys hold, but at most replaces or removes it? */
function onlyReplaces(): bool {
  switch (opcode) {
    case OP_SET: case OP_SETNX: case OP_SETEX: case OP_PSETEX: case OP_GETSET: case OP_GETDEL: case OP_MSET: case OP_MSETNX: case OP_BITOP:
    case OP_DEL: case OP_UNLINK: case OP_COPY: case OP_SORT: case OP_RESTORE: case OP_SINTERSTORE: case OP_SUNIONSTORE: case OP_SDIFFSTORE:
    case OP_ZRANGESTORE: case OP_ZUNIONSTORE: case OP_ZINTERSTORE: case OP_ZDIFFSTORE: return true;
    default: return false;
  }
}

/** May the write in hand have to save so much first that it takes long? Asked while `saving`. */
export function savesMuch(flags: u32): bool {
  if (onlyReplaces()) return false;
  let sum: u64 = 0;
  if (opcode >= FIRST_FAMILY_OPCODE && movableKeys()) {
    if (movableExtra != 0) sum += unsavedBytes(movableExtra);
    for (let i: u32 = 0; i < movableCount && sum <= LARGE_BYTES; i++) sum += unsavedBytes(movableFirst + i);
    return sum > LARGE_BYTES;
  }
  const first = keyIndex(flags);
  if (first == 0) return false;
  if (whereOf(flags) == WHERE_CONTAINER) return unsavedBytes(first) > LARGE_BYTES;
  // What a key is renamed to is only replaced.
  const last = opcode == OP_RENAME || opcode == OP_RENAMENX ? first : lastKeyIndex(flags);
  for (let i = first; i <= last && i < argc && sum <= LARGE_BYTES; i += keyStepOf(flags)) sum += unsavedBytes(i);
  return sum > LARGE_BYTES;
}

function unsavedBytes(i: u32): u64 {
  const e = i < argc ? find(root(db), argPtr(i), argLen(i)) : 0;
  return e != 0 && unsaved(e) ? weight(e) : 0;
}
