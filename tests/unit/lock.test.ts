// Goal: exactly one process has a directory at any time, and a process that is gone, however it went, keeps nobody out.
// Method: real processes, told what to do line by line, killed, stopped and started at once; and many contenders in one
// process, which meet at more points of each other's way.
import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, it, onTestFinished } from 'vitest';
import { acquireLock, checkNotHeld } from '../../host/persistence/lock.js';
import { childProgram } from '../support/child-program.js';
import { directoryForTest } from '../support/directories.js';
import { forbidWriting, ORDINARY_USER, smallDisk } from '../support/hostile-disks.js';

const program = childProgram('hold-lock');
const ROUNDS = 20;

/** A process that takes and releases the lock of a directory. */
class Starter {
  readonly #lines: AsyncIterator<string>;
  readonly exit: Promise<unknown>;

  private constructor(readonly child: ChildProcess) {
    this.#lines = createInterface(child.stdout!)[Symbol.asyncIterator]();
    this.exit = new Promise((resolve) => child.once('exit', (code, signal) => resolve(code ?? signal)));
  }
  static async start(directory: string, options: object = {}): Promise<Starter> {
    const child = spawn(process.execPath, [program(), directory], {
      stdio: ['pipe', 'pipe', 'inherit'],
      ...options,
    });
    const starter = new Starter(child);
    onTestFinished(async () => {
      child.kill('SIGKILL');
      await starter.exit;
    });
    expect(await starter.#line()).toBe('ready');
    return starter;
  }
  async #line(): Promise<string> {
    return (await this.#lines.next()).value;
  }
  tell(what: 'take' | 'release'): Promise<string> {
    this.child.stdin!.write(`${what}\n`);
    return this.#line();
  }
  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    expect(await this.exit).toBe('SIGKILL');
  }
  /** The one line that another process gets while this one has the directory. */
  refusal(directory: string): string {
    return `DIRECTORY_IN_USE ${directory}: in use by process ${this.child.pid}; stop it, or use another directory`;
  }
}

const ofLock = (directory: string): string[] => readdirSync(directory).filter((name) => name.startsWith('latchkey'));

describe('the lock of a directory', () => {
  it('keeps a second process out, by a line that names both, until it is released', async () => {
    const directory = directoryForTest();
    const [one, two] = await Promise.all([Starter.start(directory), Starter.start(directory)]);
    expect(await one.tell('take')).toBe('held');
    const [lock, socket] = [ofLock(directory).find((name) => name.endsWith('.lock'))!, ofLock(directory)];
    expect(socket).toHaveLength(2);
    expect(readFileSync(join(directory, lock), 'utf8')).toMatch(
      new RegExp(
        `^pid ${one.child.pid}\nstarted \\d{4}-\\S+Z\nboot \\S+\nsocket ${directory}/latchkey\\.\\w{16}\\.sock\n$`,
      ),
    );
    for (let i = 0; i < 3; i++) expect(await two.tell('take')).toBe(one.refusal(directory));
    expect(ofLock(directory).sort()).toEqual(socket.sort());
    expect(await one.tell('release')).toBe('released');
    expect(ofLock(directory)).toEqual([]);
    expect(await two.tell('take')).toBe('held');
    expect(await one.tell('take')).toBe(two.refusal(directory));
    expect(await two.tell('release')).toBe('released');
    expect(ofLock(directory)).toEqual([]);
  });

  it('is free again at once after SIGKILL, and what was left is tidied up', async () => {
    const directory = directoryForTest();
    for (let round = 0; round < 5; round++) {
      const one = await Starter.start(directory);
      expect(await one.tell('take')).toBe('held');
      await one.kill();
      expect(ofLock(directory)).toHaveLength(2);
    }
    const last = await Starter.start(directory);
    expect(await last.tell('take')).toBe('held');
    await last.tell('release');
    expect(ofLock(directory)).toEqual([]);
  });

  it('can be looked at by those who only read, who change nothing and are not led astray by a killed process', async () => {
    const directory = directoryForTest();
    await expect(checkNotHeld(directory)).resolves.toBeUndefined();
    const one = await Starter.start(directory);
    expect(await one.tell('take')).toBe('held');
    const before = ofLock(directory).sort();
    await expect(checkNotHeld(directory)).rejects.toThrow(one.refusal(directory).replace('DIRECTORY_IN_USE ', ''));
    await one.kill();
    await expect(checkNotHeld(directory)).resolves.toBeUndefined();
    expect(ofLock(directory).sort()).toEqual(before);
  });

  it('goes to exactly one of two that start at once, over what a killed process left', async () => {
    const directory = directoryForTest();
    const firstWon = new Set<boolean>();
    for (let round = 0; round < ROUNDS; round++) {
      const starters = await Promise.all([Starter.start(directory), Starter.start(directory)]);
      const answers = await Promise.all(starters.map((starter) => starter.tell('take')));
      const winner = starters[answers.indexOf('held')];
      expect(winner, answers.join('\n')).toBeDefined();
      const loser = answers.find((answer) => answer !== 'held');
      expect(loser).toBe(winner.refusal(directory));
      firstWon.add(answers[0] === 'held');
      await Promise.all(starters.map((starter) => starter.kill()));
    }
    console.log(`${ROUNDS} rounds of two starters, won by ${firstWon.size === 2 ? 'either' : 'always the same'}`);
  });

  it('goes to exactly one of many that meet in every way, round after round', async () => {
    const directory = directoryForTest();
    let lost = 0;
    for (let round = 0; round < 60; round++) {
      const count = 2 + (round % 5);
      const attempts = Array.from({ length: count }, async (_, i) => {
        for (let turn = 0; turn < (i * round) % 7; turn++) await new Promise(setImmediate);
        return acquireLock(directory);
      });
      const results = await Promise.allSettled(attempts);
      const won = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
      expect(won).toHaveLength(1);
      for (const result of results) {
        if (result.status === 'fulfilled') continue;
        lost++;
        expect(result.reason).toMatchObject({ code: 'DIRECTORY_IN_USE' });
      }
      won[0].release();
      expect(ofLock(directory)).toEqual([]);
    }
    expect(lost).toBeGreaterThan(60);
  });

  it('stays with a process that is stopped and cannot answer', async () => {
    const directory = directoryForTest();
    const one = await Starter.start(directory);
    expect(await one.tell('take')).toBe('held');
    one.child.kill('SIGSTOP');
    await expect(acquireLock(directory, 300)).rejects.toThrow(`in use by process ${one.child.pid};`);
    one.child.kill('SIGCONT');
    expect(await one.tell('release')).toBe('released');
    (await acquireLock(directory)).release();
  });

  it('is not given away by a file that names a living process, nor by names that look like its own', async () => {
    const directory = directoryForTest();
    const [file, socket] = [join(directory, 'latchkey.lock'), join(directory, 'latchkey.0123456789abcdef.sock')];
    writeFileSync(file, `pid ${process.pid}\nstarted now\nboot here\nsocket ${socket}\n`);
    writeFileSync(socket, '');
    writeFileSync(join(directory, 'latchkey.fedcba9876543210.new'), '');
    writeFileSync(join(directory, 'latchkey.conf'), 'kept');
    writeFileSync(join(directory, 'latchkey.mine.sock'), 'kept');
    const lock = await acquireLock(directory);
    expect(existsSync(socket)).toBe(false);
    lock.release();
    expect(ofLock(directory).sort()).toEqual(['latchkey.conf', 'latchkey.mine.sock']);
  });

  it('removes no file that its own file names elsewhere', async () => {
    const directory = directoryForTest();
    const other = join(directoryForTest(), 'precious');
    writeFileSync(other, 'kept');
    writeFileSync(join(directory, 'latchkey.lock'), `pid 1\nsocket ${other}\n`);
    (await acquireLock(directory)).release();
    expect(readFileSync(other, 'utf8')).toBe('kept');
  });

  it('does not go with a copy of the directory', async () => {
    const directory = directoryForTest();
    const lock = await acquireLock(directory);
    const copy = join(directoryForTest(), 'copy');
    mkdirSync(copy);
    cpSync(join(directory, 'latchkey.lock'), join(copy, 'latchkey.lock'));
    (await acquireLock(copy)).release();
    await expect(acquireLock(directory)).rejects.toMatchObject({ code: 'DIRECTORY_IN_USE' });
    lock.release();
  });

  it('is one for all paths that lead to the directory', async () => {
    const directory = directoryForTest();
    const lock = await acquireLock(directory);
    await expect(acquireLock(`${directory}/../${directory.split('/').at(-1)}/.`)).rejects.toThrow('in use');
    lock.release();
    lock.release();
    const next = await acquireLock(directory);
    // Releasing twice takes nothing from the next holder.
    lock.release();
    expect(ofLock(directory)).toHaveLength(2);
    next.release();
  });

  it('keeps no process alive', async () => {
    const directory = directoryForTest();
    const one = await Starter.start(directory);
    expect(await one.tell('take')).toBe('held');
    one.child.stdin!.end();
    expect(await one.exit).toBe(0);
    (await acquireLock(directory)).release();
  });

  it('can be asked for by every user who may write there', async () => {
    const directory = directoryForTest();
    const lock = await acquireLock(directory);
    const [socket] = ofLock(directory).filter((name) => name.endsWith('.sock'));
    expect(statSync(join(directory, socket)).mode & 0o777).toBe(0o777);
    lock.release();
  });
});

describe('the lock of a directory whose path is too long for a socket', () => {
  const longDirectory = (): string => {
    const path = join(directoryForTest(), 'x'.repeat(60), 'y'.repeat(60));
    mkdirSync(path, { recursive: true });
    return path;
  };

  it('keeps a second process out, is free after SIGKILL, and leaves nothing behind', async () => {
    const directory = longDirectory();
    const TMPDIR = directoryForTest();
    const options = { env: { ...process.env, TMPDIR } };
    const [one, two] = await Promise.all([Starter.start(directory, options), Starter.start(directory, options)]);
    expect(await one.tell('take')).toBe('held');
    expect(ofLock(directory)).toEqual(['latchkey.lock']);
    expect(ofLock(TMPDIR)).toHaveLength(1);
    expect(await two.tell('take')).toBe(one.refusal(directory));
    await one.kill();
    expect(await two.tell('take')).toBe('held');
    expect(ofLock(TMPDIR)).toHaveLength(1);
    await two.tell('release');
    expect([...ofLock(directory), ...ofLock(TMPDIR)]).toEqual([]);
  });

  it('keeps out a process that has another directory for temporary files', async () => {
    const directory = longDirectory();
    const [one, two] = await Promise.all(
      [directoryForTest(), directoryForTest()].map((TMPDIR) =>
        Starter.start(directory, { env: { ...process.env, TMPDIR } }),
      ),
    );
    expect(await one.tell('take')).toBe('held');
    expect(await two.tell('take')).toBe(one.refusal(directory));
    await one.kill();
    expect(await two.tell('take')).toBe('held');
  });
});

describe('a directory that cannot be locked', () => {
  it('is refused by a line that names it: it is missing, or may not be written to', async () => {
    const directory = directoryForTest();
    await expect(acquireLock(join(directory, 'missing'))).rejects.toMatchObject({
      code: 'DIRECTORY_UNUSABLE',
      message: expect.stringMatching(/missing: the directory cannot be locked: [^\n]*$/),
    });
    forbidWriting(directory);
    const one = await Starter.start(directory, ORDINARY_USER);
    expect(await one.tell('take')).toMatch(new RegExp(`^DIRECTORY_UNUSABLE ${directory}: .*EACCES`));
    expect(ofLock(directory)).toEqual([]);
  });

  it('is refused if its disk is full, and nothing is left behind', async () => {
    // Where nothing may be mounted, what stands for the file that cannot be written is a directory with its name.
    const disk = smallDisk(64 << 10);
    const directory = disk ?? directoryForTest();
    if (disk !== undefined) {
      expect(() => writeFileSync(join(disk, 'full'), new Uint8Array(128 << 10))).toThrow('ENOSPC');
    } else {
      mkdirSync(join(directory, 'latchkey.lock', 'not-empty'), { recursive: true });
    }
    await expect(acquireLock(directory)).rejects.toMatchObject({
      code: 'DIRECTORY_UNUSABLE',
      message: expect.stringContaining(`${directory}: the directory cannot be locked`),
    });
    expect(ofLock(directory)).toEqual(disk === undefined ? ['latchkey.lock'] : []);
  });
});

describe('whoever listens in the directory', () => {
  it('and is asked by many at once answers all of them', async () => {
    const directory = directoryForTest();
    for (let i = 0; i < 3; i++) {
      const lock = await acquireLock(directory);
      const refusals = await Promise.allSettled(Array.from({ length: 20 }, () => acquireLock(directory)));
      const codes = refusals.map((result) => result.status === 'rejected' && result.reason.code);
      expect(new Set(codes)).toEqual(new Set(['DIRECTORY_IN_USE']));
      lock.release();
    }
  });

  it('and says nothing holds it', async () => {
    const directory = directoryForTest();
    const server = createServer(() => {});
    await new Promise<void>((resolve) => server.listen(join(directory, 'latchkey.0123456789abcdef.sock'), resolve));
    await expect(acquireLock(directory, 300)).rejects.toThrow('in use by another process;');
    server.close();
    await new Promise((resolve) => setImmediate(resolve));
    (await acquireLock(directory)).release();
  });
});
