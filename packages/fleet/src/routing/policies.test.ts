import { ManualClock, seededRandom } from '@drover/actor-core/testing';
import { describe, expect, it } from 'vitest';
import { resolveConfig } from '../config.ts';
import { evidence } from '../testing/evidence.ts';
import { routedRequest } from '../testing/routed-request.ts';
import { RoutingPolicies, routingPolicyNames } from './policies.ts';

const policies = () =>
  new RoutingPolicies({ clock: new ManualClock(), random: seededRandom(1), config: resolveConfig() });

describe('the list of policies', () => {
  it.each(routingPolicyNames)('%s chooses one of the candidates, and nothing without candidates', (name) => {
    const policy = policies().get(name);
    const candidates = [evidence({ node: 'a' }), evidence({ node: 'b' })];
    expect(candidates).toContain(policy(routedRequest(), candidates));
    expect(policy(routedRequest(), [])).toBeUndefined();
  });

  it('makes a policy once, so that it keeps what it has learnt', () => {
    const made = policies();
    expect(made.get('loaded-first')).toBe(made.get('loaded-first'));
  });

  it('names the policies that exist when a name is unknown', () => {
    expect(() => policies().get('constructor')).toThrow(/policy.*loaded-first.*constructor/);
  });
});
