import type { Clock, Timer } from '../clock.ts';
import type { Logger } from '../logger.ts';
import type { Role } from '../transport/roles.ts';
import { anyToken, senderOf, type Subjects } from '../transport/subjects.ts';
import type { Transport } from '../transport/transport.ts';
import { type Announcement, decodeAnnouncement, encodeAnnouncement } from './announcement.ts';
import { forgive, hear, type Member, type MemberTable, sweep, type TableChange } from './member-table.ts';
import type { MemberEvidence, Presence } from './presence.ts';

const heartbeatMs = 1_000;
const sweepMs = 250;
const silenceMs = 3_000;
/** A node that is gone is still listed for so long. */
const forgetMs = 10 * 60_000;
/** A sweep so much later than planned means that this node itself stalled. */
const stallMs = 500;

export interface HeartbeatPresenceOptions {
  readonly node: string;
  readonly incarnation: number;
  readonly pid: number;
  readonly roles: readonly Role[];
  readonly transport: Transport;
  readonly subjects: Subjects;
  readonly clock: Clock;
  readonly log: Logger;
  /** Only listen: an observer. */
  readonly isSilent: boolean;
  /** A newer process announces itself under this node's id. */
  readonly onReplaced?: (newer: { readonly pid: number; readonly incarnation: number }) => void;
}

/** Presence by heartbeat over core NATS. */
export class HeartbeatPresence implements Presence {
  readonly #options: HeartbeatPresenceOptions;
  readonly #listeners = new Set<(member: MemberEvidence) => void>();
  readonly #ends: (() => void)[] = [];
  #table: MemberTable = new Map();
  #heartbeat: Timer | undefined = undefined;
  #sweeper: Timer | undefined = undefined;
  #sweepDueMs = 0;
  #deafSinceMs: number | undefined = undefined;
  #lagMs = 0;
  #warned = false;
  #closed = false;

  constructor(options: HeartbeatPresenceOptions) {
    this.#options = options;
    this.#take(hear(this.#table, options.node, this.#announcement(false), options.clock.now()));
  }

  start(): void {
    const { transport, subjects, clock } = this.#options;
    const heard = transport.subscribe(subjects.presence(anyToken), (message) =>
      this.#hear(message.subject, message.payload),
    );
    const unsubscribe = transport.onConnectionChange((connected) =>
      connected ? this.#reconnected() : this.#disconnected(),
    );
    this.#ends.push(() => heard.unsubscribe(), unsubscribe);
    if (!this.#options.isSilent) {
      const polled = transport.subscribe(subjects.poll(anyToken), () => this.#announce(false));
      this.#ends.push(() => polled.unsubscribe());
    }
    this.#beat();
    this.#sweepDueMs = clock.now() + sweepMs;
    this.#sweeper = clock.setTimer(sweepMs, this.#sweep);
    this.poll();
  }

  members(): readonly MemberEvidence[] {
    return [...this.#table.values()]
      .map((member) => this.#evidence(member))
      .toSorted((a, b) => (a.node < b.node ? -1 : 1));
  }

  member(node: string): MemberEvidence | undefined {
    const member = this.#table.get(node);
    return member === undefined ? undefined : this.#evidence(member);
  }

  onChange(listener: (member: MemberEvidence) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  poll(): void {
    const { transport, subjects, node, isSilent } = this.#options;
    if (!isSilent) transport.publish(subjects.poll(node), new Uint8Array(0));
  }

  /** Says goodbye and listens no more. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#heartbeat?.cancel();
    this.#sweeper?.cancel();
    for (const end of this.#ends) end();
    this.#announce(true);
  }

  #announcement(left: boolean): Announcement {
    const { incarnation, pid, roles } = this.#options;
    return { incarnation, pid, roles, lagMs: this.#lagMs, left };
  }

  #announce(left: boolean): void {
    const { transport, subjects, node, clock, isSilent } = this.#options;
    const said = this.#announcement(left);
    if (!isSilent) transport.publish(subjects.presence(node), encodeAnnouncement(said));
    this.#take(hear(this.#table, node, said, clock.now()));
  }

  readonly #beat = (): void => {
    this.#announce(false);
    this.#lagMs = 0;
    this.#heartbeat = this.#options.clock.setTimer(heartbeatMs, this.#beat);
  };

  #hear(subject: string, payload: Uint8Array): void {
    const node = senderOf(subject);
    const said = decodeAnnouncement(payload);
    if (said === undefined) return this.#warnOnce(node);
    if (node !== this.#options.node) {
      this.#take(hear(this.#table, node, said, this.#options.clock.now()));
    } else if (!said.left && isNewerTwin(said, this.#options)) this.#options.onReplaced?.(said);
  }

  readonly #sweep = (): void => {
    const { clock, node } = this.#options;
    const now = clock.now();
    const lateMs = Math.max(0, now - this.#sweepDueMs);
    this.#lagMs = Math.max(this.#lagMs, Math.round(lateMs));
    // What others said while this node stalled still waits in its socket.
    if (lateMs >= stallMs) this.#table = forgive(this.#table, lateMs);
    if (this.#deafSinceMs === undefined) this.#take(sweep(this.#table, node, now, silenceMs, forgetMs));
    this.#sweepDueMs = now + sweepMs;
    this.#sweeper = clock.setTimer(sweepMs, this.#sweep);
  };

  #disconnected(): void {
    this.#deafSinceMs ??= this.#options.clock.now();
  }

  /** The others reconnect too, each in its own time: all of them get the full silence again. */
  #reconnected(): void {
    if (this.#deafSinceMs === undefined) return;
    const now = this.#options.clock.now();
    this.#deafSinceMs = undefined;
    this.#table = new Map(
      [...this.#table].map(([node, member]) => [
        node,
        member.state === 'alive' ? { ...member, heardMs: now } : member,
      ]),
    );
    this.#announce(false);
    this.poll();
  }

  #take({ table, changed }: TableChange): void {
    this.#table = table;
    for (const member of changed) {
      const evidence = this.#evidence(member);
      for (const listener of this.#listeners) listener(evidence);
    }
  }

  #evidence({ node, roles, pid, incarnation, state, heardMs, lagMs, rival }: Member): MemberEvidence {
    return {
      node,
      roles,
      pid,
      incarnation,
      state,
      ageMs: Math.max(0, this.#options.clock.now() - heardMs),
      lagMs,
      ...(rival === undefined
        ? {}
        : { rival: { pid: rival.pid, ageMs: Math.max(0, this.#options.clock.now() - rival.heardMs) } }),
    };
  }

  #warnOnce(node: string): void {
    if (!this.#warned)
      this.#options.log.warn({ peer: node }, 'an announcement cannot be read; further ones are ignored');
    this.#warned = true;
  }
}

/** Of two processes that began in one millisecond the one with the greater process id counts as the newer. */
function isNewerTwin(
  said: Pick<Announcement, 'incarnation' | 'pid'>,
  own: Pick<HeartbeatPresenceOptions, 'incarnation' | 'pid'>,
): boolean {
  return said.incarnation === own.incarnation ? said.pid > own.pid : said.incarnation > own.incarnation;
}
