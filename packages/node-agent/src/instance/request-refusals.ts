import type { ActorRef } from '@drover/actor-core';
import { queueRetryAfterMs, type RefusalCode, type SessionMessage, type StreamOpen } from '@drover/fleet';
import type { NodeAgentLimits, ResolvedInstance } from '../config.ts';
import type { Counters } from '../stats.ts';
import type { Health } from './health.ts';

export interface RefusalTask {
  readonly instance: ResolvedInstance;
  readonly limits: NodeAgentLimits;
  readonly counters: Counters;
}

/** Facts of the instance for a refusal. */
export interface RefusalFacts {
  readonly health: Health;
  /** Expected wait for a slot. */
  readonly waitMs: number;
}

/** A received request. */
export interface ReceivedRequest {
  readonly open: StreamOpen;
  readonly replyTo: ActorRef<SessionMessage>;
  /** W3C traceparent of the request. @default none */
  readonly trace?: string | undefined;
}

/** A signer whose key is not known announces it again within 5 s. */
const notSignedRetryMs = 1_000;

const notSignedTexts = {
  missing: 'the cluster has keys, and the request has no signed principal',
  'unknown-signer': 'the key of the node that signed the request is not known yet',
  forged: 'the signature of the request does not fit it',
} as const;

/** Refuses requests on behalf of an instance: nothing of them ran, so their sessions may try other instances. */
export class RequestRefusals {
  readonly #task: RefusalTask;
  readonly #facts: () => RefusalFacts;

  constructor(task: RefusalTask, facts: () => RefusalFacts) {
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

  refuse(code: RefusalCode, message: string, { open, replyTo }: ReceivedRequest, retryAfterMs = 0): void {
    this.#task.counters.refused[code] += 1;
    replyTo.tell({ kind: 'refused', streamId: open.streamId, code, message, retryAfterMs });
  }

  full(reason: string, request: ReceivedRequest): void {
    const message = `${this.#task.instance.name} is full: ${reason}`;
    this.refuse('queue-full', message, request, queueRetryAfterMs(this.#facts().waitMs));
  }

  down(request: ReceivedRequest): void {
    this.refuse('instance-down', this.downText, request, this.#task.limits.probeIntervalMs);
  }

  draining(request: ReceivedRequest): void {
    this.refuse('draining', 'the node is draining', request);
  }

  /** The code is one that sessions of 0.3.0 know: they try another instance. */
  notSigned(verdict: keyof typeof notSignedTexts, request: ReceivedRequest): void {
    this.refuse('instance-down', notSignedTexts[verdict], request, notSignedRetryMs);
  }

  unlisted(request: ReceivedRequest): void {
    const { model } = request.open;
    this.refuse('model-missing', `${this.#task.instance.name} does not list the model ${model}`, request);
  }
}
