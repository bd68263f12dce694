import type { ClusterNode } from '@drover/actor-core/cluster';
import { type RequestPrincipal, type SignedPrincipal, signedText } from '../protocol/signed-principal.ts';
import { createSigningKey } from './signature.ts';
import { encodeAnnouncement } from './signer-announcement.ts';

/** Signs the requests that one gateway or host sends to node-agents. */
export interface PrincipalSigner {
  /** @param to node that gets the request */
  sign(principal: RequestPrincipal, to: string): SignedPrincipal;
  /** From now on node-agents refuse requests without a signature: the cluster has keys. */
  require(): void;
  stop(): void;
}

type SignerNode = Pick<ClusterNode, 'nodeId' | 'subjects' | 'transport' | 'presence' | 'clock'>;

/** Signatures that are kept: about 1 MB. */
const maxSigned = 4_096;

/** Repairs announcements that were lost while a node was disconnected. */
const repeatMs = 5_000;

/**
 * Makes a key for this run of the node and announces the public one: at the start, every 5 s, and before the first
 * request to each incarnation of a node. NATS delivers what one node publishes in order, and a node that takes requests
 * has subscribed before it reported, so the receiver knows the key when the request arrives.
 */
export function startPrincipalSigner(node: SignerNode): PrincipalSigner {
  const { nodeId, subjects, transport, presence, clock } = node;
  const key = createSigningKey();
  const encoded = Buffer.from(key.publicKey).toString('base64');
  /** Incarnation of each node that the key was announced to. */
  let introduced = new Map<string, number>();
  /** By signed text: a signature takes longer than a request may cost. */
  const signed = new Map<string, SignedPrincipal>();
  let isRequired = false;
  let timer: { cancel(): void } | undefined;

  const announce = (): void => {
    transport.publish(subjects.signer(nodeId), encodeAnnouncement({ key: encoded, isRequired }));
    introduced = new Map(presence.members().map((member) => [member.node, member.incarnation]));
  };
  const repeat = (): void => {
    announce();
    timer = clock.setTimer(repeatMs, repeat);
  };
  repeat();

  return {
    sign: ({ keyId, tenant, roles }, to) => {
      const member = presence.member(to);
      if (member !== undefined && introduced.get(to) !== member.incarnation) announce();
      const unsigned = { keyId, tenant, roles, signer: nodeId };
      const text = signedText(unsigned, { cell: subjects.cell, to });
      const known = signed.get(text);
      if (known !== undefined) return known;
      const made = { ...unsigned, signature: key.sign(text) };
      if (signed.size >= maxSigned) signed.clear();
      signed.set(text, made);
      return made;
    },
    require: () => {
      if (isRequired) return;
      isRequired = true;
      announce();
    },
    stop: () => timer?.cancel(),
  };
}
