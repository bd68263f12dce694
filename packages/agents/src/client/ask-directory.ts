import type { ClusterNode, Leadership } from '@drover/actor-core/cluster';
import type { AgentsConfig } from '../config.ts';
import { AgentsError } from '../errors.ts';
import {
  type AnswerRef,
  type DirectoryAnswer,
  directoryAnswerSchema,
  type DirectoryMessage,
  directoryPath,
  type DirectoryRequest,
} from '../protocol/directory-message.ts';
import { delay } from './delay.ts';

/** What the leader answered, errors aside. */
export type Answered = Exclude<DirectoryAnswer, { kind: 'error' | 'not-leader' }>;

type Trouble = Extract<DirectoryAnswer, { kind: 'not-leader' }>['trouble'];

const retryMs = 100;

/** Asks the leader's directory, whoever leads: every request may be repeated, so each is, until its time is up. */
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
   * Whom to ask. A leader is not heard by its own node's followers, so a host that hears of nobody else asks itself:
   * its directory says so if it does not lead.
   */
  get leader(): string | undefined {
    const { roles, nodeId, presence } = this.#node;
    const known = this.#leadership.current()?.node ?? (roles.includes('host') ? nodeId : undefined);
    // Without a leader, ask a host for the reason.
    return (
      known ?? presence.members().find((one) => one.state === 'alive' && one.roles.includes('host'))?.node
    );
  }

  /** @throws AgentsError what the leader said, `no-leader`, `bus-unavailable` */
  async ask(
    make: (replyTo: AnswerRef) => DirectoryRequest,
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

  /** Undefined when no answer came, or none that this version understands. */
  async #attempt(
    leader: string,
    make: (replyTo: AnswerRef) => DirectoryRequest,
    attemptMs: number,
  ): Promise<DirectoryAnswer | undefined> {
    const { system, log } = this.#node;
    const timeoutMs = Math.max(1, attemptMs);
    const directory = system.refFor<DirectoryMessage>(leader, directoryPath);
    try {
      const answer = await system.ask<DirectoryMessage, DirectoryAnswer>(directory, make, {
        timeoutMs,
        lane: 'request',
      });
      const parsed = directoryAnswerSchema.safeParse(answer);
      if (parsed.success) return parsed.data;
      log.warn({ leader, issue: parsed.error.issues[0] }, 'agents: the leader answered something unknown');
    } catch (error) {
      log.debug({ leader, err: error }, 'agents: the leader did not answer; asking again');
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
