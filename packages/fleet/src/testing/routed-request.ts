import type { RoutedRequest } from '../routing/routed-request.ts';

/** A request for `m:latest` without a prompt, except for the given facts. */
export function routedRequest(facts: Partial<RoutedRequest> = {}): RoutedRequest {
  return {
    model: 'm:latest',
    tenant: 'default',
    priority: 0,
    contextTokens: undefined,
    promptPrefix: () => new Uint8Array(0),
    ...facts,
  };
}
