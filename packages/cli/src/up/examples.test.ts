import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { exampleModel, examplesFor } from './examples.ts';

it('prefers a model that answers chats', () => {
  expect(exampleModel(['nomic-embed-text:latest', 'llama3.2:latest'])).toBe('llama3.2:latest');
  expect(exampleModel(['sim-count:latest', 'sim-chat:latest'])).toBe('sim-chat:latest');
  expect(exampleModel(['nomic-embed-text:latest'])).toBe('nomic-embed-text:latest');
  expect(exampleModel([])).toBeUndefined();
});

it('quotes for the shell, so that the arguments arrive as written', () => {
  const { curl, openai } = examplesFor('http://127.0.0.1:11500', "it's");
  expect(JSON.parse(words(curl).at(-1) ?? '')).toMatchObject({ model: "it's" });
  expect(words(openai).at(-1)).toContain('"it\'s"');
});

/** The arguments that a shell makes of a command line. */
function words(line: string): string[] {
  return execFileSync('sh', ['-c', `printf '%s\\n' ${line}`], { encoding: 'utf8' })
    .trimEnd()
    .split('\n');
}
