import type { SignedPrincipal } from '../protocol/signed-principal.ts';
import type { CallRecord, SessionShared } from './call-record.ts';

/**
 * The signed principal of a request for that node; undefined where nobody signs. A request without a principal is one
 * of the cluster itself.
 */
export function signFor(
  { signer }: Pick<SessionShared, 'signer'>,
  { request }: Pick<CallRecord, 'request'>,
  to: string,
): SignedPrincipal | undefined {
  const { tenant = 'default', principal = { keyId: '', roles: [] } } = request;
  return signer?.sign({ ...principal, tenant }, to);
}
