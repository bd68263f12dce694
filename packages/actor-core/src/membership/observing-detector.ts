import { anyToken, senderOf } from '../transport/subjects.ts';
import { AnnouncedMembers } from './announced-members.ts';
import { decodeAnnouncement } from './announcement.ts';
import type {
  CreateFailureDetector,
  DetectorSurroundings,
  FailureDetector,
  KnownMember,
} from './failure-detector.ts';
import { WarnOnce } from './warn-once.ts';

/** Failure detection of an observer, which publishes nothing: it knows the nodes by their announcements. */
export const observingDetector: CreateFailureDetector = (surroundings) => new ObservingDetector(surroundings);

class ObservingDetector implements FailureDetector {
  readonly #surroundings: DetectorSurroundings;
  readonly #members: AnnouncedMembers;
  readonly #garbage: WarnOnce;
  readonly #ends: (() => void)[] = [];
  /** An observer tells nobody of its lag. */
  readonly ownLagMs = 0;

  constructor(surroundings: DetectorSurroundings) {
    this.#surroundings = surroundings;
    this.#members = new AnnouncedMembers(surroundings);
    this.#garbage = new WarnOnce(surroundings.log, 'ignored an announcement that cannot be read');
  }

  start(): void {
    const { transport, subjects, node } = this.#surroundings;
    const announcements = transport.subscribe(subjects.presence(anyToken), ({ subject, payload }) => {
      const from = senderOf(subject);
      const announcement = decodeAnnouncement(payload);
      if (announcement === undefined) this.#garbage.count(from);
      else if (from !== node) this.#members.take(from, announcement);
    });
    this.#ends.push(
      () => announcements.unsubscribe(),
      transport.onConnectionChange((isConnected) => this.#members.connectionChanged(isConnected)),
    );
  }

  poll(): void {
    // An observer may not publish.
  }

  members(): readonly KnownMember[] {
    return this.#members.members();
  }

  member(node: string): KnownMember | undefined {
    return this.#members.member(node);
  }

  forget(node: string, incarnation: number): void {
    this.#members.forget(node, incarnation);
  }

  close(): void {
    for (const end of this.#ends.splice(0)) end();
    this.#members.close();
  }
}
