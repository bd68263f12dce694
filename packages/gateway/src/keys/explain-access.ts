import { decideModel, decideRoute, type WantedRoute } from './decide-permission.ts';
import { type KeyRecord, keyStateOf } from './key-record.ts';
import { type Principal, principalOf } from './principal.ts';

/** One rule, whether it lets the request through, and why. */
export interface AccessStep {
  readonly check: string;
  readonly ok: boolean;
  readonly reason: string;
}

/** What somebody wants to do, with a model or without one. */
export type WantedAccess = WantedRoute & { readonly model: string | undefined };

/** Every rule that decides about a request with that key, in order. Allowed if all of them are ok. Pure. */
export function explainAccess(record: KeyRecord, wanted: WantedAccess, nowMs: number): readonly AccessStep[] {
  const state = keyStateOf(record, nowMs);
  const known = { check: 'key', ok: state === 'active', reason: `the key is ${state}` };
  return explainPrincipal(principalOf(record), known, wanted);
}

/** The same for a caller who is known. @param known the rule by which they are */
export function explainPrincipal(
  principal: Principal,
  known: AccessStep,
  wanted: WantedAccess,
): readonly AccessStep[] {
  const route = decideRoute(principal, wanted);
  const steps: AccessStep[] = route.rule === 'open' ? [] : [known];
  steps.push({ check: route.rule, ok: route.isAllowed, reason: route.reason });
  if (wanted.model !== undefined) {
    const model = decideModel(principal, wanted.model);
    steps.push({ check: model.rule, ok: model.isAllowed, reason: model.reason });
  }
  return steps;
}
