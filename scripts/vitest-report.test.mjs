import { expect, it } from 'vitest';
import { countsOf, failuresOf, filesThatRanOutOfTime, withFilesOf } from './vitest-report.mjs';

const passed = { status: 'passed', fullName: 'a b', failureMessages: [] };
const failed = (...failureMessages) => ({ status: 'failed', fullName: 'a c', failureMessages });
const file = (name, ...assertionResults) => ({
  name: `/repo/${name}`,
  status: assertionResults.every(({ status }) => status === 'passed') ? 'passed' : 'failed',
  message: 'it does not load',
  assertionResults,
});
const report = (...testResults) => ({ testResults, numPassedTests: 0, numPendingTests: 0 });

const waits = [
  'Error: all were delivered: not true within 30000 ms\n    at waitUntil (wait-until.ts:10:45)',
  'Error: not within 30000 ms: a leader\n    at x',
  'Error: Test timed out in 60000ms.\nIf this is a long-running test',
];

it('takes a file whose waits ran out for one that ran out of time', () => {
  for (const wait of waits)
    expect(filesThatRanOutOfTime(report(file('a', passed, failed(wait))))).toEqual(['/repo/a']);
});

it('takes no file with another failure for one that ran out of time', () => {
  const wrong = 'AssertionError: expected 1 to be 2\n  not true within 3 ms';
  expect(filesThatRanOutOfTime(report(file('a', failed(waits[0]), failed(wrong))))).toEqual([]);
  expect(filesThatRanOutOfTime(report(file('a', failed(waits[0], wrong))))).toEqual([]);
  expect(filesThatRanOutOfTime(report(file('a', passed), { ...file('b'), status: 'failed' }))).toEqual([]);
});

it('counts a file as the later run saw it', () => {
  const first = report(file('a', passed, failed(waits[0])), file('b', passed));
  expect(countsOf(first)).toEqual({ passed: 2, failed: 1, skipped: 0 });
  expect(countsOf(withFilesOf(first, report(file('a', passed, passed))))).toEqual({
    passed: 3,
    failed: 0,
    skipped: 0,
  });
});

it('counts a file that does not load as one failure and says why', () => {
  const broken = report({ ...file('a'), status: 'failed' });
  expect(countsOf(broken)).toEqual({ passed: 0, failed: 1, skipped: 0 });
  expect(failuresOf(broken, '/repo')).toEqual(['a\nit does not load']);
});
