import { expect, it } from 'vitest';
import { suiteResults } from './junit.ts';

it('reads which tests passed, failed and were skipped', () => {
  const report = `<testsuites><testsuite name="pytest">
<testcase classname="a.b.TestChat" name="test_stream[model0]" time="0.1" />
<testcase classname="a.b.TestChat" name="test_tools" time="0.1"><failure message="x &gt; y">text</failure></testcase>
<testcase classname="a.b.TestChat" name="test_setup" time="0.1"><error message="x">text</error></testcase>
<testcase classname="a.b.TestChat" name="test_audio" time="0.1"><skipped type="pytest.skip" message="no">t</skipped></testcase>
</testsuite></testsuites>`;
  expect([...suiteResults(report)]).toEqual([
    ['TestChat::test_stream[model0]', 'passed'],
    ['TestChat::test_tools', 'failed'],
    ['TestChat::test_setup', 'failed'],
    ['TestChat::test_audio', 'skipped'],
  ]);
});

it('refuses a report without tests', () => {
  expect(() => suiteResults('<testsuites/>')).toThrow('no tests');
});
