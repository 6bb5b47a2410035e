// Usage: count-results.mjs FILE EXIT_CODE. Reads vitest's JSON report and prints "PASSED FAILED".
// Skipped and planned tests have failed; so have a file that could not be loaded, a run that ended badly though each of
// its tests passed, and a run that found nothing to do.
import { readFileSync } from 'node:fs';

const [file, exitCode] = process.argv.slice(2);
let passed = 0;
let failed = 0;
try {
  const report = JSON.parse(readFileSync(file, 'utf8'));
  const notRun = [];
  for (const suite of report.testResults) {
    for (const test of suite.assertionResults) {
      if (test.status === 'passed') passed++;
      else failed++;
      if (test.status !== 'passed' && test.status !== 'failed') notRun.push(`${suite.name}: ${test.fullName}`);
    }
    if (suite.status === 'failed' && suite.assertionResults.every((test) => test.status === 'passed')) failed++;
  }
  for (const name of notRun) console.error(`not run, which counts as a failure: ${name}`);
} catch (error) {
  console.error(`no usable test report: ${error.message}`);
}
if (failed === 0 && (passed === 0 || exitCode !== '0')) failed = 1;
console.log(`${passed} ${failed}`);
