import type { ClusterNode, Leadership } from '@drover/actor-core/cluster';
import type { AgentView } from '../agents-client.ts';
import type { AgentsConfig } from '../config.ts';
import { AgentsError } from '../errors.ts';
import { type AnswerRef, type DirectoryAnswer, directoryAnswerSchema } from '../protocol/directory-answer.ts';
import { type DirectoryMessage, directoryPath } from '../protocol/directory-message.ts';
import type { DirectoryRequest } from '../protocol/directory-request.ts';
import { defaultTenant } from '../protocol/limits.ts';
import { delay } from './delay.ts';

/** An answer of the leader other than an error. */
export type Answered = Exclude<DirectoryAnswer, { kind: 'error' | 'not-leader' }>;

type Trouble = Extract<DirectoryAnswer, { kind: 'not-leader' }>['trouble'];

/** Makes the request for one attempt. `leader`: the node that is asked. */
export type MakeRequest = (replyTo: AnswerRef, leader: string) => DirectoryRequest;

const retryMs = 100;

/** Asks the directory of the current leader. Each request is repeated until it is answered or its time has passed. */
export class DirectoryAsker {
  readonly #node: ClusterNode;
  readonly #leadership: Leadership;
  readonly #config: AgentsConfig;

  constructor(node: ClusterNode, leadership: Leadership, config: AgentsConfig) {
    this.#node = node;
    this.#leadership = leadership;
    this.#config = config;
  }

  /**
   * Node to ask. A leader's announcements do not reach followers on its own node, so a host without a known leader asks
   * its own directory, which answers `not-leader` if it does not lead.
   */
  get leader(): string | undefined {
    const { roles, nodeId, presence } = this.#node;
    const known = this.#leadership.current()?.node ?? (roles.includes('host') ? nodeId : undefined);
    if (known !== undefined) return known;
    // Without a leader, any live host can answer with the reason.
    return presence.members().find((member) => member.state === 'alive' && member.roles.includes('host'))
      ?.node;
  }

  /**
   * @param waitMs longest time for all attempts
   * @throws AgentsError with the leader's error, `no-leader` or `bus-unavailable`
   */
  async ask(
    make: MakeRequest,
    waitMs: number,
    signal?: AbortSignal,
    attemptMs: number = this.#config.askTimeoutMs,
  ): Promise<Answered> {
    const untilMs = this.#node.clock.now() + waitMs;
    let trouble: Trouble;
    for (;;) {
      const { leader } = this;
      const leftMs = untilMs - this.#node.clock.now();
      const answer =
        leader === undefined ? undefined : await this.#attempt(leader, make, Math.min(attemptMs, leftMs));
      if (answer?.kind === 'error') {
        const { code, message, field, retryAfterMs } = answer;
        throw new AgentsError(code, message, { retryAfterMs, ...(field === undefined ? {} : { field }) });
      }
      if (answer !== undefined && answer.kind !== 'not-leader') return answer;
      trouble = answer?.trouble ?? trouble;
      if (signal?.aborted) throw new AgentsError('cancelled', 'the request was cancelled');
      if (untilMs - this.#node.clock.now() <= retryMs) throw this.#giveUp(waitMs, trouble);
      await delay(this.#node.clock, retryMs, signal);
    }
  }

  /** Undefined without an answer that this version understands. */
  async #attempt(leader: string, make: MakeRequest, attemptMs: number): Promise<DirectoryAnswer | undefined> {
    const { system, log } = this.#node;
    const timeoutMs = Math.max(1, attemptMs);
    const directory = system.refFor<DirectoryMessage>(leader, directoryPath);
    try {
      const answer = await system.ask<DirectoryMessage, DirectoryAnswer>(
        directory,
        (replyTo) => make(replyTo, leader),
        {
          timeoutMs,
          lane: 'request',
        },
      );
      const parsed = directoryAnswerSchema.safeParse(answer);
      if (parsed.success) return parsed.data;
      log.warn({ leader, issue: parsed.error.issues[0] }, 'agents: the leader sent an unknown answer');
    } catch (error) {
      log.debug({ leader, err: error }, 'agents: the leader did not answer; retrying');
    }
    return undefined;
  }

  #giveUp(waitMs: number, trouble: Trouble): AgentsError {
    if (!this.#node.transport.connected) {
      return new AgentsError('bus-unavailable', 'not connected to NATS; check that it runs', {
        retryAfterMs: 1_000,
      });
    }
    if (trouble !== undefined) return new AgentsError(trouble.code, trouble.message, { retryAfterMs: 5_000 });
    const leader = this.#leadership.current()?.node;
    const message =
      leader === undefined
        ? `no host leads the agents after ${Math.round(waitMs)} ms; start one with \`drover host\``
        : `${leader}, which leads the agents, did not answer for ${Math.round(waitMs)} ms`;
    return new AgentsError('no-leader', message, { retryAfterMs: 1_000 });
  }
}

/**
 * The agent of an answer. A leader of 0.3.0 knows no tenants and answers with every agent, so the tenant is compared
 * here too.
 *
 * @throws AgentsError if the answer is not an agent, or not one of the tenant
 */
export function agentOf(answer: Answered, tenant: string): AgentView {
  if (answer.kind !== 'agent') throw unexpected(answer);
  const { agent } = answer;
  if (isOfTenant(agent, tenant)) return agent;
  throw new AgentsError('agent-not-found', `no agent ${agent.id}; list the agents to see their ids`);
}

export function isOfTenant(
  { tenant: owner = defaultTenant }: { readonly tenant?: string | undefined },
  tenant: string,
): boolean {
  return owner === tenant;
}

export function unexpected(answer: Answered): AgentsError {
  const message = `the leader sent the answer ${answer.kind} to another question; it runs another version`;
  return new AgentsError('no-leader', message);
}
