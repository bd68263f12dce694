import type { Timer } from '../clock.ts';
import { NoRespondersError } from '../errors.ts';
import { anyToken, senderOf } from '../transport/subjects.ts';
import type { TransportMessage } from '../transport/transport.ts';
import { AnnouncedMembers } from './announced-members.ts';
import { Announcer } from './announcer.ts';
import { decodeAnnouncement } from './announcement.ts';
import type {
  CreateFailureDetector,
  DetectorSurroundings,
  FailureDetector,
  KnownMember,
} from './failure-detector.ts';
import { isPlausibleIncarnation } from './incarnation.ts';
import { decodeFacts, encodeFacts } from './member-facts.ts';
import { answerPulse } from './pulse/pulse.ts';
import { decodePulse, knockPayload, questionPayload } from './pulse/pulse-codec.ts';
import { decodeSwim, encodeSwim } from './swim/swim-codec.ts';
import { createSwim, type SwimEffect, type SwimEvent, type SwimState } from './swim/swim-state.ts';
import { announceSwim, decideSwim, wakeAtMs } from './swim/swim.ts';
import { SwimTable } from './swim-table.ts';
import { WarnOnce } from './warn-once.ts';

/** After its start and a reconnect a node listens this long for nodes of 0.3.0. */
const listenForOlderNodesMs = 1_500;
/** A poll is the sign of a node of 0.3.0 that has just started: its next announcement may be late. */
const listenAfterPollMs = 10_000;

/**
 * Failure detection by SWIM over core NATS: the shell of `decideSwim`. Nodes of 0.3.0 are known by their announcements.
 *
 * @see docs/decisions/0026-swim-over-nats.md
 */
export const swimDetector: CreateFailureDetector = (surroundings) => new SwimDetector(surroundings);

class SwimDetector implements FailureDetector {
  readonly #surroundings: DetectorSurroundings;
  readonly #state: SwimState;
  readonly #table: SwimTable;
  readonly #older: AnnouncedMembers;
  readonly #announcer: Announcer;
  readonly #garbage: WarnOnce;
  readonly #ends: (() => void)[] = [];
  #timer: Timer | undefined = undefined;
  #armedForMs = Number.POSITIVE_INFINITY;
  /** The subscription to the announcements of all nodes, while there may be nodes of 0.3.0. */
  #listening: { unsubscribe(): void } | undefined = undefined;
  #listenTimer: Timer | undefined = undefined;
  #listenUntilMs = 0;
  #isClosed = false;

  constructor(surroundings: DetectorSurroundings) {
    const { node, incarnation, facts, config, random, clock, log } = surroundings;
    this.#surroundings = surroundings;
    this.#state = createSwim(
      { node, incarnation, metadata: encodeFacts(facts), config, random },
      clock.now(),
    );
    this.#table = new SwimTable(this.#state);
    this.#older = new AnnouncedMembers({
      ...surroundings,
      onChange: (member) => {
        if (!this.#isHidden(member)) surroundings.onChange(member);
      },
    });
    this.#garbage = new WarnOnce(log, 'ignored a membership message that cannot be read');
    this.#announcer = new Announcer({
      ...surroundings,
      lagMs: () => this.#state.self.lagMs,
      onOlderNode: () => this.#listenForOlderNodes(listenAfterPollMs),
    });
  }

  get ownLagMs(): number {
    return this.#state.self.lagMs;
  }

  start(): void {
    const { transport, subjects, node, incarnation, hasPulse } = this.#surroundings;
    const receive = (message: TransportMessage) => this.#receive(message);
    const subscriptions = [
      transport.subscribe(subjects.inbox(node, 'swim', anyToken), receive),
      transport.subscribe(subjects.gossip(anyToken), receive),
      answerPulse(transport, subjects, node, () =>
        hasPulse() ? undefined : { incarnation, lagMs: this.#state.self.lagMs, isConnected: true },
      ),
    ];
    for (const subscription of subscriptions) this.#ends.push(() => subscription.unsubscribe());
    this.#ends.push(transport.onConnectionChange((connected) => this.#connectionChanged(connected)));
    if (!transport.connected) this.#take({ kind: 'connection', connected: false });
    this.#perform(announceSwim(this.#state));
    this.#arm();
    this.#announcer.start();
    this.#lookForOlderNodes();
  }

  poll(): void {
    this.#announcer.poll();
    this.#take({ kind: 'poll' });
  }

  members(): readonly KnownMember[] {
    const own = this.#table.members().filter((member) => !this.#isReplacedByOlder(member));
    return [...own, ...this.#older.members().filter((member) => !this.#isHidden(member))];
  }

  member(node: string): KnownMember | undefined {
    const own = this.#table.member(node);
    const announced = this.#older.member(node);
    if (own === undefined || announced === undefined) return own ?? announced;
    return announced.incarnation > own.incarnation ? announced : own;
  }

  forget(node: string, incarnation: number): void {
    this.#table.forget(node, incarnation);
    this.#older.forget(node, incarnation);
    this.#take({ kind: 'forget', node, incarnation });
  }

  close(): void {
    if (this.#isClosed) return;
    this.#take({ kind: 'leave' });
    this.#isClosed = true;
    this.#timer?.cancel();
    this.#listenTimer?.cancel();
    this.#listening?.unsubscribe();
    for (const end of this.#ends.splice(0)) end();
    this.#older.close();
    this.#announcer.close();
  }

  /** Whether SWIM knows the same or a later incarnation of a node that also announces itself. */
  #isHidden({ node, incarnation }: KnownMember): boolean {
    const known = this.#table.member(node);
    return known !== undefined && known.incarnation >= incarnation;
  }

  #isReplacedByOlder({ node, incarnation }: KnownMember): boolean {
    return (this.#older.member(node)?.incarnation ?? 0) > incarnation;
  }

  #receive({ subject, payload }: TransportMessage): void {
    const { clock } = this.#surroundings;
    const from = senderOf(subject);
    const envelope = decodeSwim(payload);
    if (envelope === undefined) return this.#garbage.count(from);
    const known = this.#state.members.get(from)?.incarnation ?? 0;
    if (!isPlausibleIncarnation(envelope.self.incarnation, known, clock.wallNow()))
      return this.#garbage.count(from);
    const { incarnation, metadata } = envelope.self;
    if (incarnation < known && metadata !== undefined)
      this.#table.noteRival(from, decodeFacts(metadata)?.pid ?? 0, clock.now());
    this.#take({ kind: 'received', from, envelope });
  }

  #connectionChanged(connected: boolean): void {
    this.#older.connectionChanged(connected);
    this.#take({ kind: 'connection', connected });
    if (connected) this.#lookForOlderNodes();
  }

  #take(event: SwimEvent): void {
    if (this.#isClosed) return;
    this.#perform(decideSwim(this.#state, event, this.#surroundings.clock.now()));
    this.#arm();
  }

  /** Sets the timer anew only when the next wake-up has moved forward. A timer that fires too early is set again. */
  #arm(): void {
    const { clock } = this.#surroundings;
    const atMs = wakeAtMs(this.#state);
    if (atMs >= this.#armedForMs || !Number.isFinite(atMs) || this.#isClosed) return;
    this.#timer?.cancel();
    this.#armedForMs = atMs;
    this.#timer = clock.setTimer(Math.max(0, atMs - clock.now()), () => {
      this.#armedForMs = Number.POSITIVE_INFINITY;
      if (wakeAtMs(this.#state) <= clock.now()) this.#take({ kind: 'tick' });
      else this.#arm();
    });
  }

  #perform(effects: readonly SwimEffect[]): void {
    const { transport, subjects, node, onChange, onReplaced, onOutdated } = this.#surroundings;
    for (const effect of effects) {
      switch (effect.kind) {
        case 'send':
          transport.publish(subjects.inbox(effect.to, 'swim', node), encodeSwim(effect.envelope));
          break;
        case 'broadcast':
          transport.publish(subjects.gossip(node), encodeSwim(effect.envelope));
          break;
        case 'knock':
        case 'pulse':
          void this.#askPulse(effect);
          break;
        case 'changed': {
          const changed = this.#table.changed(effect.member);
          if (changed !== undefined && !this.#isReplacedByOlder(changed)) onChange(changed);
          break;
        }
        case 'replaced':
          onReplaced({
            incarnation: effect.incarnation,
            pid: effect.metadata === undefined ? 0 : (decodeFacts(effect.metadata)?.pid ?? 0),
          });
          break;
        case 'outdated':
          onOutdated(effect);
          break;
      }
    }
  }

  async #askPulse({ kind, to, sequence }: Extract<SwimEffect, { kind: 'knock' | 'pulse' }>): Promise<void> {
    const { transport, subjects, node, config } = this.#surroundings;
    const payload = kind === 'knock' ? knockPayload : questionPayload;
    try {
      const reply = await transport.request(subjects.inbox(to, 'pulse', node), payload, {
        timeoutMs: config.probeTimeoutMs,
      });
      const answer = decodePulse(reply);
      if (answer === undefined) this.#garbage.count(to);
      else this.#take({ kind: 'pulse', from: to, sequence, answer });
    } catch (error) {
      // No answer in time is no evidence by itself: the probe or the suspicion ends at its own time.
      if (error instanceof NoRespondersError) this.#take({ kind: 'refused', to, sequence });
    }
  }

  #lookForOlderNodes(): void {
    this.#listenForOlderNodes();
    this.#announcer.poll();
  }

  #listenForOlderNodes(forMs: number = listenForOlderNodesMs): void {
    if (this.#isClosed) return;
    const { transport, subjects, clock } = this.#surroundings;
    this.#listenUntilMs = Math.max(this.#listenUntilMs, clock.now() + forMs);
    this.#listening ??= transport.subscribe(subjects.presence(anyToken), (message) =>
      this.#receiveAnnouncement(message),
    );
    this.#listenTimer?.cancel();
    this.#listenTimer = clock.setTimer(this.#listenUntilMs - clock.now(), () => {
      if (!this.#older.isEmpty) return this.#listenForOlderNodes();
      this.#listening?.unsubscribe();
      this.#listening = undefined;
    });
  }

  #receiveAnnouncement({ subject, payload }: TransportMessage): void {
    const { node, clock } = this.#surroundings;
    const from = senderOf(subject);
    if (from === node) return;
    const announcement = decodeAnnouncement(payload);
    const known = this.member(from)?.incarnation ?? 0;
    if (announcement === undefined) return this.#garbage.count(from);
    if (!isPlausibleIncarnation(announcement.incarnation, known, clock.wallNow()))
      return this.#garbage.count(from);
    if (announcement.incarnation < known) {
      if (announcement.left) return;
      this.#table.noteRival(from, announcement.pid, clock.now());
      return this.#listenForOlderNodes();
    }
    // What takes part in SWIM is known by it.
    if (announcement.metadata === undefined) this.#older.take(from, announcement);
  }
}
