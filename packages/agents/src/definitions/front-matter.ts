import { parse } from 'yaml';
import { DefinitionError } from './definition-error.ts';

/** A Markdown file in two parts: the YAML between its first two `---` lines, and the text after them. */
export interface FrontMatter {
  readonly fields: Readonly<Record<string, unknown>>;
  readonly body: string;
}

const fenced = /^\uFEFF?---[ \t]*\r?\n([\s\S]*?)(?:^|\r?\n)---[ \t]*(?:\r?\n|$)([\s\S]*)$/;

/** @throws DefinitionError naming `file` if it has no front matter, or one that is not a YAML mapping */
export function parseFrontMatter(file: string, text: string): FrontMatter {
  const match = fenced.exec(text);
  if (!match) {
    throw new DefinitionError(
      file,
      'front matter',
      'is missing: the file must begin with a YAML block between two --- lines',
    );
  }
  const fields = parseYaml(file, match[1] ?? '');
  if (fields === null || typeof fields !== 'object' || Array.isArray(fields)) {
    throw new DefinitionError(file, 'front matter', 'must be a YAML mapping such as "name: assistant"');
  }
  return { fields: fields as Record<string, unknown>, body: (match[2] ?? '').trim() };
}

function parseYaml(file: string, text: string): unknown {
  try {
    // Limits aliases, so that a small file cannot expand to a huge value.
    return parse(text, { maxAliasCount: 10, prettyErrors: true });
  } catch (cause) {
    const detail = cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : String(cause);
    throw new DefinitionError(file, 'front matter', `is not valid YAML: ${detail}`, { cause });
  }
}
