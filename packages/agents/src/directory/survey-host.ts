import type { HostedAgent } from '../protocol/directory-message.ts';
import { bringBack, confirm } from './host-agent.ts';
import type { HostSeen, Moment, DirectoryEffect, DirectoryEvent } from './directory-event.ts';
import type { AgentEntry, HostEntry, DirectoryState } from './directory-state.ts';
import { writeAgent } from './write-record.ts';

/**
 * Anti-entropy between the records and what hosts really run. Orders and reports may be lost; a survey finds
 * agents that run and should not, agents that should and do not, and runs that a host has after all.
 */

type Inventory<R> = Extract<DirectoryEvent<R>, { type: 'inventory' }>;
type States<R> = Extract<DirectoryEvent<R>, { type: 'states' }>;

/** Takes over what presence says, and asks hosts that are due. */
export function surveyHosts<R>(
  state: DirectoryState<R>,
  seen: readonly HostSeen[],
  nowMs: number,
): DirectoryEffect<R>[] {
  const effects: DirectoryEffect<R>[] = [];
  for (const host of seen) {
    const known = state.hosts.get(host.node);
    const fresh = !known || known.incarnation !== host.incarnation || (host.alive && !known.alive);
    const entry: HostEntry = {
      ...host,
      surveyDueAtMs: fresh ? nowMs : known.surveyDueAtMs,
      survey: fresh ? undefined : known.survey,
    };
    state.hosts.set(host.node, entry);
    if (!host.alive || entry.surveyDueAtMs > nowMs) continue;
    const number = state.nextSurvey++;
    entry.surveyDueAtMs = nowMs + state.config.surveyMs;
    entry.survey = { number, sentAtMs: nowMs, pages: new Map() };
    effects.push({ type: 'order', node: host.node, order: { kind: 'survey', survey: number } });
  }
  const present = new Set(seen.map((host) => host.node));
  for (const node of state.hosts.keys()) if (!present.has(node)) state.hosts.delete(node);
  return effects;
}

export function handleInventory<R>(
  state: DirectoryState<R>,
  event: Inventory<R>,
  moment: Moment,
): DirectoryEffect<R>[] {
  const host = currentHost(state, event);
  if (!host) return [];
  const effects = event.agents.flatMap((hosted) => compare(state, host, hosted, moment));
  const { survey } = host;
  if (survey?.number !== event.survey) return effects;
  survey.pages.set(event.page, event.agents);
  if (survey.pages.size < event.pages) return effects;
  host.survey = undefined;
  const hosted = new Set([...survey.pages.values()].flat().map((agent) => agent.id));
  for (const entry of state.agents.values()) {
    if (!hosted.has(entry.record.id) && shouldHaveBeenThere(entry, host, survey.sentAtMs)) {
      effects.push(...bringBack(state, entry, moment, 'its host no longer runs it'));
    }
  }
  return effects;
}

export function handleStates<R>(state: DirectoryState<R>, event: States<R>): DirectoryEffect<R>[] {
  const host = currentHost(state, event);
  if (!host) return [];
  return event.agents.flatMap((hosted) => {
    const entry = state.agents.get(hosted.id);
    if (!entry || !isThisLife(entry, host, hosted.incarnation) || entry.phase !== 'active') return [];
    entry.reported = hosted.state;
    return adoptModel(state, entry, hosted.model);
  });
}

/** The host that speaks, if presence knows that life of it. */
export function currentHost(
  state: DirectoryState<unknown>,
  stamp: { readonly node: string; readonly nodeIncarnation: number },
): HostEntry | undefined {
  const host = state.hosts.get(stamp.node);
  return host?.incarnation === stamp.nodeIncarnation ? host : undefined;
}

export function isThisLife(entry: AgentEntry<unknown>, host: HostSeen, incarnation: number): boolean {
  const { record, phase } = entry;
  const placed = phase === 'active' || phase === 'activating';
  return (
    placed &&
    record.node === host.node &&
    record.nodeIncarnation === host.incarnation &&
    record.incarnation === incarnation
  );
}

function compare<R>(
  state: DirectoryState<R>,
  host: HostEntry,
  hosted: HostedAgent,
  moment: Moment,
): DirectoryEffect<R>[] {
  const entry = state.agents.get(hosted.id);
  if (!entry || !isThisLife(entry, host, hosted.incarnation)) {
    return [
      {
        type: 'order',
        node: host.node,
        order: {
          kind: 'deactivate',
          id: hosted.id,
          incarnation: hosted.incarnation,
          final: entry?.phase === 'stopped',
        },
      },
    ];
  }
  for (const runId of hosted.runs) {
    const run = state.runs.get(runId);
    if (run) run.dispatched = true;
  }
  return [...confirm(entry, hosted, moment), ...adoptModel(state, entry, hosted.model)];
}

/** The first task decided the model; from now on every life of the agent has it. */
function adoptModel<R>(state: DirectoryState<R>, entry: AgentEntry<R>, model: string): DirectoryEffect<R>[] {
  if (model === '' || entry.record.model !== '') return [];
  entry.record = { ...entry.record, model };
  return [writeAgent(state, entry)];
}

/** Confirmed before the question was asked, or taken over from a leader that had placed it. */
function shouldHaveBeenThere(entry: AgentEntry<unknown>, host: HostEntry, askedAtMs: number): boolean {
  if (!isThisLife(entry, host, entry.record.incarnation)) return false;
  if (entry.phase === 'active') return entry.confirmedAtMs < askedAtMs;
  return entry.durable && entry.orders === 0;
}
