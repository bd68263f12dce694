import { z } from 'zod';

/** Who a request belongs to: the key of its client. */
export interface RequestPrincipal {
  /** Id of the key; empty for requests of the cluster itself, and where no key exists. */
  readonly keyId: string;
  readonly tenant: string;
  readonly roles: readonly string[];
}

/**
 * The principal of a request, signed by the gateway or host that sends it, for one receiver. A receiver sees no
 * signatures for others, so a stolen credential of a node-agent can use none at another node.
 */
export interface SignedPrincipal extends RequestPrincipal {
  /** Node that signed. */
  readonly signer: string;
  /** Ed25519. */
  readonly signature: Uint8Array;
}

const signatureBytes = 64;
const maxRoles = 16;

const principalShape = {
  keyId: z.string().max(64),
  tenant: z.string().max(128),
  roles: z.array(z.string().max(64)).max(maxRoles),
};

export const requestPrincipalSchema: z.ZodType<RequestPrincipal> = z.object(principalShape);

export const signedPrincipalSchema: z.ZodType<SignedPrincipal> = z.object({
  ...principalShape,
  signer: z.string().min(1).max(64),
  signature: z.instanceof(Uint8Array).refine((bytes) => bytes.byteLength === signatureBytes),
});

/**
 * The text that is signed. A change of it is another version of the protocol.
 *
 * @param to node that may work for the principal
 */
export function signedText(
  { keyId, tenant, roles, signer }: Omit<SignedPrincipal, 'signature'>,
  { cell, to }: { readonly cell: string; readonly to: string },
): string {
  return JSON.stringify(['drover-principal-1', cell, signer, to, keyId, tenant, roles]);
}
