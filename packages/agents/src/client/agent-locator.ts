import type { ClusterNode } from '@drover/actor-core/cluster';
import type { AgentView } from '../agents-client.ts';
import type { AgentsConfig } from '../config.ts';
import { AgentsError, type AgentsErrorCode } from '../errors.ts';
import { agentOf, type DirectoryAsker } from './ask-directory.ts';
import { delay } from './delay.ts';
import { overdue } from './task-errors.ts';

/** The host of an agent, and the agent's incarnation there. */
export type Place = Pick<AgentView, 'node' | 'incarnation'>;

/** An agent as its tenant names it. */
export interface AgentAddress {
  readonly id: string;
  readonly tenant: string;
}

/** Pause between two questions about an agent that is being placed. */
export const locateRetryMs: number = 150;
const maxKnownPlaces = 1_000;
/** Error codes of a search that ended because its time had passed. */
const timeoutCodes: ReadonlySet<AgentsErrorCode> = new Set(['no-leader', 'agent-lost', 'bus-unavailable']);

/** Finds the host of an agent: from a bounded cache, else from the leader. */
export class AgentLocator {
  readonly #node: ClusterNode;
  readonly #asker: DirectoryAsker;
  readonly #waitMs: number;
  readonly #places = new Map<string, Place>();

  constructor(node: ClusterNode, asker: DirectoryAsker, { waitMs }: AgentsConfig) {
    this.#node = node;
    this.#asker = asker;
    this.#waitMs = waitMs;
  }

  /**
   * The place of an agent that is to run a task until `untilMs`.
   *
   * @throws AgentsError `deadline` if the task's time ends during the search; else the reason why the task cannot run
   */
  async locate(
    { id, tenant }: AgentAddress,
    task: { readonly untilMs: number; readonly timeoutMs: number },
    signal: AbortSignal | undefined,
  ): Promise<Place> {
    const leftMs = task.untilMs - this.#node.clock.now();
    if (leftMs <= 0) throw overdue(task.timeoutMs);
    try {
      return (
        this.#places.get(keyOf({ id, tenant })) ??
        (await this.#ask({ id, tenant }, Math.min(this.#waitMs, leftMs), signal))
      );
    } catch (error) {
      const isTimeout = error instanceof AgentsError && timeoutCodes.has(error.code);
      if (leftMs < this.#waitMs && isTimeout) throw overdue(task.timeoutMs, error);
      throw error;
    }
  }

  forget(address: AgentAddress): void {
    this.#places.delete(keyOf(address));
  }

  /** Asks the leader, and waits for an agent that is being placed. */
  async #ask({ id, tenant }: AgentAddress, waitMs: number, signal: AbortSignal | undefined): Promise<Place> {
    const untilMs = this.#node.clock.now() + waitMs;
    for (;;) {
      if (signal?.aborted) throw new AgentsError('cancelled', 'the task was cancelled');
      const leftMs = Math.max(1, untilMs - this.#node.clock.now());
      const answer = await this.#asker.ask(
        (replyTo) => ({ kind: 'get', id, tenant, replyTo }),
        leftMs,
        signal,
      );
      const agent = agentOf(answer, tenant);
      requireUsable(agent);
      if (agent.status !== 'starting' && agent.status !== 'lost')
        return this.#remember({ id, tenant }, agent);
      if (this.#node.clock.now() >= untilMs) {
        const message = `agent ${id} has no host; it is placed again as soon as a host is alive`;
        throw new AgentsError('agent-lost', message, { retryAfterMs: 1_000 });
      }
      await delay(this.#node.clock, locateRetryMs, signal);
    }
  }

  #remember(address: AgentAddress, { node, incarnation }: AgentView): Place {
    const place = { node, incarnation };
    for (const oldest of this.#places.keys()) {
      if (this.#places.size < maxKnownPlaces) break;
      this.#places.delete(oldest);
    }
    this.#places.set(keyOf(address), place);
    return place;
  }
}

/** A tenant must not find the agent of another one in the cache. */
function keyOf({ id, tenant }: AgentAddress): string {
  return `${tenant} ${id}`;
}

/** @throws AgentsError if the agent will never run another task */
function requireUsable({ id, status }: AgentView): void {
  if (status === 'stopped')
    throw new AgentsError('agent-stopped', `agent ${id} was stopped; spawn another one`);
  if (status === 'failed') {
    throw new AgentsError(
      'task-failed',
      `agent ${id} failed too often and is parked; stop it and spawn another one`,
    );
  }
}
