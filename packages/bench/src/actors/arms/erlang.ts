import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ActorArm } from '../actor-arm.ts';

const source: string = fileURLToPath(new URL('../../../src/actors/arms/drover_bench.erl', import.meta.url));
/** Limit of Erlang processes; the default of 262,144 is too small for the workload with a million actors. */
const processLimit = 2 ** 21;

const versionQuery =
  'io:format("OTP ~s, ERTS ~s", [erlang:system_info(otp_release), erlang:system_info(version)]), halt().';

let folder: string | undefined;

/** Erlang/OTP with one scheduler, from `DROVER_ERLANG` (path of `erl`) or PATH. */
const erlangArm: ActorArm = {
  name: 'erlang',
  mailbox: true,
  path: 'processes of Erlang/OTP with one scheduler (erl +S 1:1); questions by gen_server:call with a deadline',
  version() {
    const command = ['+S', '1:1', '-noshell', '-eval', versionQuery];
    try {
      return execFileSync(program('erl'), command, { encoding: 'utf8', timeout: 20_000, stdio: 'pipe' });
    } catch {
      throw new Error(
        `${program('erl')} does not run (Debian: apt install erlang-base; or set DROVER_ERLANG to the path of erl)`,
      );
    }
  },
  command: (workload, { count, width }) => ({
    file: program('erl'),
    args: ['+S', '1:1', '+P', String(processLimit), '-noshell', '-pa', compiled(), '-eval'].concat(
      `drover_bench:main(["${workload}", "${count}", "${width}"]).`,
    ),
  }),
};

export default erlangArm;

function program(name: 'erl' | 'erlc'): string {
  const configured = process.env['DROVER_ERLANG'];
  if (configured === undefined || configured === '') return name;
  return name === 'erl' ? configured : join(dirname(configured), name);
}

/** Folder with the compiled module. It is made once, and removed at the end of this process. */
function compiled(): string {
  if (folder !== undefined) return folder;
  const made = mkdtempSync(join(tmpdir(), 'drover-bench-erlang-'));
  process.once('exit', () => rmSync(made, { recursive: true, force: true }));
  execFileSync(program('erlc'), ['-o', made, source], { timeout: 60_000, stdio: 'pipe' });
  folder = made;
  return made;
}
