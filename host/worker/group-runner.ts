// Executes what `cut` sorted: the frames of one shard, or those of several under all their latches. Frames of other
// shards than home are copied over together and their replies brought back together.
import * as abi from '../kernel/abi.js';
import { EVENTS_WAITING, type ShardKernel } from '../kernel/kernel.js';
import { takeOutput } from '../kernel/output.js';
import type { Connection } from './connection.js';
import type { Latches } from './latches.js';
import { SPINS } from './latches.js';
import type { Output, Releases } from './output.js';

/** How a run ended. One object serves all runs. */
export interface GroupsDone {
  /** STATUS_DONE, STATUS_FULL, STATUS_SLOW, or STATUS_BUSY: nothing was executed then. */
  status: number;
  /** The shard that was busy or stopped; else one that executed something. */
  shard: number;
  /** Commands executed. */
  commands: number;
  /** Of the last frame executed. */
  opcode: number;
  /** Error replies. */
  errors: number;
  /** Of the commands, those that did not run; the opcode of the first that did, 0: none; 0: all that ran were this one. */
  rejected: number;
  ran: number;
  mixed: number;
  /** After runOne: input bytes executed. After runAll: offset in home's input behind the last frame executed. */
  consumed: number;
}

/** Where a group's replies are while the others execute. */
interface GroupOutput {
  group: number;
  /** Offset in home's return area, or -1: they are in `bytes`, with `ends`. */
  offset: number;
  bytes: Buffer | undefined;
  ends: number[];
}

export class GroupRunner {
  readonly #home: ShardKernel;
  readonly #done: GroupsDone = {
    status: 0,
    shard: 0,
    commands: 0,
    opcode: 0,
    errors: 0,
    rejected: 0,
    ran: 0,
    mixed: 0,
    consumed: 0,
  };

  constructor(
    readonly shards: readonly ShardKernel[],
    readonly homeIndex: number,
    readonly latches: Latches,
    readonly output: Output<Connection>,
    readonly releases: Releases,
    /** Told of each call that wrote error replies. */
    readonly failed: (shard: ShardKernel) => void,
  ) {
    this.#home = shards[homeIndex];
  }

  #groupWord(group: number, field: number): number {
    return this.#home.words[((this.#home.window + abi.WINDOW_GROUPS) >> 2) + group * 4 + field] >>> 0;
  }

  /** Shards that the last `cut` found frames for, ascending. */
  involved(): number[] {
    const found: number[] = [];
    for (let group = 0; group < this.shards.length; group++) if (this.#groupWord(group, 2) !== 0) found.push(group);
    return found;
  }

  #busy(shard: number): GroupsDone {
    this.#done.status = abi.STATUS_BUSY;
    this.#done.shard = shard;
    return this.#done;
  }

  #nothing(): GroupsDone {
    const done = this.#done;
    done.status = abi.STATUS_FULL;
    done.shard = this.homeIndex;
    done.commands = 0;
    done.ran = 0;
    done.errors = 0;
    done.consumed = this.#offsetBehind(0, 1);
    return done;
  }

  /** The frames at [from, end) of home's input all belong to one group, whose shard's control block is stamped. */
  runOne(from: number, end: number): GroupsDone {
    const home = this.#home;
    const group = home.control(abi.CONTROL_GROUP);
    const { owner } = this.latches;
    let shard = home;
    let status: number;
    if (group === this.shards.length) {
      status = home.calls.exec(home.window, home.input + from, end - from, home.output, home.layout.outBytes);
    } else if (group === this.homeIndex) {
      status = home.run(from, end, owner, SPINS);
    } else {
      shard = this.shards[group];
      shard.bytes.set(home.bytes.subarray(home.input + from, home.input + end), shard.input);
      status = shard.run(0, end - from, owner, SPINS);
    }
    if (status === abi.STATUS_BUSY) return this.#busy(group);
    const held = group !== this.shards.length && shard.control(abi.CONTROL_HELD) !== 0;
    if (!held) this.latches.hadTurn(group);
    this.output.takeFrom(shard, this.releases);
    const done = this.#done;
    done.status = status;
    done.shard = shard === home ? this.homeIndex : group;
    done.commands = shard.control(abi.CONTROL_COMMANDS);
    done.opcode = shard.control(abi.CONTROL_OPCODE);
    done.rejected = shard.control(abi.CONTROL_REJECTED);
    done.ran = shard.control(abi.CONTROL_RAN);
    done.mixed = shard.control(abi.CONTROL_MIXED);
    done.errors = shard.control(abi.CONTROL_ERRORS);
    if (done.errors !== 0) this.failed(shard);
    done.consumed = shard.control(abi.CONTROL_CONSUMED);
    if (held) this.latches.release(group);
    return done;
  }

  /** All groups of the last `cut`, under all their latches; the control blocks of their shards are stamped. */
  runAll(frames: number): GroupsDone {
    const involved = this.involved();
    const busy = this.latches.tryAll(involved);
    if (busy >= 0) return this.#busy(busy);
    if (frames > 1 && involved.some((group) => this.shards[group].header(EVENTS_WAITING) !== 0)) {
      // A client has come to wait since the cut was made. What it waits for is given to it between two frames.
      this.latches.releaseAll(involved);
      return this.#nothing();
    }
    try {
      return this.#execute(involved, frames);
    } finally {
      this.latches.releaseAll(involved);
    }
  }

  #execute(involved: readonly number[], frames: number): GroupsDone {
    const home = this.#home;
    const local = this.shards.length;
    const slowGroup = home.control(abi.CONTROL_SLOW_GROUP);
    const order = involved.filter((group) => group !== slowGroup);
    if (this.#groupWord(local, 2) !== 0) order.unshift(local);
    if (slowGroup !== abi.NO_GROUP) order.push(slowGroup);
    const outputs: GroupOutput[] = [];
    const opcodes = new Map<number, number>();
    let offset = 0;
    let inPlace = true;
    let status: number = abi.STATUS_DONE;
    const done = this.#done;
    done.errors = 0;
    done.rejected = 0;
    done.ran = 0;
    done.mixed = 0;
    let executed = 0;
    for (const group of order) {
      const shard = group === local ? home : this.shards[group];
      const room = home.layout.outBytes - offset;
      status = this.#executeGroup(shard, group, room, offset);
      const commands = shard.control(abi.CONTROL_COMMANDS);
      executed += commands;
      const errors = shard.control(abi.CONTROL_ERRORS);
      if (errors !== 0) this.failed(shard);
      done.errors += errors;
      done.rejected += shard.control(abi.CONTROL_REJECTED);
      const ran = shard.control(abi.CONTROL_RAN);
      if (done.ran === 0) done.ran = ran;
      if (ran !== 0) done.mixed |= shard.control(abi.CONTROL_MIXED) | (ran ^ done.ran);
      opcodes.set(group, shard.control(abi.CONTROL_OPCODE));
      const output = this.#keep(shard, group, commands, offset, room);
      outputs.push(output);
      if (output.offset < 0) inPlace = false;
      else offset = (offset + abi.ENDS_BYTES + shard.control(abi.CONTROL_OUT_BYTES) + 15) & ~15;
    }
    // Only the last group may stop early, and no frame behind its first one belongs to another: a prefix was executed.
    done.status = status;
    done.shard = status === abi.STATUS_DONE ? (involved[0] ?? this.homeIndex) : slowGroup;
    done.commands = executed;
    done.opcode = executed === 0 ? 0 : (opcodes.get(this.#groupOf(executed - 1)) ?? 0);
    done.consumed = this.#offsetBehind(executed, frames);
    if (inPlace) this.#mergeInPlace(outputs, executed);
    else this.#mergeHere(outputs, executed);
    return done;
  }

  #executeGroup(shard: ShardKernel, group: number, room: number, offset: number): number {
    const home = this.#home;
    const bytes = this.#groupWord(group, 1);
    const staged = home.staging + this.#groupWord(group, 0);
    const flags = shard.control(abi.CONTROL_FLAGS) | abi.CALL_ALL;
    shard.setControl(abi.CONTROL_FLAGS, flags);
    if (shard === home) {
      const fits = room > abi.ENDS_BYTES + 32768;
      const out = fits ? home.returns + offset : home.output;
      return home.calls.exec(home.window, staged, bytes, out, fits ? room - abi.ENDS_BYTES : home.layout.outBytes);
    }
    shard.bytes.set(home.bytes.subarray(staged, staged + bytes), shard.input);
    return shard.calls.exec(shard.window, shard.input, bytes, shard.output, shard.layout.outBytes);
  }

  /** Secures a group's replies before its shard's window, or home's, is used again. */
  #keep(shard: ShardKernel, group: number, commands: number, offset: number, room: number): GroupOutput {
    const home = this.#home;
    const bytes = shard.control(abi.CONTROL_OUT_BYTES);
    const fits = room > abi.ENDS_BYTES + 32768;
    const simple = shard.control(abi.CONTROL_PIECES) === 0;
    if (simple && shard === home && fits) return { group, offset, bytes: undefined, ends: [] };
    if (simple && shard !== home && bytes + abi.ENDS_BYTES <= room) {
      // Reply ends lie in front of the output, so that one copy takes both.
      const ends = commands * 4;
      home.bytes.set(shard.bytes.subarray(shard.output - ends, shard.output + bytes), home.returns + offset - ends);
      return { group, offset, bytes: undefined, ends: [] };
    }
    const out = shard === home && fits ? home.returns + offset : shard.output;
    return { group, offset: -1, bytes: this.#copyOf(shard, out), ends: endsOf(shard, out, commands) };
  }

  #copyOf(shard: ShardKernel, out: number): Buffer {
    if (shard.control(abi.CONTROL_PIECES) !== 0) return takeOutput(shard);
    return Buffer.from(shard.bytes.subarray(out, out + shard.control(abi.CONTROL_OUT_BYTES)));
  }

  #groupOf(frame: number): number {
    return this.#home.words[((this.#home.window + abi.WINDOW_FRAMES) >> 2) + frame * 4 + 2];
  }

  #offsetBehind(executed: number, frames: number): number {
    const { words, window } = this.#home;
    const row = (window + abi.WINDOW_FRAMES) >> 2;
    if (executed === 0) return words[row] >>> 0;
    if (executed < frames) return words[row + executed * 4] >>> 0;
    return (words[row + (frames - 1) * 4] >>> 0) + (words[row + (frames - 1) * 4 + 1] >>> 0);
  }

  #mergeInPlace(outputs: readonly GroupOutput[], executed: number): void {
    const home = this.#home;
    for (const { group, offset } of outputs) {
      home.words[((home.window + abi.WINDOW_GROUPS) >> 2) + group * 4 + 3] = offset;
    }
    const bytes = home.calls.merge(home.window, executed) >>> 0;
    this.output.append(home.bytes, home.output, bytes);
  }

  /** The same in TypeScript, when replies were too many or too long for the window. */
  #mergeHere(outputs: readonly GroupOutput[], executed: number): void {
    const home = this.#home;
    const byGroup = new Map<number, { bytes: Buffer; ends: number[]; next: number }>();
    for (const { group, offset, bytes, ends } of outputs) {
      if (bytes) byGroup.set(group, { bytes, ends, next: 0 });
      else {
        const out = home.returns + offset;
        const inPlace = this.#framesOf(group, executed);
        const its = endsOf(home, out, inPlace);
        const length = its.at(-1) ?? 0;
        byGroup.set(group, { bytes: Buffer.from(home.bytes.subarray(out, out + length)), ends: its, next: 0 });
      }
    }
    for (let i = 0; i < executed; i++) {
      const part = byGroup.get(this.#groupOf(i));
      if (!part) throw new Error('a frame was executed in a group that has no replies');
      const begin = part.next === 0 ? 0 : part.ends[part.next - 1];
      this.output.push(part.bytes.subarray(begin, part.ends[part.next++]));
    }
  }

  #framesOf(group: number, executed: number): number {
    let count = 0;
    for (let i = 0; i < executed; i++) if (this.#groupOf(i) === group) count++;
    return count;
  }
}

/** Where each reply of an output ends: stored downwards in front of it. */
function endsOf(shard: ShardKernel, out: number, commands: number): number[] {
  const ends: number[] = [];
  for (let i = 1; i <= commands; i++) ends.push(shard.words[(out >> 2) - i] >>> 0);
  return ends;
}
