import type { SimModel } from '../model/model.ts';
import type { Services } from '../services.ts';
import type { FaultSpec } from '../fault/faults.ts';

/** A fault to set, or the end of all faults. */
export type FaultRequest = FaultSpec | { readonly kind: 'clear' };

/**
 * Sets a fault, or ends all faults and thaws frozen runners.
 *
 * @throws InvalidArgumentError for an unknown kind
 */
export function applyFault(request: FaultRequest, { faults, scheduler }: Services): void {
  if (request.kind === 'clear') {
    faults.clear();
    for (const runner of scheduler.runners()) runner.thaw();
    return;
  }
  const matches = (model: SimModel): boolean =>
    request.model === undefined ||
    model.name.replace(/:latest$/, '') === request.model.replace(/:latest$/, '');
  const atOnce = request.after === undefined && (request.kind === 'freeze' || request.kind === 'kill-runner');
  const runners = scheduler.runners().filter((runner) => matches(runner.model));
  const loading = scheduler.loadingModel;
  if (!atOnce || (runners.length === 0 && !(request.kind === 'kill-runner' && loading && matches(loading))))
    return faults.arm(request);
  if (request.kind === 'freeze') for (const runner of runners) runner.freeze();
  else scheduler.kill(matches);
}
