// Generates the API reference of actor-core, packages/actor-core/docs/api, from the published declarations and their
// docstrings in packages/actor-core/dist. Needs a build. Fails on a public name without a docstring.
//
//   npm run api                 writes the reference
//   npm run api -- --check      writes nothing; exit code 1 when the committed reference is not up to date
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Application } from 'typedoc';

const here = dirname(fileURLToPath(import.meta.url));
const committed = join(here, '..', '..', 'packages', 'actor-core', 'docs', 'api');
const isCheck = process.argv.includes('--check');

const out = isCheck ? mkdtempSync(join(tmpdir(), 'drover-api-')) : committed;
try {
  const warnings = await generate(out);
  const stale = isCheck ? differences(committed, out) : [];
  for (const name of stale)
    console.error(`packages/actor-core/docs/api/${name} is not up to date: build, then npm run api`);
  if (warnings + stale.length > 0) process.exitCode = 1;
  else console.log(isCheck ? 'API reference: up to date' : 'API reference: written');
} finally {
  if (isCheck) rmSync(out, { recursive: true, force: true });
}

/** Prints warnings and returns their number. */
async function generate(folder) {
  const app = await Application.bootstrapWithPlugins({
    options: join(here, 'typedoc.json'),
    logLevel: 'Warn',
    out: folder,
  });
  const project = await app.convert();
  if (project === undefined)
    throw new Error('the declarations of actor-core do not compile: run npm run build');
  app.validate(project);
  await app.generateOutputs(project);
  return app.logger.warningCount + app.logger.errorCount;
}

function differences(before, after) {
  const names = new Set([...(existsSync(before) ? readdirSync(before) : []), ...readdirSync(after)]);
  return [...names]
    .filter((name) => read(before, name) !== read(after, name))
    .toSorted((one, other) => (one < other ? -1 : 1));
}

function read(folder, name) {
  const file = join(folder, name);
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}
