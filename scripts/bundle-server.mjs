// Bundles the server's entries (the command, a server thread, the persistence engine, a job of recovery, a lane of the
// slow lane) into dist/bundle, in the places that they have in dist/host, so that what they find by relative address stays
// where it is. Start-up time is why: Node loads a few files instead of seventy.
//   node scripts/bundle-server.mjs    (after tsc has filled dist/host)
import { rmSync } from 'node:fs';
import { rolldown } from 'rolldown';

rmSync('dist/bundle', { recursive: true, force: true });
const bundle = await rolldown({
  input: {
    'server/cli': 'dist/host/server/cli.js',
    'server/thread-main': 'dist/host/server/thread-main.js',
    'server/persistence-main': 'dist/host/server/persistence-main.js',
    // The code that starts it ends up in a chunk, and chunks lie in server/.
    'server/recovery-main': 'dist/host/persistence/threads/recovery-main.js',
    'worker/lane-main': 'dist/host/worker/lane-main.js',
  },
  platform: 'node',
});
await bundle.write({
  dir: 'dist/bundle',
  format: 'esm',
  entryFileNames: '[name].js',
  chunkFileNames: 'server/[name].js',
});
await bundle.close();
