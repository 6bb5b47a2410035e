// The kernel's numbers against redis-server's own: INCRBYFLOAT reads two texts, adds them in 80 bits and prints the sum;
// INCRBY shows which texts are integers. The server answers each random case once; then each build must agree with it.
import { beforeAll, describe, expect, it } from 'vitest';
import { drawFloatText, SPECIAL_TEXTS } from '../fixtures-numbers/draw-float.js';
import { drawIntegerText, EDGE_INTEGER_TEXTS } from '../fixtures-numbers/draw-integer.js';
import { type KernelNumbers, kernelNumbers } from '../fixtures-numbers/kernel-numbers.js';
import { describeWith } from '../support/programs.js';
import { redisServerForSuite } from '../support/redis-server.js';
import { type Arg, RespClient } from '../support/resp-client.js';
import { Random, runSeed } from '../support/seed.js';
import { BUILDS } from '../support/wasm.js';

const CASES = process.env.LATCHKEY_TEST_LONG ? 300_000 : 6_000;
const BATCH = 500;

const ERRORS = {
  'not a float': '-ERR value is not a valid float\r\n',
  'not finite': '-ERR increment would produce NaN or Infinity\r\n',
} as const;

function expectedIncrement(kernel: KernelNumbers, value: string, by: string): string {
  const result = kernel.increment(value, by);
  return typeof result === 'string' ? `$${result.length}\r\n${result}\r\n` : ERRORS[result.error];
}

function expectedInteger(kernel: KernelNumbers, text: string): string {
  const value = kernel.parseInteger(text);
  return value === undefined
    ? '-ERR value is not an integer or out of range\r\n'
    : `:${kernel.formatInteger(value)}\r\n`;
}

describeWith('redis-server', 'numbers as redis-server reads and writes them', () => {
  const server = redisServerForSuite();

  /** Runs two commands per case and keeps the reply to the second. */
  async function ask(pairs: [Arg[], Arg[]][]): Promise<string[]> {
    const client = await RespClient.connect(server().port);
    const answers: string[] = [];
    for (let from = 0; from < pairs.length; from += BATCH) {
      const replies = await client.pipeline(pairs.slice(from, from + BATCH).flat());
      for (let i = 1; i < replies.length; i += 2) answers.push(replies[i].toString('latin1'));
    }
    await client.close();
    return answers;
  }

  describe('INCRBYFLOAT', () => {
    const cases: [value: string, by: string][] = [];
    let answers: string[] = [];
    beforeAll(async () => {
      const random = new Random(runSeed('INCRBYFLOAT against redis-server'));
      for (const text of SPECIAL_TEXTS) cases.push([text, '0'], ['0', text], [text, '-0.5'], [text, text]);
      for (let i = 0; i < CASES; i++) {
        const value = drawFloatText(random);
        cases.push(
          random.oneIn(3) ? [value, '0'] : random.oneIn(20) ? [value, opposite(value)] : [value, drawFloatText(random)],
        );
      }
      answers = await ask(
        cases.map(([value, by]) => [
          ['SET', 'k', value],
          ['INCRBYFLOAT', 'k', by],
        ]),
      );
    }, 600_000);

    it('draws sums, refusals and infinities', () => {
      expect(answers).toHaveLength(cases.length);
      expect(cases.length).toBeGreaterThan(CASES);
      expect(answers.filter((answer) => answer.startsWith('$')).length).toBeGreaterThan(CASES / 2);
      for (const error of Object.values(ERRORS)) expect(answers).toContain(error);
      expect(answers.some((answer) => answer.length > 4900)).toBe(true);
    });

    it.each(BUILDS)(
      'the $memory $mode build answers with the same bytes',
      (build) => {
        const kernel = kernelNumbers(build);
        for (const [i, [value, by]] of cases.entries()) {
          const expected = expectedIncrement(kernel, value, by);
          if (expected !== answers[i]) expect({ value, by, reply: expected }).toEqual({ value, by, reply: answers[i] });
        }
      },
      600_000,
    );

    it('a sum stored by the server is added to a thousand times without a digit of difference', async () => {
      const random = new Random(runSeed('running sums against redis-server'));
      const kernel = kernelNumbers(BUILDS[1]);
      const steps = Array.from({ length: 1000 }, () => {
        const size = 10 ** random.between(0, 9);
        return `${random.oneIn(2) ? '-' : ''}${random.below(size)}.${random.below(size)}`;
      });
      const replies = await ask(
        steps.map((step) => [
          ['GET', 'sum'],
          ['INCRBYFLOAT', 'sum', step],
        ]),
      );
      let sum = '0';
      for (const [i, step] of steps.entries()) {
        expect(replies[i]).toBe(expectedIncrement(kernel, sum, step));
        sum = kernel.increment(sum, step) as string;
      }
    });
  });

  describe('INCRBY', () => {
    const cases: string[] = [];
    let answers: string[] = [];
    beforeAll(async () => {
      const random = new Random(runSeed('integers against redis-server'));
      cases.push(...EDGE_INTEGER_TEXTS);
      for (let i = 0; i < CASES; i++) cases.push(drawIntegerText(random));
      answers = await ask(
        cases.map((text) => [
          ['DEL', 'i'],
          ['INCRBY', 'i', text],
        ]),
      );
    }, 600_000);

    it('draws integers and refusals', () => {
      expect(answers).toHaveLength(cases.length);
      expect(answers.filter((answer) => answer.startsWith(':')).length).toBeGreaterThan(CASES / 10);
      expect(answers.filter((answer) => answer.startsWith('-ERR value is not')).length).toBeGreaterThan(CASES / 10);
    });

    it.each(BUILDS)('the $memory $mode build takes the same texts for integers', (build) => {
      const kernel = kernelNumbers(build);
      for (const [i, text] of cases.entries()) {
        expect({ text, reply: expectedInteger(kernel, text) }).toEqual({ text, reply: answers[i] });
      }
    });
  });
});

/** The same text with the other sign, so that the sum is zero or refused. */
function opposite(text: string): string {
  return text.startsWith('-') ? text.slice(1) : `-${text.replace(/^\+/, '')}`;
}
