import { FleetError, type FleetErrorCode } from '../errors.ts';
import type { FleetRequest } from './fleet-client.ts';

/** An error of a call that no instance caused. */
export function callError(
  code: FleetErrorCode,
  message: string,
  { requestId, model }: Pick<FleetRequest, 'requestId' | 'model'>,
  retryAfterMs = 0,
): FleetError {
  return new FleetError(code, message, { requestId, model, retryAfterMs });
}
