import { badConfiguration, CommandError, exitCodes } from '../errors.ts';
import { defaultOllamaUrl, type OllamaUrl, parseOllamaAddress, shownUrl } from './ollama-address.ts';
import type { ProbeResult } from './probe.ts';

/** What the user stated about hosts. */
export interface HostWish {
  /** Values of `--ollama`, as written. */
  readonly ollama: readonly string[];
  /** Value of `--sim`; undefined if the user did not state it. */
  readonly sim: number | undefined;
  /** The OLLAMA_HOST variable. */
  readonly ollamaHost: string | undefined;
}

/** Addresses to probe. */
export interface ProbePlan {
  /** Named by `--ollama`: each must be an Ollama. */
  readonly named: readonly OllamaUrl[];
  /** Addresses where an Ollama may run, best first: the first that answers is used. */
  readonly guessed: readonly OllamaUrl[];
}

export interface HostChoice {
  readonly hosts: readonly OllamaUrl[];
  /** Hosts among `hosts` that have no model yet. */
  readonly withoutModels: readonly OllamaUrl[];
  /** Simulated hosts to start. */
  readonly simulate: number;
  /** Notes for the user about the choice, one line each. */
  readonly notes: readonly string[];
}

const simulatedByDefault = 2;

/** @throws CommandError `bad-configuration` naming the field, for contradictions and unreadable addresses */
export function planProbes(wish: HostWish): ProbePlan {
  if (wish.ollama.length > 0 && (wish.sim ?? 0) > 0) {
    throw badConfiguration(
      '--sim',
      `${wish.sim} and --ollama contradict each other: the hosts are either simulated or real`,
    );
  }
  const named = wish.ollama.map((text) => {
    const url = parseOllamaAddress(text);
    if (url === undefined) throw badConfiguration('--ollama', `is no address: ${shownUrl(text)}`);
    return url;
  });
  const shown = named.map(shownUrl);
  const twice = shown.find((url, index) => shown.indexOf(url) !== index);
  if (twice !== undefined) throw badConfiguration('--ollama', `names ${shownUrl(twice)} twice`);
  if (named.length > 0 || (wish.sim ?? 0) > 0) return { named, guessed: [] };
  if (wish.ollamaHost === undefined || wish.ollamaHost.trim() === '')
    return { named, guessed: [defaultOllamaUrl] };
  const fromEnvironment = parseOllamaAddress(wish.ollamaHost);
  if (fromEnvironment === undefined)
    throw badConfiguration('OLLAMA_HOST', `is no address: ${shownUrl(wish.ollamaHost)}`);
  return { named, guessed: [...new Set([fromEnvironment, defaultOllamaUrl])] };
}

/**
 * Decides from the results of the probes which hosts the fleet starts with. Pure.
 *
 * @throws CommandError `bad-configuration` when a named host is a Drover gateway; `ollama-missing` when no named host
 *   answers as an Ollama, or when no Ollama was found and `--sim 0` forbids simulated hosts
 */
export function chooseHosts(wish: HostWish, plan: ProbePlan, probes: readonly ProbeResult[]): HostChoice {
  const probeOf = (url: OllamaUrl): ProbeResult =>
    probes.find((probe) => probe.url === url) ?? { kind: 'silent', url, detail: 'not probed' };
  if (plan.named.length > 0) return chooseNamed(plan.named.map(probeOf));
  if ((wish.sim ?? 0) > 0) return { hosts: [], withoutModels: [], simulate: wish.sim ?? 0, notes: [] };
  const notes: string[] = [];
  for (const probe of plan.guessed.map(probeOf)) {
    if (probe.kind === 'ollama') return choiceOf([probe], notes);
    if (probe.kind === 'drover')
      notes.push(`${shownUrl(probe.url)} is a Drover gateway, not a host: left out`);
    else if (wish.ollamaHost !== undefined && probe.url !== defaultOllamaUrl) {
      notes.push(`OLLAMA_HOST names ${shownUrl(probe.url)}: ${probe.detail}`);
    } else if (probe.kind === 'not-ollama') notes.push(`${shownUrl(probe.url)}: ${probe.detail}`);
  }
  if (wish.sim === 0) {
    throw new CommandError(
      'ollama-missing',
      exitCodes.missing,
      `no Ollama answers at ${plan.guessed.map(shownUrl).join(' or ')}, and --sim 0 forbids simulated hosts`,
      { fix: 'start one with "ollama serve", or name one with --ollama URL' },
    );
  }
  notes.push(`no Ollama found at ${plan.guessed.map(shownUrl).join(' or ')}: starting SIMULATED hosts`);
  return { hosts: [], withoutModels: [], simulate: simulatedByDefault, notes };
}

function chooseNamed(probes: readonly ProbeResult[]): HostChoice {
  const gateway = probes.find((probe) => probe.kind === 'drover');
  if (gateway !== undefined) {
    throw badConfiguration(
      '--ollama',
      `${shownUrl(gateway.url)} is a Drover gateway, not an Ollama; name the hosts behind it`,
    );
  }
  const broken = probes.filter((probe) => 'detail' in probe);
  if (broken.length === probes.length) {
    const list = broken.map((probe) => `${shownUrl(probe.url)} (${probe.detail})`).join(', ');
    throw new CommandError('ollama-missing', exitCodes.missing, `no host answers as an Ollama: ${list}`, {
      fix: 'start it with "ollama serve", or correct --ollama',
    });
  }
  // One reachable host is enough: the node-agents of the other hosts report them ready when they come back.
  return choiceOf(
    probes,
    broken.map(
      (probe) => `${shownUrl(probe.url)} does not serve now (${probe.detail}): it joins when it does`,
    ),
  );
}

function choiceOf(probes: readonly ProbeResult[], notes: readonly string[]): HostChoice {
  return {
    hosts: probes.map((probe) => probe.url),
    withoutModels: probes
      .filter((probe) => probe.kind === 'ollama' && probe.models.length === 0)
      .map((probe) => probe.url),
    simulate: 0,
    notes,
  };
}
