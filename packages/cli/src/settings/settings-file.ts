import { readFileSync } from 'node:fs';
import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import { badConfiguration, CommandError, exitCodes } from '../errors.ts';
import { mayComeFrom, type Setting } from './setting.ts';
import { suggestion } from './suggestion.ts';
import { settingNamed } from './table.ts';

/** One key of a file: the texts of its value, and its line. */
export interface FileEntry {
  readonly setting: Setting;
  readonly texts: readonly string[];
  readonly line: number;
}

/** A settings file that was read. */
export interface SettingsFile {
  readonly path: string;
  readonly entries: readonly FileEntry[];
}

/** Far above the size of a real settings file, which has a few hundred lines at most. */
const maxFileBytes = 1_000_000;

/** @throws CommandError `bad-configuration` naming the file, and the line and key of a wrong setting */
export function readSettingsFile(path: string): SettingsFile {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const { code = 'unreadable' } = error as NodeJS.ErrnoException;
    throw new CommandError(
      'bad-configuration',
      exitCodes.usage,
      `--config ${path} cannot be read (${code})`,
      {
        fix: 'name a YAML or JSON file that you may read',
        cause: error,
      },
    );
  }
  if (text.length > maxFileBytes)
    throw badConfiguration(`--config ${path}`, `is longer than ${maxFileBytes} bytes`);
  return { path, entries: parseSettingsFile(path, text) };
}

/** Reads YAML, which includes JSON. Pure. @throws CommandError as `readSettingsFile` */
export function parseSettingsFile(path: string, text: string): readonly FileEntry[] {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
  const lineOf = (node: unknown): number => lines.linePos((node as Node | null)?.range?.[0] ?? 0).line;
  const [error] = document.errors;
  if (error !== undefined)
    throw badConfiguration(
      `${path}:${lines.linePos(error.pos[0]).line}`,
      `is no YAML or JSON: ${error.message}`,
    );
  const root = document.contents;
  // A file without settings, such as one with only comments.
  if (root === null || (isScalar(root) && root.value === null)) return [];
  if (!isMap(root)) throw badConfiguration(`${path}:${lineOf(root)}`, 'must hold settings as "key: value"');
  return root.items.map(({ key, value }) => {
    const line = lineOf(key);
    const name = isScalar(key) ? String(key.value) : '';
    const setting = settingNamed(name);
    if (setting === undefined || !mayComeFrom(setting, 'file')) {
      const what = setting === undefined ? `is no setting${suggestion(name)}` : 'cannot be set in a file';
      throw badConfiguration(`${path}:${line}: ${name}`, what);
    }
    const texts = isSeq(value) && setting.kind === 'list' ? textsOf(value.items) : textsOf([value]);
    if (texts === undefined) {
      const wanted = setting.kind === 'list' ? 'one value or a list' : 'one value';
      throw badConfiguration(`${path}:${line}: ${name}`, `must have ${wanted}`);
    }
    return { setting, texts, line };
  });
}

/**
 * Texts of the values as written, so that a value has the same meaning in a file and in a variable. Undefined if one of
 * them is not a plain value.
 */
function textsOf(nodes: readonly unknown[]): readonly string[] | undefined {
  const texts = nodes.flatMap((node) => {
    if (!isScalar(node) || node.value === null) return [];
    return [typeof node.value === 'string' ? node.value : (node.source ?? '')];
  });
  return texts.length === nodes.length ? texts : undefined;
}
