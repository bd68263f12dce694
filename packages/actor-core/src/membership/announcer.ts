import type { Timer } from '../clock.ts';
import { anyToken, senderOf } from '../transport/subjects.ts';
import { decodeAnnouncement, encodeAnnouncement } from './announcement.ts';
import { announcing, isNewerProcess } from './decide-silence.ts';
import type { DetectorSurroundings } from './failure-detector.ts';

/**
 * Payload of a poll that asks only the nodes of 0.3.0 to announce themselves. Those ignore the payload; their own polls
 * are empty, and ask everybody.
 */
const pollOfOlderNodes: Uint8Array = Uint8Array.of(1);

export interface AnnouncerOptions extends DetectorSurroundings {
  readonly lagMs: () => number;
  /** A node of 0.3.0 asked everybody for announcements: there is at least one. */
  readonly onOlderNode: () => void;
}

/**
 * Announces this node once a second, for observers and nodes of 0.3.0. Members do not subscribe to announcements, so
 * that without such nodes each announcement is one publish that nobody receives.
 */
export class Announcer {
  readonly #options: AnnouncerOptions;
  readonly #ends: (() => void)[] = [];
  #timer: Timer | undefined = undefined;

  constructor(options: AnnouncerOptions) {
    this.#options = options;
  }

  start(): void {
    const { transport, subjects, node, onOlderNode } = this.#options;
    const polls = transport.subscribe(subjects.poll(anyToken), ({ subject, payload }) => {
      // A process that wants to use this id asks as well, and learns which process has it.
      if (payload.length > 0 && senderOf(subject) !== node) return;
      this.#announce(false);
      if (payload.length === 0 && senderOf(subject) !== node) onOlderNode();
    });
    const own = transport.subscribe(subjects.presence(node), ({ payload }) => this.#receiveOwn(payload));
    this.#ends.push(
      () => polls.unsubscribe(),
      () => own.unsubscribe(),
    );
    this.#announceRegularly();
  }

  /** Asks the nodes of 0.3.0 for an announcement. */
  poll(): void {
    const { transport, subjects, node } = this.#options;
    transport.publish(subjects.poll(node), pollOfOlderNodes);
  }

  close(): void {
    this.#timer?.cancel();
    for (const end of this.#ends) end();
    this.#announce(true);
  }

  #announceRegularly(): void {
    this.#announce(false);
    this.#timer = this.#options.clock.setTimer(announcing.announceMs, () => this.#announceRegularly());
  }

  #announce(left: boolean): void {
    const { transport, subjects, node, incarnation, facts, lagMs } = this.#options;
    const announcement = { incarnation, ...facts, lagMs: lagMs(), left };
    transport.publish(subjects.presence(node), encodeAnnouncement(announcement));
  }

  #receiveOwn(payload: Uint8Array): void {
    const { incarnation, facts, onReplaced } = this.#options;
    const announcement = decodeAnnouncement(payload);
    if (announcement === undefined || announcement.left) return;
    if (isNewerProcess(announcement, { incarnation, pid: facts.pid })) onReplaced(announcement);
  }
}
