import type { ActorRef } from '@drover/actor-core';
import type { CatalogueMessage } from '@drover/fleet';

/** Askers that may wait at once; one more gets the newest answer known. */
const maxAskers = 256;

/**
 * Those who asked what this Ollama lists *now*: they wait for a probe that begins after they asked. One probe
 * answers all who wait for it, however many they are.
 */
export class FreshDescribes {
  #later: ActorRef<CatalogueMessage>[] = [];
  #now: ActorRef<CatalogueMessage>[] = [];

  /** False if there is no room. */
  add(replyTo: ActorRef<CatalogueMessage>): boolean {
    if (this.#later.length + this.#now.length >= maxAskers) return false;
    this.#later.push(replyTo);
    return true;
  }

  /** A probe begins: it answers for everyone who waits by now. */
  begin(): void {
    this.#now.push(...this.#later);
    this.#later = [];
  }

  /** The probe is over: hands out those it answers for. */
  finish(): readonly ActorRef<CatalogueMessage>[] {
    const answered = this.#now;
    this.#now = [];
    return answered;
  }

  /** True if somebody waits for a probe that has not begun. */
  get wanted(): boolean {
    return this.#later.length > 0;
  }
}
