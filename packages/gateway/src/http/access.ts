import { isAllowedHost, type Machine } from './allowed-host.ts';
import { decideOrigin, type OriginHeaders } from './origin.ts';
import type { Reply } from './reply.ts';

export interface AccessRules {
  /** Browser origins allowed beside Ollama's own list. */
  readonly origins: readonly string[];
  /** Undefined: every Host header is served, as on an address that other machines can reach. */
  readonly hosts: { readonly machine: Machine; readonly allowed: readonly string[] } | undefined;
}

export interface AccessDecision {
  /** Headers to add to the answer, whether the access check or the route writes it. */
  readonly headers: OriginHeaders;
  /** Answer to a request that does not reach its route: a refusal, or the answer to a preflight. */
  readonly reply?: Reply;
}

/** Decides from the Origin and Host headers whether a request may reach its route, as Ollama does. Pure. */
export function decideAccess(
  request: Parameters<typeof decideOrigin>[0],
  { origins, hosts }: AccessRules,
): AccessDecision {
  const origin = decideOrigin(request, origins);
  if (origin.kind === 'refused') return { headers: {}, reply: forbidden };
  const headers = origin.kind === 'none' ? {} : origin.headers;
  if (origin.kind === 'preflight') return { headers, reply: noContent };
  if (hosts === undefined) return { headers };
  const kind = isAllowedHost(request.host, hosts.machine, hosts.allowed);
  if (kind === 'refused') return { headers, reply: forbidden };
  if (kind === 'name' && request.method === 'OPTIONS') return { headers, reply: noContent };
  return { headers };
}

const forbidden: Reply = { status: 403, contentType: '', body: '' };
const noContent: Reply = { status: 204, contentType: '', body: '', chunked: true };
