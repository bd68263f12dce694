export type SuiteResult = 'passed' | 'failed' | 'skipped';

/** Results by `CLASS::TEST` of a report in the format of JUnit, as pytest writes it. @throws Error without any */
export function suiteResults(xml: string): ReadonlyMap<string, SuiteResult> {
  const results = new Map<string, SuiteResult>();
  for (const [, attributes = '', content = ''] of xml.matchAll(
    /<testcase\b([^>]*?)(?:\/>|>(.*?)<\/testcase>)/gs,
  )) {
    const name = `${attribute(attributes, 'classname').split('.').at(-1)}::${attribute(attributes, 'name')}`;
    const outcome = /^\s*<(failure|error|skipped)\b/.exec(content)?.[1];
    results.set(name, outcome === undefined ? 'passed' : outcome === 'skipped' ? 'skipped' : 'failed');
  }
  if (results.size === 0) throw new Error('the report has no tests');
  return results;
}

function attribute(attributes: string, name: string): string {
  return new RegExp(`\\b${name}="([^"]*)"`).exec(attributes)?.[1] ?? '';
}
