import { RequestFailure } from '../errors.ts';
import { decideModel } from './decide-permission.ts';
import type { Principal } from './principal.ts';

/** At least one model, by the name that Ollama shows (`llama3.2:latest`). */
export type SomeModels<M> = readonly [M, ...M[]];

/**
 * Those of the models of a request that the caller may use. An alias stands for the models that serve it, so the
 * limits of a key are about those.
 *
 * @throws RequestFailure 403 if there is none
 */
export function permittedModels<M extends { readonly short: string }>(
  principal: Principal,
  models: SomeModels<M>,
): SomeModels<M> {
  const [first, ...others] = models.filter(({ short }) => decideModel(principal, short).isAllowed);
  if (first !== undefined) return [first, ...others];
  const [{ short }] = models;
  const message = `this key may not use the model ${short}: ${decideModel(principal, short).reason}`;
  throw new RequestFailure(403, 'model-not-allowed', message, { field: 'model' });
}
