import type { ActorRef } from '@drover/actor-core';

/** Who waits until the models of an instance were listed again. */
export class RelistAskers {
  #askers: { readonly replyTo: ActorRef<'relisted'>; readonly askedAtMs: number }[] = [];

  add(replyTo: ActorRef<'relisted'>, askedAtMs: number): void {
    this.#askers.push({ replyTo, askedAtMs });
  }

  /** Answers those who asked before the probe began. False where others wait, who need another probe. */
  probed(beganAtMs: number): boolean {
    for (const { replyTo, askedAtMs } of this.#askers) if (askedAtMs <= beganAtMs) replyTo.tell('relisted');
    this.#askers = this.#askers.filter(({ askedAtMs }) => askedAtMs > beganAtMs);
    return this.#askers.length === 0;
  }
}
