import { InvalidArgumentError } from '@drover/actor-core';
import { createLoadedFirst } from './loaded-first.ts';
import { createResidentFirst } from './resident-first.ts';
import type { CreateRoutingPolicy, RoutingContext, RoutingPolicy } from './routing-policy.ts';

/** Every routing policy, by the name that a request uses. */
const policies: Readonly<Record<string, CreateRoutingPolicy>> = {
  'loaded-first': createLoadedFirst,
  'resident-first': createResidentFirst,
};

/** Names of all routing policies. */
export const routingPolicyNames: readonly string[] = Object.freeze(Object.keys(policies));

/** The policies of one fleet client. Each policy is made at its first use and then kept with its state. */
export class RoutingPolicies {
  readonly #context: RoutingContext;
  readonly #made = new Map<string, RoutingPolicy>();

  constructor(context: RoutingContext) {
    this.#context = context;
  }

  /** @throws InvalidArgumentError naming `policy`: no policy has this name */
  get(name: string): RoutingPolicy {
    let policy = this.#made.get(name);
    if (policy === undefined) {
      if (!Object.hasOwn(policies, name)) throw unknownPolicy(name);
      policy = (policies[name] as CreateRoutingPolicy)(this.#context);
      this.#made.set(name, policy);
    }
    return policy;
  }
}

function unknownPolicy(name: string): InvalidArgumentError {
  return new InvalidArgumentError(
    'policy',
    `must be one of ${routingPolicyNames.join(', ')} (got ${JSON.stringify(name)})`,
  );
}
