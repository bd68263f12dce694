import { listedModel } from '../load/listed-model.ts';
import type { InstanceEvidence } from '../load/load-table.ts';
import type { RoutedRequest } from './routed-request.ts';

const digestDigits = 12;

/**
 * Names what has to be loaded at an instance for a request: the first digits of the model's digest, and the context
 * that the request states. Two requests with one key never make Ollama load the model again. Null where the model is
 * not listed.
 */
export function residencyKeyOf(
  { load }: InstanceEvidence,
  { model, contextTokens }: Pick<RoutedRequest, 'model' | 'contextTokens'>,
): string | null {
  const digest = listedModel(load, model)?.digest.replace(/^sha256:/, '');
  if (digest === undefined) return null;
  const context = contextTokens === undefined ? '' : `;num_ctx=${contextTokens}`;
  return digest.slice(0, digestDigits) + context;
}
