import type { ActorContext, ActorRef } from '@drover/actor-core';

/** An unreachable asker has sent no message within the silence limit. */
export interface AskerSilent {
  readonly kind: 'asker-silent';
  readonly asker: string;
}

/**
 * Askers with an open task whose node was reported down. The node may still run and only be paused or disconnected, and
 * a live asker sends a message every `probeMs`. An asker that sends a message within `silenceMs` is watched again;
 * every other asker is reported as silent.
 */
export class UnreachableAskers<R extends ActorRef<never>> {
  readonly #context: Pick<ActorContext<AskerSilent>, 'setTimer' | 'cancelTimer' | 'watch'>;
  readonly #silenceMs: number;
  readonly #byKey = new Map<string, R>();

  constructor(
    context: Pick<ActorContext<AskerSilent>, 'setTimer' | 'cancelTimer' | 'watch'>,
    silenceMs: number,
  ) {
    this.#context = context;
    this.#silenceMs = silenceMs;
  }

  add(asker: R): void {
    const key = keyOf(asker);
    this.#byKey.set(key, asker);
    this.#context.setTimer(`away-${key}`, this.#silenceMs, { kind: 'asker-silent', asker: key });
  }

  /** A message from the asker has arrived. */
  noteMessage(asker: ActorRef<never>): void {
    // Watches the ref of the task: a ref from a later message is another object.
    const known = this.remove(asker);
    if (known !== undefined) this.#context.watch(known);
  }

  remove(asker: ActorRef<never>): R | undefined {
    return this.take(keyOf(asker));
  }

  /** Removes and returns the asker whose key an `AskerSilent` message names. */
  take(key: string): R | undefined {
    const known = this.#byKey.get(key);
    if (known === undefined) return undefined;
    this.#byKey.delete(key);
    this.#context.cancelTimer(`away-${key}`);
    return known;
  }
}

function keyOf({ address: { node, nodeIncarnation, uid } }: ActorRef<never>): string {
  return `${node}/${nodeIncarnation}/${uid}`;
}
