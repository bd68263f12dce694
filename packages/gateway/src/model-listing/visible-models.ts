import { mayUseModel } from '../keys/decide-permission.ts';
import type { Principal } from '../keys/principal.ts';

/** The models of a list that the caller may use; the others do not exist for this caller. */
export function visibleTo<M extends { readonly name: string }>(
  caller: Principal,
  models: readonly M[],
): readonly M[] {
  return models.filter(({ name }) => mayUseModel(caller, name));
}
