// Reads the JSON report of a vitest run.
import { relative } from 'node:path';

/**
 * @typedef {{ status: string, fullName: string, failureMessages: string[] }} TestResult
 * @typedef {{ name: string, status: string, message: string, assertionResults: TestResult[] }} FileResult
 * @typedef {{ testResults: FileResult[], numPassedTests: number, numPendingTests: number, numTodoTests?: number }} Report
 */

/** Errors that say no more than that something did not happen in the time the test had for it. */
const waitsThatRanOut = [
  /: not true within \d+ ms$/,
  /not within \d+ ms: /,
  /^(Error: )?(Test|Hook) timed out in \d+ms/,
];

/**
 * The failed tests of a report in words: file, name, and the begin of the error. A file that does not load is one.
 *
 * @param {Report} report
 * @param {string} root folder to which names of files are relative
 * @returns {string[]}
 */
export function failuresOf(report, root) {
  return report.testResults.flatMap(({ name, status, message, assertionResults }) => {
    const file = relative(root, name);
    const tests = assertionResults.filter((test) => test.status === 'failed');
    if (tests.length === 0) return status === 'failed' ? [`${file}\n${firstLines(message)}`] : [];
    return tests.map((test) => `${file} > ${test.fullName}\n${firstLines(test.failureMessages.join('\n'))}`);
  });
}

/**
 * The files that failed only because waits ran out. A file with any other failure is none of them.
 *
 * @param {Report} report
 * @returns {string[]}
 */
export function filesThatRanOutOfTime(report) {
  return report.testResults
    .filter(({ assertionResults }) => {
      const errors = assertionResults
        .filter((test) => test.status === 'failed')
        .flatMap((test) => test.failureMessages);
      return errors.length > 0 && errors.every(isWaitThatRanOut);
    })
    .map(({ name }) => name);
}

/**
 * A report in which the files of `again` stand as that later run saw them.
 *
 * @param {Report} report
 * @param {Report} again
 * @returns {Report}
 */
export function withFilesOf(report, again) {
  const names = new Set(again.testResults.map(({ name }) => name));
  return {
    ...report,
    testResults: [...report.testResults.filter(({ name }) => !names.has(name)), ...again.testResults],
  };
}

/**
 * @param {Report} report
 * @returns {{ passed: number, failed: number, skipped: number }}
 */
export function countsOf({ testResults }) {
  const tests = testResults.flatMap(({ assertionResults }) => assertionResults);
  const count = (status) => tests.filter((test) => test.status === status).length;
  const broken = testResults.filter(
    ({ status, assertionResults }) =>
      status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
  );
  const [passed, failed] = [count('passed'), count('failed')];
  return { passed, failed: failed + broken.length, skipped: tests.length - passed - failed };
}

/** @param {string} message an error with its stack */
function isWaitThatRanOut(message) {
  const [first = ''] = message.split('\n');
  return waitsThatRanOut.some((pattern) => pattern.test(first));
}

/** @param {string} text */
function firstLines(text) {
  return text
    .split('\n')
    .filter((line) => !line.includes('/node_modules/'))
    .slice(0, 12)
    .join('\n');
}
