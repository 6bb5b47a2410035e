// Filling a server with much data: commands made as they are needed, sent in batches of a moderate size.

const BATCH_BYTES = 1 << 18;

/** @param {Iterable<string[]>} commands @throws the first error among the replies. */
export async function send(server, commands) {
  let batch = [];
  let bytes = 0;
  for (const command of commands) {
    batch.push(command);
    for (const arg of command) bytes += arg.length + 10;
    if (bytes < BATCH_BYTES) continue;
    await server.client.pipeline(batch);
    batch = [];
    bytes = 0;
  }
  if (batch.length > 0) await server.client.pipeline(batch);
}

/** Commands that begin with `head` and share `words` out among them, `size` to each. */
export function* shareOut(head, words, size) {
  let command = [...head];
  for (const word of words) {
    command.push(word);
    if (command.length < head.length + size) continue;
    yield command;
    command = [...head];
  }
  if (command.length > head.length) yield command;
}
