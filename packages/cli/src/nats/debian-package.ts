import { access, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { type StepResult, runStep } from '../process/run-step.ts';
import { makePartial, storeBinary } from './binary-cache.ts';
import { inspectBinary, type ServerBinary } from './server-binary.ts';
import { isSupportedVersion } from './version.ts';

/**
 * Fetches nats-server from the archive of Debian, without root and without a change to the system. apt runs with
 * private state folders and one source: a newer suite on the mirror that this machine is configured for. Signatures
 * are checked against the installed Debian keyring. The package is unpacked, not installed, and no maintainer script
 * runs.
 */

/** Suites in the order in which they are tried; older suites have no supported version. */
const suites: readonly string[] = ['forky', 'sid'];

const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';

export type FetchOutcome =
  | { readonly ok: true; readonly binary: ServerBinary }
  /** `reason`: text for the error that lists all attempts to get nats-server; `late`: a step reached its time limit. */
  | { readonly ok: false; readonly reason: string; readonly late?: boolean };

export interface FetchOptions {
  readonly cacheDir: string;
  /** Longest one step (index, download, unpack) may take. */
  readonly stepTimeoutMs: number;
  readonly progress: (line: string) => void;
}

export async function fetchFromDebian(options: FetchOptions): Promise<FetchOutcome> {
  const codename = await debianCodename();
  if (codename === undefined) return { ok: false, reason: 'this machine does not run Debian' };
  if (!(await readable(keyring))) return { ok: false, reason: `there is no Debian keyring at ${keyring}` };
  const work = await makePartial(options.cacheDir);
  try {
    const architecture = await runStep('dpkg', ['--print-architecture'], {
      timeoutMs: options.stepTimeoutMs,
    });
    if (!architecture.ok) return { ok: false, reason: architecture.detail };
    const mirror = await findMirror(work, codename, options.stepTimeoutMs);
    if (mirror === undefined) return { ok: false, reason: 'apt has no mirror configured' };
    let reason = '';
    for (const suite of suites) {
      const source = { mirror, suite, architecture: architecture.stdout.trim() };
      options.progress(`fetching nats-server from Debian ${suite} (no root needed)`);
      const outcome = await fetchFromSuite(join(work, suite), source, options);
      if (outcome.ok) return outcome;
      reason = `Debian ${suite}: ${outcome.reason}`;
      options.progress(reason);
      // The next suite is on the same mirror, and this mirror is too slow or does not answer.
      if (outcome.late === true) break;
    }
    return { ok: false, reason };
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

export interface DebianSource {
  readonly mirror: string;
  readonly suite: string;
  readonly architecture: string;
}

/** The only source that apt gets, in deb822 format. */
export function sourceText(source: DebianSource): string {
  return [
    'Types: deb',
    `URIs: ${source.mirror}`,
    `Suites: ${source.suite}`,
    'Components: main',
    `Architectures: ${source.architecture}`,
    `Signed-By: ${keyring}`,
    '',
  ].join('\n');
}

/**
 * URL of the mirror, read from the output of `apt-get --print-uris update`. Only the suite named by the codename alone
 * is used: the suites for security and updates can be on other hosts.
 */
export function parseMirror(printedUris: string, codename: string): string | undefined {
  for (const line of printedUris.split('\n')) {
    const match = /^'([^']+)\/dists\/([^/']+)\/(?:In)?Release'/.exec(line);
    if (match?.[2] === codename) return match[1];
  }
  return undefined;
}

async function findMirror(work: string, codename: string, timeoutMs: number): Promise<string | undefined> {
  const state = join(work, 'probe');
  await mkdir(join(state, 'lists', 'partial'), { recursive: true });
  const args = ['-o', `Dir::State=${state}`, '-o', `Dir::State::Lists=${join(state, 'lists')}`];
  const printed = await runStep('apt-get', [...args, '--print-uris', 'update'], { timeoutMs });
  return printed.ok ? parseMirror(printed.stdout, codename) : undefined;
}

async function fetchFromSuite(
  state: string,
  source: DebianSource,
  options: FetchOptions,
): Promise<FetchOutcome> {
  for (const folder of ['lists/partial', 'cache/archives/partial', 'etc', 'download', 'unpacked']) {
    await mkdir(join(state, folder), { recursive: true });
  }
  await writeFile(join(state, 'status'), '');
  await writeFile(join(state, 'etc', 'drover.sources'), sourceText(source));
  const apt = (...args: string[]): Promise<StepResult> =>
    runStep('apt-get', [...aptOptions(state), ...args], {
      timeoutMs: options.stepTimeoutMs,
      cwd: join(state, 'download'),
      env: { ...process.env, LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive' },
    });
  const updated = await apt('update');
  if (!updated.ok) return failed(updated);
  const downloaded = await apt('download', 'nats-server');
  if (!downloaded.ok) return failed(downloaded);
  const file = (await readdir(join(state, 'download'))).find((name) => name.endsWith('.deb'));
  if (file === undefined) return { ok: false, reason: 'apt-get downloaded nothing' };
  const unpacked = join(state, 'unpacked');
  const unpack = await runStep('dpkg-deb', ['-x', join(state, 'download', file), unpacked], {
    timeoutMs: options.stepTimeoutMs,
  });
  if (!unpack.ok) return failed(unpack);
  return adopt(join(unpacked, 'usr', 'sbin', 'nats-server'), options.cacheDir);
}

function failed({ detail, late = false }: StepResult & { readonly ok: false }): FetchOutcome {
  return { ok: false, reason: detail, late };
}

/** Checks a fetched program and copies it into the cache. */
export async function adopt(path: string, cacheDir: string): Promise<FetchOutcome> {
  const binary = await inspectBinary(path);
  if (binary === undefined) return { ok: false, reason: 'the fetched program does not run on this machine' };
  if (!isSupportedVersion(binary.version))
    return { ok: false, reason: `it only has nats-server ${binary.version}` };
  return { ok: true, binary: await storeBinary(cacheDir, binary) };
}

/**
 * Options that keep all state of apt in private folders and switch its signature checks on, whatever the machine
 * configures.
 */
function aptOptions(state: string): string[] {
  const settings = {
    'Dir::State': state,
    'Dir::State::Lists': join(state, 'lists'),
    'Dir::State::status': join(state, 'status'),
    'Dir::Cache': join(state, 'cache'),
    'Dir::Cache::archives': join(state, 'cache', 'archives'),
    'Dir::Etc::SourceList': join(state, 'etc', 'drover.sources'),
    'Dir::Etc::SourceParts': '/dev/null',
    'Dir::Etc::PreferencesParts': '/dev/null',
    'Dir::Etc::Preferences': '/dev/null',
    'Dir::Etc::Trusted': '/dev/null',
    'Dir::Etc::TrustedParts': '/dev/null',
    'APT::Update::Post-Invoke-Success': '',
    'APT::Get::AllowUnauthenticated': 'false',
    'Acquire::AllowInsecureRepositories': 'false',
    'Acquire::AllowWeakRepositories': 'false',
    'Acquire::Check-Valid-Until': 'true',
    'Acquire::Languages': 'none',
    'Acquire::Retries': '0',
    // The default user of the sandbox (_apt) cannot read the private folders.
    'APT::Sandbox::User': userInfo().username,
  };
  return ['-q', ...Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`])];
}

async function debianCodename(): Promise<string | undefined> {
  const text = await readFile('/etc/os-release', 'utf8').catch(() => '');
  return /^ID=debian$/m.test(text) ? /^VERSION_CODENAME="?([a-z]+)"?$/m.exec(text)?.[1] : undefined;
}

async function readable(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    return false;
  }
}
