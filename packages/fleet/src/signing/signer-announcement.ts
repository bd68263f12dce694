import { z } from 'zod';

/**
 * What a gateway or host says about its signatures, on a subject that NATS lets only gateways and hosts publish to,
 * each under its own id. Fields may be added, never removed.
 */
export interface SignerAnnouncement {
  /** Public key, DER (SPKI) in base64. */
  readonly key: string;
  /** The cluster has keys: requests without a signature are refused from now on. */
  readonly isRequired: boolean;
}

const schema: z.ZodType<SignerAnnouncement> = z.object({ key: z.string().max(200), isRequired: z.boolean() });

export function encodeAnnouncement(announcement: SignerAnnouncement): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(announcement));
}

/** Undefined for a payload that is no announcement. */
export function decodeAnnouncement(payload: Uint8Array): SignerAnnouncement | undefined {
  try {
    return schema.parse(JSON.parse(new TextDecoder().decode(payload)));
  } catch {
    return undefined;
  }
}
