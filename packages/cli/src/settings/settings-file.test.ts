import { expect, it } from 'vitest';
import { parseSettingsFile } from './settings-file.ts';

function entries(text: string): unknown[] {
  return parseSettingsFile('drover.yaml', text).map(({ setting, texts, line }) => [setting.key, texts, line]);
}

it('reads YAML, each key with its line, and values as they are written', () => {
  const text = `# the fleet
port: 8080
request-timeout: 0
max-body: 128MiB
ollama:
  - http://gpu-1:11434
  - http://gpu-2:11434
origin: https://chat.example
`;
  expect(entries(text)).toEqual([
    ['port', ['8080'], 2],
    ['request-timeout', ['0'], 3],
    ['max-body', ['128MiB'], 4],
    ['ollama', ['http://gpu-1:11434', 'http://gpu-2:11434'], 5],
    ['origin', ['https://chat.example'], 8],
  ]);
});

it('reads JSON', () => {
  expect(entries('{\n\t"port": 8080,\n\t"ollama": ["a", "b"]\n}')).toEqual([
    ['port', ['8080'], 2],
    ['ollama', ['a', 'b'], 3],
  ]);
});

it.each(['', '# nothing yet\n', '---\n'])('reads %j as a file without settings', (text) => {
  expect(entries(text)).toEqual([]);
});

it.each([
  ['port: 1\nprot: 2\n', 'drover.yaml:2: prot is no setting (did you mean port?)'],
  ['requestTimeout: 10m', 'drover.yaml:1: requestTimeout is no setting (did you mean request-timeout?)'],
  [
    'maxConcurrentRequests: 9',
    'drover.yaml:1: maxConcurrentRequests is no setting (did you mean max-streams?)',
  ],
  ['zebra: 9', 'drover.yaml:1: zebra is no setting'],
  ['json: true', 'drover.yaml:1: json cannot be set in a file'],
  ['creds-text: x', 'drover.yaml:1: creds-text cannot be set in a file'],
  ['port: [1, 2]', 'drover.yaml:1: port must have one value'],
  ['ollama: [[a]]', 'drover.yaml:1: ollama must have one value or a list'],
  ['ollama: {a: b}', 'drover.yaml:1: ollama must have one value or a list'],
  ['port:', 'drover.yaml:1: port must have one value'],
  ['port: 1\nport: 2', 'drover.yaml:2 is no YAML or JSON'],
  ['{"port": 1', 'drover.yaml:1 is no YAML or JSON'],
  ['- port', 'drover.yaml:1 must hold settings as "key: value"'],
])('refuses %j', (text, message) => {
  expect(() => entries(text)).toThrow(
    expect.objectContaining({ exitCode: 2, message: expect.stringContaining(message) as string }) as Error,
  );
});
