// XGROUP and XACK. Behaviour and texts: redis-server 7.0's t_stream.c.
import { argIsWord, integer, integerArg } from '../arguments';
import { argIs, argLen, argPtr, argc, changed, db, nowMs } from '../context';
import { NOTIFY_STREAM, keyEvent, keyModified, keyNew } from '../../events/events';
import { keyReady } from '../../events/interest';
import {
  EVENT_XGROUP_CREATE, EVENT_XGROUP_CREATECONSUMER, EVENT_XGROUP_DELCONSUMER, EVENT_XGROUP_DESTROY, EVENT_XGROUP_SETID,
} from '../../events/names';
import { logFrame } from '../../log/ring';
import { replyInt, replyOk } from '../../resp/encode';
import { replyError, replyErrorPair, replyErrorWith, replyOom, replyUnknownSubcommand } from '../../resp/errors';
import { ENC_STREAM, TYPE_STREAM, entryPointer } from '../../table/entry';
import { consumerAdd, consumerAt, consumerFind, consumerRemove, groupAdd, groupAt, groupFind, groupUnlink, pendingRemove } from '../../types/stream/group';
import { idMs, idSeq, idSet } from '../../types/stream/id';
import { READ_UNKNOWN, streamAt, streamNew } from '../../types/stream/stream';
import { groupDrop, streamDrop } from '../../types/stream/value';
import { WRONG, newContainer, typedChange, typedWrite } from '../typed';
import { logNewConsumer } from './effects';
import { anyIdArg, idArg } from './ids';

/** "-NOGROUP ..." about the key and the group in two arguments. */
export function replyNoGroup(key: u32, group: u32, after: string): void {
  replyErrorPair(
    "NOGROUP No such key '", argPtr(key), argLen(key), "' or consumer group '", argPtr(group), argLen(group), after,
  );
}
/** The same about a group of a key that is there. */
export function replyNoSuchGroup(key: u32, group: u32): void {
  replyErrorPair(
    "NOGROUP No such consumer group '", argPtr(group), argLen(group), "' for key name '", argPtr(key), argLen(key), "'",
  );
}

/**
 * The consumer of the name in an argument, seen just now; made if it is not there, which is logged (effects.ts has begun,
 * and made room) and told.
 * @param key The stream's argument.
 * @returns 0: no memory, nothing changed, nothing replied.
 */
export function consumerOf(group: u32, name: u32, key: u32): u32 {
  let consumer = consumerFind(group, argPtr(name), argLen(name));
  if (consumer != 0) {
    consumerAt(consumer).seenMs = nowMs;
    return consumer;
  }
  consumer = consumerAdd(group, argPtr(name), argLen(name), nowMs);
  if (consumer == 0) return 0;
  changed(1);
  logNewConsumer();
  keyEvent(NOTIFY_STREAM, EVENT_XGROUP_CREATECONSUMER, argPtr(key), argLen(key));
  return consumer;
}

/** "unknown subcommand or wrong number of arguments", as the containers themselves say it. */
export function replySubcommandSyntax(help: string): void {
  const length = min<u32>(argLen(1), 128);
  replyErrorWith("ERR unknown subcommand or wrong number of arguments for '", argPtr(1), printed(length), help, false);
}
function printed(length: u32): u32 {
  const p = argPtr(1);
  for (let i: u32 = 0; i < length; i++) if (load<u8>(p + i) == 0) return i;
  return length;
}
const XGROUP_HELP: string = "'. Try XGROUP HELP.";

const CREATE: u32 = 1;
const SETID: u32 = 2;
const DESTROY: u32 = 3;
const CREATECONSUMER: u32 = 4;
const DELCONSUMER: u32 = 5;

function subcommand(): u32 {
  if (argIsExactly('create')) return CREATE;
  if (argIsExactly('setid')) return SETID;
  if (argIsExactly('destroy')) return DESTROY;
  if (argIsExactly('createconsumer')) return CREATECONSUMER;
  if (argIsExactly('delconsumer')) return DELCONSUMER;
  return 0;
}
/** Is argument 1 this word in any case, a NUL being no end of it? */
export function argIsExactly(lower: string): bool { return argLen(1) == lower.length && argIsWord(1, lower); }

/** Does the number of arguments fit the subcommand's own arity? */
function fits(what: u32): bool {
  if (what == CREATE || what == SETID) return argc >= 5;
  return argc == (what == DESTROY ? <u32>4 : 5);
}

/** Options behind the ID of CREATE and SETID. */
let makeStream: bool = false;
let entriesRead: i64 = -1;

function options(what: u32): bool {
  makeStream = false;
  entriesRead = READ_UNKNOWN;
  for (let i: u32 = 5; i < argc; i++) {
    if (what == CREATE && argIsWord(i, 'mkstream')) makeStream = true;
    else if (i + 1 < argc && argIsWord(i, 'entriesread')) {
      if (!integerArg(i + 1)) return false;
      if (integer < 0 && integer != READ_UNKNOWN) { replyError('ERR value for ENTRIESREAD must be positive or -1'); return false; }
      entriesRead = integer;
      i++;
    } else { replySubcommandSyntax(XGROUP_HELP); return false; }
  }
  return true;
}

export function xgroup(): void {
  const what = subcommand();
  if (what == 0) {
    // "help", packed little-endian: it takes nothing else.
    if (argIs(1, 0x706c6568, 4)) replyErrorWith("ERR wrong number of arguments for 'xgroup|", argPtr(1), argLen(1), "' command", true);
    else replyUnknownSubcommand('XGROUP');
    return;
  }
  if (!fits(what)) {
    replyErrorWith("ERR wrong number of arguments for 'xgroup|", argPtr(1), argLen(1), "' command", true);
    return;
  }
  if ((what == CREATE || what == SETID) && !options(what)) return;
  if (what != CREATE) makeStream = false;
  const e = typedWrite(2, TYPE_STREAM);
  if (e == WRONG) return;
  if (e == 0 && !makeStream) {
    replyError(
      'ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use the MKSTREAM option to create an empty stream automatically.',
    );
    return;
  }
  const pointer = e != 0 ? entryPointer(e) : 0;
  const group = e != 0 ? groupFind(pointer, argPtr(3), argLen(3)) : 0;
  if (group == 0 && what != CREATE && what != DESTROY) { replyNoSuchGroup(2, 3); return; }
  switch (what) {
    case CREATE: create(e, pointer, group); break;
    case SETID: setPosition(pointer, group); break;
    case DESTROY: destroy(pointer, group); break;
    case CREATECONSUMER: createConsumer(group); break;
    default: deleteConsumer(group);
  }
}

function isDollar(i: u32): bool {
  return argLen(i) != 0 && load<u8>(argPtr(i)) == 0x24 && (argLen(i) == 1 || load<u8>(argPtr(i), 1) == 0);
}

/** Something has happened to a group of the stream in argument 2. */
function tell(event: u32): void { keyEvent(NOTIFY_STREAM, event, argPtr(2), argLen(2)); }

function create(e: u32, pointer: u32, group: u32): void {
  if (argc > 8) { replySubcommandSyntax(XGROUP_HELP); return; }
  if (isDollar(4)) idSet(e != 0 ? streamAt(pointer).lastMs : 0, e != 0 ? streamAt(pointer).lastSeq : 0);
  else if (!idArg(4)) return;
  if (group != 0) { replyError('BUSYGROUP Consumer Group name already exists'); return; }
  const ms = idMs;
  const seq = idSeq;
  if (e == 0) {
    pointer = streamNew();
    if (pointer == 0) { replyOom(); return; }
    // The same search as in a stream that is there: the group's place is the first.
    groupFind(pointer, argPtr(3), argLen(3));
  }
  if (groupAdd(pointer, argPtr(3), argLen(3), ms, seq, entriesRead) == 0) {
    if (e == 0) streamDrop(ENC_STREAM, pointer);
    replyOom();
    return;
  }
  if (e == 0 && newContainer(2, TYPE_STREAM, ENC_STREAM, pointer) == 0) {
    streamDrop(ENC_STREAM, pointer);
    replyOom();
    return;
  }
  changed(1);
  logFrame();
  if (e == 0) {
    keyNew(argPtr(2), argLen(2));
    keyModified(argPtr(2), argLen(2));
  }
  tell(EVENT_XGROUP_CREATE);
  replyOk();
}

function setPosition(pointer: u32, group: u32): void {
  if (argc != 5 && argc != 7) { replySubcommandSyntax(XGROUP_HELP); return; }
  if (isDollar(4)) idSet(streamAt(pointer).lastMs, streamAt(pointer).lastSeq);
  else if (!anyIdArg(4)) return;
  const g = groupAt(group);
  g.lastMs = idMs;
  g.lastSeq = idSeq;
  g.entriesRead = entriesRead;
  changed(1);
  logFrame();
  tell(EVENT_XGROUP_SETID);
  replyOk();
}

function destroy(pointer: u32, group: u32): void {
  if (group == 0) { replyInt(0); return; }
  groupUnlink(pointer);
  groupDrop(group);
  changed(1);
  logFrame();
  tell(EVENT_XGROUP_DESTROY);
  keyReady(db, argPtr(2), argLen(2));
  replyInt(1);
}

function createConsumer(group: u32): void {
  if (consumerFind(group, argPtr(4), argLen(4)) != 0) { replyInt(0); return; }
  if (consumerAdd(group, argPtr(4), argLen(4), nowMs) == 0) { replyOom(); return; }
  changed(1);
  logFrame();
  tell(EVENT_XGROUP_CREATECONSUMER);
  replyInt(1);
}

function deleteConsumer(group: u32): void {
  const consumer = consumerFind(group, argPtr(4), argLen(4));
  if (consumer == 0) { replyInt(0); return; }
  const pending = consumerAt(consumer).pendingCount;
  consumerRemove(group, consumer);
  changed(1);
  logFrame();
  tell(EVENT_XGROUP_DELCONSUMER);
  replyInt(pending);
}

export function xack(): void {
  const e = typedChange(1, TYPE_STREAM);
  if (e == WRONG) return;
  const group = e != 0 ? groupFind(entryPointer(e), argPtr(2), argLen(2)) : 0;
  if (group == 0) { replyInt(0); return; }
  for (let i: u32 = 3; i < argc; i++) if (!idArg(i)) return;
  let gone: u32 = 0;
  for (let i: u32 = 3; i < argc; i++) {
    idArg(i);
    if (pendingRemove(group, idMs, idSeq)) gone++;
  }
  if (gone != 0) {
    changed(gone);
    logFrame();
  }
  replyInt(gone);
}
