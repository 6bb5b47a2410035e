// One shard's log file while it is being cut: the file that takes its place gets the name only if the disk has it.
import { describe, expect, it } from 'vitest';
import { LogFile } from '../../host/persistence/log-file.js';
import { StorageError, type StorageFile } from '../../host/storage/port.js';

/** A file whose syncs end when and as the test says. */
class SlowFile implements StorageFile {
  readonly ends: ((error?: StorageError) => void)[] = [];
  constructor(readonly name: string) {}
  size(): number {
    return 0;
  }
  read(): number {
    return 0;
  }
  write(): void {}
  truncate(): void {}
  sync(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.ends.push((error) => (error ? reject(error) : resolve()));
    });
  }
  close(): void {}
}

describe('a log that is being cut', () => {
  it('does not give its name to a file that could not be synced, though another sync of that file succeeds', async () => {
    const main = new SlowFile('log');
    const mirror = new SlowFile('copy');
    const log = new LogFile(main, 0, 0);
    log.attachMirror(mirror, 0);
    const cutter = mirror.sync();
    const synced = log.sync();
    mirror.ends[1](new StorageError('IO', 'the disk has lost it'));
    mirror.ends[0]();
    await cutter;
    // The log itself is not synced yet, so nobody has been told of the failure.
    expect(() => log.nameMirror()).toThrow('the disk has lost it');
    main.ends[0]();
    await synced;
    expect(log.dropMirror()).toBe(true);
  });
});
