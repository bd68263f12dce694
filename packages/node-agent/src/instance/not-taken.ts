import type { ActorRef } from '@drover/actor-core';
import { queueRetryAfterMs, type RefusalCode, type SessionMessage, type StreamOpen } from '@drover/fleet';
import type { NodeAgentLimits, ResolvedInstance } from '../config.ts';
import type { Counters } from '../stats.ts';
import type { Health } from './health.ts';

export interface NotTakenTask {
  readonly instance: ResolvedInstance;
  readonly limits: NodeAgentLimits;
  readonly counters: Counters;
}

/** Facts of the instance for a refusal. */
export interface NotTakenFacts {
  readonly health: Health;
  /** Expected wait for a slot. */
  readonly waitMs: number;
}

/** A received request and its session. */
type Asked = readonly [open: StreamOpen, replyTo: ActorRef<SessionMessage>];

/** Refusals of an instance: no part of the request ran, so that its session may try another instance. */
export class NotTaken {
  readonly #task: NotTakenTask;
  readonly #facts: () => NotTakenFacts;

  constructor(task: NotTakenTask, facts: () => NotTakenFacts) {
    this.#task = task;
    this.#facts = facts;
  }

  get downText(): string {
    const { state, reason } = this.#facts().health;
    return `the Ollama ${this.#task.instance.name} is ${state}: ${reason}`;
  }

  /** Reason to refuse a body of this size; undefined to accept it. */
  whyBadBody(bodyBytes: number): string | undefined {
    const { maxBodyBytes } = this.#task.limits;
    if (bodyBytes === 0) return 'the request has no body';
    if (bodyBytes <= maxBodyBytes) return undefined;
    return `the body has ${bodyBytes} bytes, maxBodyBytes is ${maxBodyBytes}`;
  }

  say(code: RefusalCode, message: string, [open, replyTo]: Asked, retryAfterMs = 0): void {
    this.#task.counters.refused[code] += 1;
    replyTo.tell({ kind: 'refused', streamId: open.streamId, code, message, retryAfterMs });
  }

  full(reason: string, asked: Asked): void {
    const message = `${this.#task.instance.name} is full: ${reason}`;
    this.say('queue-full', message, asked, queueRetryAfterMs(this.#facts().waitMs));
  }

  down(asked: Asked): void {
    this.say('instance-down', this.downText, asked, this.#task.limits.probeIntervalMs);
  }

  draining(asked: Asked): void {
    this.say('draining', 'the node is draining', asked);
  }

  unlisted(asked: Asked): void {
    const [{ model }] = asked;
    this.say('model-missing', `${this.#task.instance.name} does not list the model ${model}`, asked);
  }
}
