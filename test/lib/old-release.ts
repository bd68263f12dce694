import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The release before this one: a cluster half of each must serve. */
export const oldRelease: string = '0.3.0';

const root: string = fileURLToPath(new URL('../../', import.meta.url));

/**
 * The command of the release before: of the checkout that `DROVER_OLD_RELEASE` names, or built once from the tag of
 * this repository with the installed dependencies. Undefined in a copy without the tag.
 */
export function oldDroverBin(): string | undefined {
  const named = process.env['DROVER_OLD_RELEASE'];
  if (named !== undefined) return binOf(named);
  const folder = join(root, 'node_modules/.cache', `drover-${oldRelease}`);
  if (!existsSync(binOf(folder)) && !build(folder)) return undefined;
  return binOf(folder);
}

function binOf(folder: string): string {
  return join(folder, 'packages/cli/bin/drover.js');
}

/** False where the tag does not exist. */
function build(folder: string): boolean {
  const unfinished = `${folder}.new`;
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished, { recursive: true });
  const archive = join(unfinished, 'release.tar');
  try {
    execFileSync('git', ['archive', '--output', archive, oldRelease], { cwd: root, stdio: 'pipe' });
  } catch {
    rmSync(unfinished, { recursive: true, force: true });
    return false;
  }
  execFileSync('tar', ['xf', archive, '-C', unfinished]);
  rmSync(archive);
  linkDependencies(unfinished);
  execFileSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-b'], {
    cwd: unfinished,
    stdio: 'pipe',
  });
  renameSync(unfinished, folder);
  return true;
}

/** The dependencies of this checkout, and the packages of the old release under their names. */
function linkDependencies(folder: string): void {
  const own = join(folder, 'node_modules');
  const scope = '@drover';
  mkdirSync(join(own, scope), { recursive: true });
  for (const name of readdirSync(join(root, 'node_modules')))
    if (name !== scope && name !== '.cache') symlinkSync(join(root, 'node_modules', name), join(own, name));
  for (const name of readdirSync(join(folder, 'packages')))
    symlinkSync(join('../../packages', name), join(own, scope, name));
}
