// Keeps a second process out of a directory. Whoever holds it listens on a local socket, so that the system itself says
// whether the holder lives: after SIGKILL a restart works at once, also where every process is pid 1.
//
//   latchkey.<16 hex digits>.sock   a process that holds the directory or wants to; the digits are drawn
//   latchkey.<16 hex digits>.new    the same before it listens: nobody looks at it
//   latchkey.lock                   who holds it, for people: pid, start time, boot id, path of the socket
//
// Sockets lie in the directory itself, or, where its path is too long for a socket's name or its file system has no
// sockets, in the system's directory for temporary files, under a name with a hash of the path.
//
// Who wins. Each first appears under its name, listening already, and only then looks who else is there. So of two that
// want the directory at least one sees the other, and nobody takes a live one for a dead one.
// - It sees somebody who holds the directory: it gives up.
// - It sees a smaller name that is starting: it disappears, waits what comes of that one, and begins anew if nothing does.
// - It sees only greater names that are starting: it waits what comes of each. One that saw it too has disappeared; one
//   that had looked before it appeared holds the directory now.
// - Else it holds the directory.
// Two cannot hold it: the later of the two to appear saw the other, and holds only after that one was gone. None waits for
// one that waits for it: with its name still there it waits only for greater ones, which do not wait that way for it.
//
// On Windows the socket is a named pipe with a name fixed by the path: the system gives it to one process at a time.
import { createHash, randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, uptime } from 'node:os';
import { basename, join } from 'node:path';
import { LatchkeyError } from '../errors.js';
import { ask, LockListener, type Neighbour } from './lock-socket.js';

export const LOCK_NAME = 'latchkey.lock';
/** The address of a local socket has room for 104 bytes on some systems, the last of them zero. */
const SOCKET_PATH_BYTES_MAX = 100;
/** A process that takes a connection and says nothing for so long is alive, and busy. */
const ANSWER_TIMEOUT_MS = 5000;
const ATTEMPTS_MAX = 20;
/** What file systems without sockets say to one. */
const NO_SOCKETS: ReadonlySet<string> = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'EINVAL']);

export interface Lock {
  /** Lets the next process in. */
  release(): void;
}

/**
 * Keeps every other process out of `directory` until the lock is released or this process ends, however it ends. This
 * thread must go on taking events; the lock alone keeps no process alive.
 * @param directory       Exists, and can be written to.
 * @param answerTimeoutMs How long a process that is there, and does not answer, is waited for before it counts as holder.
 * @throws LatchkeyError `DIRECTORY_IN_USE`; `DIRECTORY_UNUSABLE` (no socket or file can be made). Nothing is left behind.
 */
export async function acquireLock(directory: string, answerTimeoutMs = ANSWER_TIMEOUT_MS): Promise<Lock> {
  try {
    const real = realpathSync(directory);
    const take = process.platform === 'win32' ? takePipe : contend;
    return await take(directory, real, answerTimeoutMs);
  } catch (error) {
    if (error instanceof LatchkeyError) throw error;
    const { message } = error as Error;
    throw new LatchkeyError('DIRECTORY_UNUSABLE', `${directory}: the directory cannot be locked: ${message}`, {
      cause: error,
    });
  }
}

/**
 * Looks whether another process holds `directory`, and changes nothing: for those who only read, perhaps on a disk that
 * cannot be written to. It keeps nobody out, so it is to be called again when everything has been read.
 * @throws LatchkeyError `DIRECTORY_IN_USE`.
 */
export async function checkNotHeld(directory: string, answerTimeoutMs = ANSWER_TIMEOUT_MS): Promise<void> {
  const real = realpathSync(directory);
  const paths =
    process.platform === 'win32' ? [pipeOf(real)] : [...socketsAt(inside(real)), ...socketsAt(outside(real))];
  const recorded = recordedSocket(real);
  if (recorded !== undefined && !paths.includes(recorded)) paths.push(recorded);
  const asked = await Promise.all(paths.map((path) => ask(path, answerTimeoutMs)));
  const states = await Promise.all(asked.map(({ state, outcome }) => (state === 'starting' ? outcome : state)));
  const holder = asked[states.indexOf('holds')];
  if (holder) throw inUse(directory, real, holder.pid);
}

/** Where the sockets of a directory lie, and how their names begin. */
interface Place {
  readonly directory: string;
  readonly prefix: string;
}

const hashOf = (real: string): string => createHash('sha256').update(real).digest('hex').slice(0, 32);
const pipeOf = (real: string): string => `\\\\.\\pipe\\latchkey-${hashOf(real.toLowerCase())}`;
const inside = (real: string): Place => ({ directory: real, prefix: 'latchkey.' });
const outside = (real: string): Place => ({ directory: tmpdir(), prefix: `latchkey-${hashOf(real)}.` });

async function contend(directory: string, real: string, timeoutMs: number): Promise<Lock> {
  let place = inside(real);
  const longest = Buffer.byteLength(join(place.directory, `${place.prefix}0123456789abcdef.sock`));
  if (longest > SOCKET_PATH_BYTES_MAX) place = outside(real);
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    let contender: Contender | undefined;
    try {
      contender = await Contender.appear(place);
    } catch (error) {
      const isOutside = place.directory !== real;
      if (isOutside || !NO_SOCKETS.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
      place = outside(real);
    }
    if (!contender) continue;
    try {
      const result = await contender.contest(recordedSocket(real), timeoutMs);
      if (result === 'won') {
        const lock = held(real, contender.path, () => contender.disappear());
        contender.hold();
        return lock;
      }
      if (result !== 'again') throw inUse(directory, real, result.pid);
    } catch (error) {
      contender.disappear();
      throw error;
    }
  }
  throw inUse(directory, real, undefined);
}

/** Says who holds the directory now. @param disappear Ends that. */
function held(real: string, socketPath: string, disappear: () => void): Lock {
  const lock = join(real, LOCK_NAME);
  let isReleased = false;
  const release = (): void => {
    if (isReleased) return;
    isReleased = true;
    // The file goes first: as long as the socket is there nobody else writes one.
    tidy(lock);
    disappear();
  };
  try {
    writeFileSync(lock, describeHolder(socketPath));
  } catch (error) {
    release();
    throw error;
  }
  return { release };
}

/** 'again': this contender has disappeared, and the one it stood back for is gone. An object: who holds the directory. */
type ContestResult = 'won' | 'again' | { readonly pid: number | undefined };

/** One attempt to hold a directory. */
class Contender {
  private constructor(
    readonly place: Place,
    readonly name: string,
    readonly listener: LockListener,
  ) {}

  get path(): string {
    return join(this.place.directory, this.name);
  }

  /** Listens, then appears under its name. Undefined: somebody tidied up too eagerly, which says nothing. */
  static async appear(place: Place): Promise<Contender | undefined> {
    const stem = `${place.prefix}${randomBytes(8).toString('hex')}`;
    const [hidden, shown] = [join(place.directory, `${stem}.new`), join(place.directory, `${stem}.sock`)];
    let listener: LockListener | undefined;
    try {
      // Its name may go in the middle of this, before every user may connect to it.
      listener = await LockListener.at(hidden);
      renameSync(hidden, shown);
    } catch (error) {
      listener?.close();
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
    return new Contender(place, `${stem}.sock`, listener);
  }

  /** Looks who else is there. @param recorded One more path to look at. */
  async contest(recorded: string | undefined, timeoutMs: number): Promise<ContestResult> {
    const others = socketsAt(this.place).filter((path) => path !== this.path);
    if (recorded !== undefined && recorded !== this.path && !others.includes(recorded)) others.push(recorded);
    const asked = await Promise.all(others.map(async (path) => ({ path, ...(await ask(path, timeoutMs)) })));
    for (const { path, state } of asked) if (state === 'gone') tidy(path);
    const holder = asked.find(({ state }) => state === 'holds');
    if (holder) return { pid: holder.pid };
    const starting = asked.filter(({ state }) => state === 'starting');
    const smaller = starting.filter(({ path }) => path < this.path);
    if (smaller.length > 0) this.disappear();
    const winner = await firstHolder(smaller.length > 0 ? smaller : starting);
    if (winner) return { pid: winner.pid };
    return smaller.length > 0 ? 'again' : 'won';
  }

  hold(): void {
    this.listener.hold();
    // Left by processes that ended before they listened, and perhaps by one that is about to: it will try again.
    const { directory, prefix } = this.place;
    for (const name of readdirSync(directory)) if (isOfLock(name, prefix, '.new')) tidy(join(directory, name));
  }

  disappear(): void {
    tidy(this.path);
    this.listener.close();
  }
}

/** Paths of the sockets of all that hold the directory or want to. */
function socketsAt({ directory, prefix }: Place): string[] {
  return readdirSync(directory)
    .filter((name) => isOfLock(name, prefix, '.sock'))
    .map((name) => join(directory, name));
}

async function firstHolder(neighbours: readonly Neighbour[]): Promise<Neighbour | undefined> {
  const outcomes = await Promise.all(neighbours.map(({ outcome }) => outcome));
  return neighbours[outcomes.indexOf('holds')];
}

function isOfLock(name: string, prefix: string, end: string): boolean {
  return name.startsWith(prefix) && /^[0-9a-f]{16}$/.test(name.slice(prefix.length, -end.length)) && name.endsWith(end);
}

/** Removes a socket's name. It was drawn and comes back to nobody else, so what is removed is what was looked at. */
function tidy(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // Another user's, in a directory for all: it stays, and is asked in vain once more by the next process.
  }
}

async function takePipe(directory: string, real: string, timeoutMs: number): Promise<Lock> {
  const path = pipeOf(real);
  let listener: LockListener;
  try {
    listener = await LockListener.at(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EADDRINUSE' && code !== 'EACCES') throw error;
    throw inUse(directory, real, (await ask(path, timeoutMs)).pid);
  }
  const lock = held(real, path, () => listener.close());
  listener.hold();
  return lock;
}

function describeHolder(socketPath: string): string {
  const started = new Date(Date.now() - process.uptime() * 1000).toISOString();
  return `pid ${process.pid}\nstarted ${started}\nboot ${bootId()}\nsocket ${socketPath}\n`;
}

/** What differs between any two starts of the system: an id where there is one, else the time of the start. */
function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
  } catch {
    return new Date(Date.now() - uptime() * 1000).toISOString();
  }
}

function readLock(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/**
 * The socket of the last holder, if it lay outside of the directory: its processes may have different directories for
 * temporary files. A file that came with a copy of another directory names a socket of that one, and does not count.
 */
function recordedSocket(real: string): string | undefined {
  const path = /^socket (.+)$/m.exec(readLock(join(real, LOCK_NAME)))?.[1];
  return path !== undefined && isOfLock(basename(path), outside(real).prefix, '.sock') ? path : undefined;
}

function inUse(directory: string, real: string, pid: number | undefined): LatchkeyError {
  const known = pid ?? /^pid (\d+)$/m.exec(readLock(join(real, LOCK_NAME)))?.[1];
  const who = known === undefined ? 'another process' : `process ${known}`;
  return new LatchkeyError('DIRECTORY_IN_USE', `${directory}: in use by ${who}; stop it, or use another directory`);
}
