import type { ActorContext, ActorRef } from '@drover/actor-core';

/** An asker that was away has not been heard in time. */
export interface AskerSilent {
  readonly kind: 'asker-silent';
  readonly asker: string;
}

/**
 * Askers whose node was reported down while they had a task here. That may be a node that stands still, and an asker
 * is heard every `probeMs`, so silence decides: one heard within `silenceMs` is watched again, another one is gone.
 */
export class AwayAskers<R extends ActorRef<never>> {
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

  heard(asker: ActorRef<never>): void {
    // The ref first watched, which is the one its task has.
    const known = this.remove(asker);
    if (known !== undefined) this.#context.watch(known);
  }

  remove(asker: ActorRef<never>): R | undefined {
    return this.take(keyOf(asker));
  }

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
