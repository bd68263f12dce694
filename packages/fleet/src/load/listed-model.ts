import type { InstanceLoad, ModelLoad } from '../protocol/load-report.ts';
import { modelKey } from '../protocol/model-name.ts';

/**
 * Index of models by `modelKey` for each model list of a load report. Made at the first lookup, because routing looks
 * up the same list many times.
 */
const indexes = new WeakMap<readonly ModelLoad[], ReadonlyMap<string, ModelLoad>>();

/** The entry of the model with this `modelKey` in a load report; undefined if the instance does not list the model. */
export function listedModel({ models }: Pick<InstanceLoad, 'models'>, key: string): ModelLoad | undefined {
  let index = indexes.get(models);
  if (index === undefined) {
    index = new Map(models.toReversed().map((model) => [modelKey(model.name), model]));
    indexes.set(models, index);
  }
  return index.get(key);
}
