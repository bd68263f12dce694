import { decideModel, decideRoute, type WantedRoute } from './decide-permission.ts';
import { type KeyRecord, keyStateOf } from './key-record.ts';
import { principalOf } from './principal.ts';

/** One rule, whether it lets the request through, and why. */
export interface AccessStep {
  readonly check: string;
  readonly ok: boolean;
  readonly reason: string;
}

/** Every rule that decides about a request with that key, in order. Allowed if all of them are ok. Pure. */
export function explainAccess(
  record: KeyRecord,
  wanted: WantedRoute & { readonly model: string | undefined },
  nowMs: number,
): readonly AccessStep[] {
  const principal = principalOf(record);
  const route = decideRoute(principal, wanted);
  const steps: AccessStep[] = [];
  if (route.rule !== 'open') {
    const state = keyStateOf(record, nowMs);
    steps.push({ check: 'key', ok: state === 'active', reason: `the key is ${state}` });
  }
  steps.push({ check: route.rule, ok: route.isAllowed, reason: route.reason });
  if (wanted.model !== undefined) {
    const model = decideModel(principal, wanted.model);
    steps.push({ check: model.rule, ok: model.isAllowed, reason: model.reason });
  }
  return steps;
}
