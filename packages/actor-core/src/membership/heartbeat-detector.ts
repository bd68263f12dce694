import type { Timer } from '../clock.ts';
import { anyToken, senderOf } from '../transport/subjects.ts';
import { type Announcement, decodeAnnouncement, encodeAnnouncement } from './announcement.ts';
import {
  decideCheck,
  decideConnection,
  heartbeat,
  type HeartbeatState,
  type HeartbeatStep,
  initialHeartbeat,
  isNewerProcess,
} from './decide-heartbeat.ts';
import type { CreateFailureDetector, DetectorSurroundings, FailureDetector } from './failure-detector.ts';

/** Failure detection by heartbeat: every node announces itself once a second over core NATS. */
export const heartbeatDetector: CreateFailureDetector = (surroundings) => new HeartbeatDetector(surroundings);

/** The shell of `decideCheck` and `decideConnection`: timers and messages. */
class HeartbeatDetector implements FailureDetector {
  readonly #surroundings: DetectorSurroundings;
  readonly #ends: (() => void)[] = [];
  #state: HeartbeatState;
  #announceTimer: Timer | undefined = undefined;
  #checkTimer: Timer | undefined = undefined;
  #hasWarned = false;
  #isClosed = false;

  constructor(surroundings: DetectorSurroundings) {
    this.#surroundings = surroundings;
    this.#state = initialHeartbeat(surroundings.clock.now());
  }

  start(): void {
    const { transport, subjects, clock } = this.#surroundings;
    const announcements = transport.subscribe(subjects.presence(anyToken), ({ subject, payload }) =>
      this.#receive(senderOf(subject), payload),
    );
    const unsubscribe = transport.onConnectionChange((isConnected) => this.#connectionChanged(isConnected));
    this.#ends.push(() => announcements.unsubscribe(), unsubscribe);
    if (!this.#surroundings.isSilent) {
      const polls = transport.subscribe(subjects.poll(anyToken), () => this.#announce(false));
      this.#ends.push(() => polls.unsubscribe());
    }
    this.#announceRegularly();
    this.#state = initialHeartbeat(clock.now());
    this.#checkTimer = clock.setTimer(heartbeat.checkMs, this.#check);
    this.poll();
  }

  poll(): void {
    const { transport, subjects, node, isSilent } = this.#surroundings;
    if (!isSilent) transport.publish(subjects.poll(node), new Uint8Array(0));
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#announceTimer?.cancel();
    this.#checkTimer?.cancel();
    for (const end of this.#ends) end();
    this.#announce(true);
  }

  readonly #announceRegularly = (): void => {
    this.#announce(false);
    this.#state = { ...this.#state, lagMs: 0 };
    this.#announceTimer = this.#surroundings.clock.setTimer(heartbeat.announceMs, this.#announceRegularly);
  };

  #announce(left: boolean): void {
    const { transport, subjects, node, incarnation, pid, roles, metadata, isSilent, report } =
      this.#surroundings;
    const announcement: Announcement = { incarnation, pid, roles, lagMs: this.#state.lagMs, left, metadata };
    if (!isSilent) transport.publish(subjects.presence(node), encodeAnnouncement(announcement));
    report({ type: 'announced', node, announcement });
  }

  #receive(from: string, payload: Uint8Array): void {
    const { node, report, onReplaced } = this.#surroundings;
    const announcement = decodeAnnouncement(payload);
    if (announcement === undefined) this.#warnOnce(from);
    else if (from !== node) report({ type: 'announced', node: from, announcement });
    else if (!announcement.left && isNewerProcess(announcement, this.#surroundings)) onReplaced(announcement);
  }

  readonly #check = (): void => {
    const { clock, node, members } = this.#surroundings;
    this.#perform(decideCheck(this.#state, members(), node, clock.now()));
    this.#checkTimer = clock.setTimer(heartbeat.checkMs, this.#check);
  };

  #connectionChanged(isConnected: boolean): void {
    const step = decideConnection(this.#state, isConnected, this.#surroundings.clock.now());
    this.#perform(step);
    if (!step.isBack) return;
    this.#announce(false);
    this.poll();
  }

  #perform({ state, evidence }: HeartbeatStep): void {
    this.#state = state;
    for (const piece of evidence) this.#surroundings.report(piece);
  }

  #warnOnce(peer: string): void {
    if (!this.#hasWarned)
      this.#surroundings.log.warn(
        { peer },
        'ignored an announcement that cannot be read; further ones are not logged',
      );
    this.#hasWarned = true;
  }
}
