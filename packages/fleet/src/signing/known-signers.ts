import { anyToken, type ClusterNode, senderOf } from '@drover/actor-core/cluster';
import { type SignedPrincipal, signedText } from '../protocol/signed-principal.ts';
import { type VerifyingKey, verifyingKey } from './signature.ts';
import { decodeAnnouncement } from './signer-announcement.ts';

/** What a receiver makes of the principal of a request. */
export type PrincipalVerdict =
  | 'valid'
  /** It has no signature, and the cluster has no keys as far as this node heard: a request of 0.3.0. */
  | 'unsigned'
  /** It has no signature, and the cluster has keys. */
  | 'missing'
  /** The key of the signer has not been heard yet: the request may be sent again. */
  | 'unknown-signer'
  /** The signature is for another node or principal, or of somebody else. */
  | 'forged';

/** The keys of the gateways and hosts, as this node heard them. */
export interface KnownSigners {
  /** @param tenant what the request states beside the principal */
  judge(principal: SignedPrincipal | undefined, tenant: string): PrincipalVerdict;
  stop(): void;
}

/** Larger than any number of gateways and hosts; the one that was heard first is forgotten first. */
const maxSigners = 1_024;

/** Signatures that are kept as verified: about 1 MB. */
const maxVerified = 4_096;

/** Follows the announcements of all signers. Start it before the node reports that it takes requests. */
export function followSigners({
  subjects,
  transport,
  nodeId,
  log,
}: Pick<ClusterNode, 'subjects' | 'transport' | 'nodeId' | 'log'>): KnownSigners {
  /** Texts whose signatures were verified, by signature: verifying again would cost more than the request. */
  const verified = new Map<string, string>();
  const keys = new Map<string, { readonly text: string; readonly key: VerifyingKey }>();
  let isRequired = false;
  const subscription = transport.subscribe(subjects.signer(anyToken), ({ subject, payload }) => {
    const announcement = decodeAnnouncement(payload);
    if (announcement === undefined) return;
    if (announcement.isRequired) isRequired = true;
    const signer = senderOf(subject);
    if (keys.get(signer)?.text === announcement.key) return;
    const key = verifyingKey(Buffer.from(announcement.key, 'base64'));
    if (key === undefined) return log.warn({ signer }, 'a node announced a key for signatures that is none');
    const [oldest] = keys.keys();
    if (keys.size >= maxSigners && oldest !== undefined) keys.delete(oldest);
    keys.set(signer, { text: announcement.key, key });
    // Signatures with the key before are valid no longer.
    verified.clear();
  });
  return {
    judge: (principal, tenant) => {
      if (principal === undefined) return isRequired ? 'missing' : 'unsigned';
      const known = keys.get(principal.signer);
      if (known === undefined) return 'unknown-signer';
      if (principal.tenant !== tenant) return 'forged';
      const text = signedText(principal, { cell: subjects.cell, to: nodeId });
      const signature = Buffer.from(principal.signature).toString('latin1');
      if (verified.get(signature) === text) return 'valid';
      if (!known.key.isSignatureOf(text, principal.signature)) return 'forged';
      if (verified.size >= maxVerified) verified.clear();
      verified.set(signature, text);
      return 'valid';
    },
    stop: () => subscription.unsubscribe(),
  };
}
