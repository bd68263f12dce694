import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { packageFolder } from './documents.fixture.ts';

const entries = ['index', 'cluster', 'durable', 'patterns', 'internal', 'testing', 'testing/arbitraries'];

/** Names that an entry point exports, types included. */
function namesIn(entry: string): string[] {
  const text = readFileSync(join(packageFolder, 'src', `${entry}.ts`), 'utf8');
  return [...text.matchAll(/^export (?:type )?\{([^}]*)\} from/gm)].flatMap(([, names = '']) =>
    names.split(',').flatMap((name) => name.replace(/^\s*type /, '').trim() || []),
  );
}

/** Files of other packages that Node loads for an entry point. */
async function packagesLoadedBy(entry: string): Promise<string[]> {
  const program = `
    import { registerHooks } from 'node:module';
    const urls = new Set();
    registerHooks({ resolve: (name, context, next) => { const found = next(name, context); urls.add(found.url); return found; } });
    await import('@drover/actor-core${entry}');
    console.log(JSON.stringify([...urls]));
  `;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], {
    cwd: packageFolder,
  });
  return JSON.parse(stdout) as string[];
}

const isNats = (url: string) => url.includes('node_modules/nats/') || url.includes('/@nats-io/');

describe('the entry points', () => {
  it('export each name once, so that a name has one place to import it from', () => {
    const all = entries.flatMap((entry) => namesIn(entry));
    expect(all.length).toBeGreaterThan(200);
    expect(all.filter((name, index) => all.indexOf(name) !== index)).toEqual([]);
  });

  it('load the NATS client for a cluster, and not for the actors of one process', async () => {
    expect((await packagesLoadedBy('/cluster')).some(isNats)).toBe(true);
    for (const entry of ['', '/durable', '/patterns', '/internal'])
      expect((await packagesLoadedBy(entry)).filter(isNats)).toEqual([]);
  });
});
