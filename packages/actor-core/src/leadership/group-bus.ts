import type { LocalNode } from '../membership/local-node.ts';
import { anyToken, senderOf } from '../transport/subjects.ts';
import type { Heartbeat, PrivateMessage } from './election/election-message.ts';
import type { ElectionEvent } from './election/election-state.ts';
import { decodeElection, decodeLeader, encodeElection, encodeLeader } from './group-messages.ts';

/** The bus as the members of one group use it. */
export class GroupBus {
  readonly #node: Pick<LocalNode, 'transport' | 'subjects' | 'nodeId'>;
  readonly #group: string;
  readonly #nonce: string;

  /** @param nonce identifies this candidacy: its probes are its own */
  constructor(node: Pick<LocalNode, 'transport' | 'subjects' | 'nodeId'>, group: string, nonce: string) {
    this.#node = node;
    this.#group = group;
    this.#nonce = nonce;
  }

  /** Reports what arrives for a candidate until the returned function is called. */
  listen(take: (event: ElectionEvent) => void): () => void {
    const unfollow = this.follow(take);
    const { transport, subjects, nodeId } = this.#node;
    const own = transport.subscribe(
      subjects.election(this.#group, nodeId, anyToken),
      ({ subject, payload }) => {
        const message = decodeElection(payload);
        if (message !== undefined) take({ kind: 'received', from: senderOf(subject), message });
      },
    );
    return () => {
      unfollow();
      own.unsubscribe();
    };
  }

  /** Reports what leaders announce until the returned function is called. */
  follow(take: (event: ElectionEvent) => void): () => void {
    const { transport, subjects } = this.#node;
    const leaders = transport.subscribe(subjects.leader(this.#group, anyToken), ({ subject, payload }) => {
      const message = decodeLeader(payload);
      if (message === undefined) return;
      if (message.kind === 'heartbeat') take({ kind: 'received', from: senderOf(subject), message });
      else if (message.nonce === this.#nonce) take({ kind: 'echoed', sentAtMs: message.sentAtMs });
    });
    return () => leaders.unsubscribe();
  }

  send(to: string, message: PrivateMessage): void {
    const { transport, subjects, nodeId } = this.#node;
    transport.publish(subjects.election(this.#group, to, nodeId), encodeElection(message));
  }

  /** A heartbeat to everybody, this node included. */
  announce(message: Heartbeat): void {
    const { transport, subjects, nodeId } = this.#node;
    transport.publish(subjects.leader(this.#group, nodeId), encodeLeader(message));
  }

  /** A message to this node itself. */
  probe(sentAtMs: number): void {
    const { transport, subjects, nodeId } = this.#node;
    const message = { kind: 'probe', nonce: this.#nonce, sentAtMs } as const;
    transport.publish(subjects.leader(this.#group, nodeId), encodeLeader(message));
  }
}
