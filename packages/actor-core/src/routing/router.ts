import type { ActorAddress, ActorRef, TellOptions } from '../actor/actor-ref.ts';
import type { ActorSystem } from '../actor/actor-system.ts';
import type { AskOptions } from '../actor/ask-options.ts';
import { LocalSystem } from '../system/local-system.ts';
import { NoTargetsError } from '../errors.ts';
import type { Registry } from '../registry/registry.ts';
import type { RoutingStrategy } from './strategy.ts';

/** The possible targets at this moment. */
export type Targets<M> = () => readonly ActorRef<M>[];

/** A fixed list of targets. */
export function fixedTargets<M>(targets: readonly ActorRef<M>[]): Targets<M> {
  return () => targets;
}

/** The members of a group at the moment of each message. */
export function groupTargets<M>(registry: Registry, group: string): Targets<M> {
  return () => registry.members<M>(group);
}

/** Distributes messages among targets by a strategy. */
export interface Router<M> {
  /**
   * Sends to the targets that the strategy picks. Returns false without a target: the message becomes a dead letter
   * with the reason `no-targets`.
   */
  tell(message: M, options?: TellOptions): boolean;
  /**
   * Asks the first target that the strategy picks. `make` is called twice: the first message is only shown to the
   * strategy.
   *
   * @throws NoTargetsError
   * @throws whatever `ActorSystem.ask` throws
   */
  ask<R>(make: (replyTo: ActorRef<R>) => M, options: AskOptions<R>): Promise<R>;
}

/** Creates a router. It is no actor: routing costs no hop and no mailbox. */
export function createRouter<M>(
  system: ActorSystem,
  targets: Targets<M>,
  strategy: RoutingStrategy<M>,
): Router<M> {
  return {
    tell(message, options) {
      const current = targets();
      let isSent = false;
      for (const index of current.length === 0 ? [] : strategy(message, current)) {
        current[index]?.tell(message, options);
        isSent ||= index in current;
      }
      if (!isSent && system instanceof LocalSystem)
        system.node.events.deadLetter(nowhere(system), 'no-targets', undefined, undefined, message);
      return isSent;
    },
    ask<R>(make: (replyTo: ActorRef<R>) => M, options: AskOptions<R>): Promise<R> {
      const current = targets();
      const index = current.length === 0 ? undefined : strategy(make(nobody), current)[0];
      const target = index === undefined ? undefined : current[index];
      if (target === undefined) return Promise.reject(new NoTargetsError());
      return system.ask<M, R>(target, make, options);
    },
  };
}

function nowhere({ nodeId, incarnation }: ActorSystem): ActorAddress {
  return { node: nodeId, nodeIncarnation: incarnation, path: '$router', uid: 0 };
}

/** Placeholder for the asker while the strategy looks at the question. */
const nobody: ActorRef<unknown> = {
  address: { node: '', nodeIncarnation: 0, path: '', uid: 0 },
  tell: () => undefined,
};
