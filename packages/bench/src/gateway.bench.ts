import { fileURLToPath } from 'node:url';
import { startReady } from './child-process.ts';
import { cpuSeconds, residentBytes } from './cpu-usage.ts';
import { Figures } from './figures.ts';
import direct from './gateway/arms/direct.ts';
import drover from './gateway/arms/drover.ts';
import haproxy from './gateway/arms/haproxy.ts';
import nginx from './gateway/arms/nginx.ts';
import type { GatewayArm, RunningGateway } from './gateway/gateway-arm.ts';
import { judgeGateway, measuresOf } from './gateway/gateway-bars.ts';
import { type ClientOutcome, type GatewayWorkload, gatewayWorkloads } from './gateway/workloads.ts';
import { hostFacts } from './host-facts.ts';
import { runForJson } from './json-child.ts';
import { loadNamed, UsageError } from './named-module.ts';
import { installPeers, loadPeerArm, peerArmFile } from './peers.ts';
import { type ArmRow, type BenchReport, row } from './report.ts';
import { rounded } from './statistics.ts';
import type { BenchForm, SuiteOptions } from './suite.ts';

const roundsOf: Readonly<Record<BenchForm, number>> = { full: 3, quick: 1, check: 1 };
const clientTimeoutMs = 240_000;
const clientMain: string = fileURLToPath(new URL('./gateway/client-main.js', import.meta.url));
const stubMain: string = fileURLToPath(new URL('./gateway/stub-host-main.js', import.meta.url));

/** Arms that are npm packages, under `peers/gateway`. */
const peerNames = ['fastify', 'three-hop', 'three-hop-gather'] as const;

/**
 * Compares ways from a client to a host over HTTP: none, proxies, the plainest gateway over NATS, and Drover. All arms
 * have the same host, which costs hardly any CPU time, and the same client. The arms alternate within a round. The
 * machine is shared with client and host, so CPU times are compared and not rates.
 *
 * @throws Error when an arm does not start; in the form `check` also when an answer was not whole
 */
export async function runGateway(options: SuiteOptions): Promise<BenchReport> {
  const host = hostFacts();
  const { arms: all, notes } = await loadArms(options);
  const { arms, workloads } = choose(all, options.only);
  const rounds = options.rounds ?? roundsOf[options.form];
  const figures = new Figures();
  for (let round = 0; round < rounds; round += 1) {
    for (let index = 0; index < arms.length; index += 1) {
      const arm = arms[(index + round) % arms.length] as GatewayArm;
      await measureArm(arm, workloads, options, figures, `round ${round + 1}/${rounds}`);
    }
  }
  return {
    suite: 'gateway',
    quick: options.form !== 'full',
    host,
    notes,
    arms: rows(arms, workloads, figures),
    ratios: ratios(arms, workloads, figures),
    bars: judgeGateway(figures),
  };
}

async function loadArms(options: SuiteOptions): Promise<{ arms: GatewayArm[]; notes: string[] }> {
  const candidates: GatewayArm[] = [drover];
  if (options.form !== 'check') {
    await installPeers(options.progress);
    for (const name of peerNames)
      candidates.push(await loadPeerArm<GatewayArm>(peerArmFile('gateway', name)));
    candidates.push(direct, nginx, haproxy);
  }
  for (const extra of options.extraArms)
    candidates.push(
      await loadNamed<GatewayArm>(
        extra,
        ({ start, version }) => typeof start === 'function' && typeof version === 'function',
        'version() and start()',
      ),
    );
  const notes: string[] = [];
  const arms = candidates.filter((arm) => {
    try {
      notes.push(`arm ${arm.name} (${arm.version()}): ${arm.path}`);
      return true;
    } catch (error) {
      notes.push(`arm ${arm.name} is not available: ${(error as Error).message}`);
      return false;
    }
  });
  return { arms, notes };
}

/** The arms and workloads that `--only` names; of what it does not name, all. @throws UsageError for another name */
function choose(
  arms: readonly GatewayArm[],
  only: readonly string[],
): { arms: readonly GatewayArm[]; workloads: readonly GatewayWorkload[] } {
  const known = [...arms, ...gatewayWorkloads].map(({ name }) => name);
  const unknown = only.find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new UsageError(`no workload or arm ${JSON.stringify(unknown)} (${known.join(', ')})`);
  const pick = <T extends { readonly name: string }>(from: readonly T[]): readonly T[] => {
    const picked = from.filter(({ name }) => only.includes(name));
    return picked.length === 0 ? from : picked;
  };
  return { arms: pick(arms), workloads: pick(gatewayWorkloads) };
}

async function measureArm(
  arm: GatewayArm,
  workloads: readonly GatewayWorkload[],
  options: SuiteOptions,
  figures: Figures,
  label: string,
): Promise<void> {
  const host = await startReady<{ event: string; url: string }>(stubMain, [], { timeoutMs: 20_000 });
  let running: RunningGateway | undefined;
  try {
    running = await arm.start(host.ready.url);
    for (const workload of workloads) {
      const told = await measure(arm, running, workload, options.form, figures);
      options.progress(`${label} ${arm.name} ${workload.name}: ${told}`);
    }
  } finally {
    await running?.stop();
    await host.stop(2_000);
  }
}

async function measure(
  arm: GatewayArm,
  running: RunningGateway,
  workload: GatewayWorkload,
  form: BenchForm,
  figures: Figures,
): Promise<string> {
  const args = [clientMain, running.url, workload.name, form];
  const run = (): Promise<ClientOutcome> =>
    runForJson<ClientOutcome>(process.execPath, args, { timeoutMs: clientTimeoutMs });
  // Short requests are measured when their code is compiled; streams run long enough.
  if (workload.kind !== 'streams' && form !== 'check') await run();
  const before = usedSeconds(running);
  const outcome = await run();
  const used = usedSeconds(running).map(({ name, seconds }, index) => ({
    name,
    seconds: seconds - (before[index]?.seconds ?? 0),
  }));
  if (form === 'check' && outcome.wrong > 0)
    throw new Error(
      `${arm.name}, ${workload.name}: ${outcome.wrong} answers are wrong (${problems(outcome)})`,
    );
  const told: string[] = [];
  for (const { figure, value, unit } of measuresOf(workload.name, outcome, used)) {
    figures.add(figure, arm.name, value);
    told.push(`${figure.slice(workload.name.length + 1)} ${rounded(value, 1)} ${unit}`);
  }
  for (const { name, pid } of running.processes)
    figures.add(`${workload.name} memory ${name}`, arm.name, (residentBytes(pid) ?? Number.NaN) / 1e6);
  if (outcome.wrong > 0) told.push(`${outcome.wrong} WRONG: ${problems(outcome)}`);
  return told.join(', ');
}

/** CPU time so far, by name of the process. */
function usedSeconds({ processes }: RunningGateway): { name: string; seconds: number }[] {
  return processes.map(({ name, pid }) => ({ name, seconds: cpuSeconds(pid) ?? Number.NaN }));
}

function problems(outcome: ClientOutcome): string {
  return outcome.kind === 'streams' ? outcome.problems.join('; ') : 'another status than 200, or not whole';
}

/** All figures that an arm has, in the order in which they were measured. */
function rows(
  arms: readonly GatewayArm[],
  workloads: readonly GatewayWorkload[],
  figures: Figures,
): ArmRow[] {
  return workloads.flatMap((workload) =>
    figures.names(`${workload.name} `).flatMap((figure) =>
      arms.flatMap((arm) => {
        const values = figures.spread(figure, arm.name);
        return values === undefined ? [] : [row(arm.name, figure, unitOf(figure), values)];
      }),
    ),
  );
}

function unitOf(figure: string): string {
  if (figure.includes(' memory ')) return 'MB';
  if (figure.includes(' CPU')) return figure.startsWith('streams') ? 'us/token' : 'us/request';
  if (figure.endsWith(' rate')) return '/s';
  return figure.endsWith(' wrong') ? 'answers' : 'ms';
}

function ratios(
  arms: readonly GatewayArm[],
  workloads: readonly GatewayWorkload[],
  figures: Figures,
): { name: string; value: number }[] {
  return workloads.flatMap((workload) =>
    figures.names(`${workload.name} `).flatMap((figure) =>
      arms.flatMap((arm) => {
        const value = arm.name === drover.name ? undefined : figures.ratio(figure, drover.name, arm.name);
        return value === undefined || !Number.isFinite(value)
          ? []
          : [{ name: `${figure}, ${drover.name} / ${arm.name}`, value: rounded(value) }];
      }),
    ),
  );
}
