// Letters between real threads: megabytes, in sizes from nothing to several times the ring, all ways at once through
// small rings, while threads stand still now and then.
import { createHash } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { newPost } from '../../host/worker/mailbox.js';
import { Random, runSeed } from '../support/seed.js';

const THREADS = 3;
const RING_BYTES = 4096;
const LETTERS = process.env.LATCHKEY_TEST_LONG === '1' ? 20_000 : 1500;
const KIND = 1;

interface Figures {
  readonly from: number;
  readonly letters: number;
  readonly bytes: number;
  readonly outOfOrder: number;
  readonly hash: string;
}

/** Mostly small, so that many lie in a ring together; some fill it to the byte, some outgrow it. */
function drawBytes(random: Random): number {
  return random.weighted([
    [2, 0],
    [8, random.below(64)],
    [4, random.below(RING_BYTES)],
    [2, RING_BYTES - 12 + random.between(-2, 2)],
    [1, random.below(5 * RING_BYTES)],
  ]);
}

describe('the post between threads', () => {
  it('brings every letter once, whole, in order per sender', { timeout: 300_000 }, async () => {
    const seed = runSeed('mailbox');
    const random = new Random(seed);
    const plan = Array.from({ length: LETTERS }, () => drawBytes(random));
    const post = newPost(THREADS, RING_BYTES);
    const threads = Array.from(
      { length: THREADS },
      (_, thread) =>
        new Worker(new URL('./mailbox-thread.mjs', import.meta.url), {
          workerData: { post, thread, plan, kind: KIND, seed, pauseMs: thread === 0 ? 2 : 1 },
        }),
    );
    try {
      const figures = await Promise.all(
        threads.map(
          (thread) =>
            new Promise<Figures[]>((resolve, reject) => {
              thread.once('message', resolve);
              thread.once('error', reject);
            }),
        ),
      );
      const bytes = plan.reduce((total, each) => total + each, 0);
      expect(bytes * THREADS * (THREADS - 1)).toBeGreaterThan(4 << 20);
      for (const [to, got] of figures.entries()) {
        expect(got.map(({ from }) => from)).toEqual([0, 1, 2].filter((from) => from !== to));
        for (const { from, ...counts } of got) {
          const hash = hashOf(plan, seed, from, to);
          expect(counts).toEqual({ letters: plan.length, bytes, outOfOrder: 0, hash });
        }
      }
    } finally {
      await Promise.all(threads.map((thread) => thread.terminate()));
    }
  });
});

function hashOf(plan: readonly number[], seed: number, from: number, to: number): string {
  const hash = createHash('sha256');
  for (const [n, length] of plan.entries()) {
    hash.update(`${length}:`).update(Buffer.alloc(length, `${seed} ${from} ${to} ${n};`));
  }
  return hash.digest('hex');
}
