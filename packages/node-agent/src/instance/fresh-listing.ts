import type { ActorContext, ActorRef } from '@drover/actor-core';
import type { CatalogueMessage, OllamaRunning } from '@drover/fleet';
import type { NodeAgentLimits } from '../config.ts';
import type { Ollama } from '../ollama/ollama.ts';
import { askRunning } from '../ollama/probe.ts';
import type { InstanceInbox } from './instance-internal.ts';

/** Askers that may wait at once; one more gets the newest answer known. */
const maxAskers = 256;

/**
 * Those who asked what this Ollama has loaded *now*: they wait for a question that begins after theirs. One question
 * answers all who wait for it, however many they are, and at most one is under way.
 */
export class FreshListing {
  readonly #task: { readonly ollama: Ollama; readonly limits: NodeAgentLimits };
  readonly #context: ActorContext<InstanceInbox>;
  /** Waiting for a question that has not begun. */
  #later: ActorRef<CatalogueMessage>[] = [];
  /** Waiting for the question under way; undefined while none is. */
  #now: ActorRef<CatalogueMessage>[] | undefined;

  constructor(
    task: { readonly ollama: Ollama; readonly limits: NodeAgentLimits },
    context: ActorContext<InstanceInbox>,
  ) {
    this.#task = task;
    this.#context = context;
  }

  /** Asks for `replyTo`; the outcome arrives as `running-listed`. False if there is no room. */
  ask(replyTo: ActorRef<CatalogueMessage>): boolean {
    if (this.#later.length + (this.#now?.length ?? 0) >= maxAskers) return false;
    this.#later.push(replyTo);
    this.#maybeBegin();
    return true;
  }

  /** The question is over: hands out those it answers for, and asks again for those who came since. */
  finish(): readonly ActorRef<CatalogueMessage>[] {
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
