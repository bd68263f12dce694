import type { ActorContext, ActorRef } from '@drover/actor-core';
import type { ModelListing, OllamaRunning } from '@drover/fleet';
import type { NodeAgentLimits } from '../config.ts';
import type { Ollama } from '../ollama/ollama.ts';
import { askRunning } from '../ollama/probe.ts';
import type { InstanceInbox } from './instance-internal.ts';

/** Largest number of askers that wait at once; further askers get the known list. */
const maxAskers = 256;

/**
 * Requests for a fresh list of loaded models. Each waits for a query of Ollama that starts after the request. At most
 * one query runs at a time, and it answers all requests that wait for it.
 */
export class FreshListing {
  readonly #task: { readonly ollama: Ollama; readonly limits: NodeAgentLimits };
  readonly #context: ActorContext<InstanceInbox>;
  /** Askers that wait for the next query. */
  #later: ActorRef<ModelListing>[] = [];
  /** Askers that wait for the running query; undefined while no query runs. */
  #now: ActorRef<ModelListing>[] | undefined;

  constructor(
    task: { readonly ollama: Ollama; readonly limits: NodeAgentLimits },
    context: ActorContext<InstanceInbox>,
  ) {
    this.#task = task;
    this.#context = context;
  }

  /** Queries Ollama for `replyTo`; the outcome arrives as `running-listed`. False if there is no room. */
  ask(replyTo: ActorRef<ModelListing>): boolean {
    if (this.#later.length + (this.#now?.length ?? 0) >= maxAskers) return false;
    this.#later.push(replyTo);
    this.#maybeBegin();
    return true;
  }

  /** The query ended: returns the askers that it answers, and starts the next query if others wait. */
  finish(): readonly ActorRef<ModelListing>[] {
    const answered = this.#now ?? [];
    this.#now = undefined;
    this.#maybeBegin();
    return answered;
  }

  #maybeBegin(): void {
    if (this.#now !== undefined || this.#later.length === 0) return;
    this.#now = this.#later;
    this.#later = [];
    const askedAtMs = this.#context.clock.now();
    const listed = (running: readonly OllamaRunning[] | undefined): InstanceInbox => ({
      kind: 'running-listed',
      askedAtMs,
      running,
    });
    this.#context.pipeToSelf(askRunning(this.#task.ollama, this.#task.limits.listTimeoutMs), listed, () =>
      listed(undefined),
    );
  }
}
