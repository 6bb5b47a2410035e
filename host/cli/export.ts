// latchkey export: writes data as a dump that redis-server 7 loads.

import { latchkeyVersion, REDIS_VERSION } from '../server/version.js';
import { exportItems } from '../transfer/export.js';
import { RdbWriter } from '../transfer/rdb-write.js';
import { NewFile } from './local-file.js';
import { badOption, readOptions } from './options.js';
import { progressLine } from './progress.js';
import { connectTo, parseAddress } from './redis-connection.js';
import { emptyStore } from './store.js';

export const EXPORT_USAGE = `Usage: latchkey export --from redis://[user[:password]@]host[:port][/database] --to dump.rdb
`;

export async function exportCommand(argv: readonly string[]): Promise<void> {
  if (argv.includes('--help') || argv.includes('-h')) {
    process.stdout.write(EXPORT_USAGE);
    return;
  }
  const options = readOptions(argv, { from: 'text', to: 'text' });
  if (options.from === undefined) throw badOption('export needs --from: the address of a server');
  if (options.to === undefined) throw badOption('export needs --to: the file to be written');
  const startedMs = performance.now();
  const address = parseAddress(options.from);
  const peer = await connectTo(address, 'BAD_SOURCE');
  const { progress, clear } = progressLine('exporting');
  try {
    const file = new NewFile(options.to);
    try {
      const writer = new RdbWriter(file, facts());
      const spare = emptyStore({ shards: 1, routing: 'kevyhash', databases: 1 });
      const exported = await exportItems({ kind: 'server', peer, db: address.db }, writer, spare, progress);
      file.commit();
      clear();
      const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
      process.stdout.write(
        `exported ${exported.keys} keys from ${peer.where} to ${options.to}: ${writer.bytes} bytes in ${seconds} s\n`,
      );
      if (exported.withoutDeadlines > 0)
        process.stdout.write(
          `${exported.withoutDeadlines} hashes without the deadlines of their fields, which Redis 7.0 has not\n`,
        );
    } catch (error) {
      file.abandon();
      throw error;
    }
  } finally {
    clear();
    peer.close();
  }
}

function facts(): [string, string][] {
  return [
    ['redis-ver', REDIS_VERSION],
    ['redis-bits', '64'],
    ['ctime', String(Math.floor(Date.now() / 1000))],
    ['latchkey-ver', latchkeyVersion()],
  ];
}
