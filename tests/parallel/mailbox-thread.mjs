// A thread of the mailbox test: posts letters of random sizes to all others as fast as it is told, and hashes what comes.
// Of letter `n` from `i` to `j` everybody can say what it is.
import { createHash } from 'node:crypto';
import { parentPort, workerData } from 'node:worker_threads';
import { openMailbox } from '../../dist/host/worker/mailbox.js';

const { post, thread, plan, kind, seed, pauseMs } = workerData;
const mailbox = openMailbox(post, thread);
const others = Array.from({ length: post.threadCount }, (_, i) => i).filter((i) => i !== thread);
const bodyOf = (from, to, n) => Buffer.alloc(plan[n % plan.length], `${seed} ${from} ${to} ${n};`);

const got = new Map(others.map((from) => [from, { letters: 0, bytes: 0, outOfOrder: 0, hash: createHash('sha256') }]));
let left = others.length * plan.length;
mailbox.on(kind, (from, body) => {
  const seen = got.get(from);
  if (!body.equals(bodyOf(from, thread, seen.letters))) seen.outOfOrder++;
  seen.letters++;
  seen.bytes += body.length;
  seen.hash.update(`${body.length}:`).update(body);
  left--;
  if (left === 0) report();
});

function report() {
  const figures = others.map((from) => {
    const { hash, ...counts } = got.get(from);
    return { from, ...counts, hash: hash.digest('hex') };
  });
  parentPort.postMessage(figures);
}

const sleeper = new Int32Array(new SharedArrayBuffer(4));
let next = 0;
/** Some letters each turn; now and then the whole thread stands still, or has nothing to say for a while. */
function turn() {
  for (let i = 0; i < 1 + (next % 7) && next < plan.length; i++, next++) {
    for (const to of others) mailbox.post(to, kind, bodyOf(thread, to, next));
  }
  if (next === plan.length) return;
  if (next % 50 < 7) Atomics.wait(sleeper, 0, 0, pauseMs);
  if (next % 64 < 7) setTimeout(turn, pauseMs);
  else setImmediate(turn);
}
mailbox.open();
turn();
// It ends with the test.
parentPort.on('message', () => {});
