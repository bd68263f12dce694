import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { parseDefinition } from './agent-definition.ts';
import { DefinitionError } from './definition-error.ts';
import { loadDefinitions } from './load-definitions.ts';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

function folderWith(files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'definitions-'));
  folders.push(folder);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

function errorOf(run: () => unknown): DefinitionError {
  try {
    run();
  } catch (error) {
    if (error instanceof DefinitionError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('agent definitions', () => {
  it('include four shipped ones that limit the length of answers', () => {
    const shipped = loadDefinitions('');
    expect([...shipped.keys()]).toEqual(['assistant', 'code-reviewer', 'summarizer', 'translator']);
    for (const entry of shipped.values()) {
      expect(entry.options.num_predict).toBeTypeOf('number');
      expect(entry.model).toBeUndefined();
    }
  });

  it('are read from .claude/agents files, whose model names are ignored', () => {
    const entry = parseDefinition(
      'reviewer.md',
      '---\nname: reviewer\ndescription: Reviews.\nmodel: sonnet\ntools: Read, Grep\ncolor: red\n---\n\nBe strict.\n',
    );
    expect(entry).toEqual({
      type: 'reviewer',
      description: 'Reviews.',
      model: undefined,
      options: {},
      maxTurns: 1,
      tools: ['Read', 'Grep'],
      systemPrompt: 'Be strict.',
    });
  });

  it('may have Windows line ends, a byte order mark and --- inside the body', () => {
    const entry = parseDefinition(
      'a.md',
      '\uFEFF---\r\nname: a\r\ndescription: d\r\n---\r\none\r\n---\r\ntwo',
    );
    expect(entry.systemPrompt).toBe('one\r\n---\r\ntwo');
  });

  it.each([
    ['no front matter', 'just text', 'front matter'],
    ['front matter that never ends', '---\nname: a\n', 'front matter'],
    ['broken YAML', '---\nname: [a\n---\nx', 'front matter'],
    ['a list', '---\n- a\n---\nx', 'front matter'],
    ['no name', '---\ndescription: d\n---\nx', 'name'],
    ['a name with spaces', '---\nname: My Agent\ndescription: d\n---\nx', 'name'],
    ['no description', '---\nname: a\n---\nx', 'description'],
    ['options that are a list', '---\nname: a\ndescription: d\noptions: [1]\n---\nx', 'options'],
    ['maxTurns below 1', '---\nname: a\ndescription: d\nmaxTurns: 0\n---\nx', 'maxTurns'],
    [
      'an option beside options',
      '---\nname: a\ndescription: d\noptions:\nnum_predict: 9\n---\nx',
      'num_predict',
    ],
    ['an empty body', '---\nname: a\ndescription: d\n---\n  \n', 'body'],
  ])('are refused with the file and the field for %s', (_, text, field) => {
    const error = errorOf(() => parseDefinition('bad.md', text));
    expect(error).toMatchObject({ code: 'invalid-catalogue', file: 'bad.md', field });
    expect(error.message).toContain('bad.md');
  });

  it('are refused for two files with one name, an empty folder and a missing folder', () => {
    const entry = '---\nname: a\ndescription: d\n---\nx';
    const twice = folderWith({ 'a.md': entry, 'b.md': entry, 'notes.txt': 'not read' });
    expect(errorOf(() => loadDefinitions(twice)).message).toContain('b.md: name a is already taken by a.md');
    expect(errorOf(() => loadDefinitions(folderWith({}))).field).toBe('folder');
    expect(errorOf(() => loadDefinitions(join(twice, 'missing'))).field).toBe('folder');
  });
});
