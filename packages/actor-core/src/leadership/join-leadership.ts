import type { Timer } from '../clock.ts';
import {
  FenceRejectedError,
  InvalidArgumentError,
  StoreUnavailableError,
  WrongSequenceError,
} from '../errors.ts';
import type { LocalNode } from '../membership/local-node.ts';
import { anyToken, controlStream, requireToken, senderOf } from '../transport/subjects.ts';
import { decideLeadership, initialLeadership, mayAct } from './decide-leadership.ts';
import { decodeHeartbeat, decodeLeadRecord, encodeHeartbeat, encodeLeadRecord } from './lead-record.ts';
import type { LeadershipEffect, LeadershipEvent, LeadershipState } from './leadership-state.ts';
import type { LeaderInfo, Leadership } from './lease.ts';
import { optionNames, requireKnownOptions } from '../known-options.ts';

const leadershipOptions = optionNames<LeadershipOptions>({
  group: true,
  candidate: true,
  leaseMs: true,
  replicas: true,
  historyPerSubject: true,
});

/** The group, and the part of this node in it. */
export interface LeadershipOptions {
  /** `[a-z0-9_-]`, 64 characters at most; names the group's stream (`controlStream`). */
  readonly group: string;
  /**
   * Whether the node competes for leadership; `false` only follows it. @default true for nodes with the role `host`,
   * the only ones that NATS permissions let write
   */
  readonly candidate?: boolean;
  /**
   * Silence after which candidates replace a leader, and time for which a disconnected leader may still act. @default
   * 2_000
   */
  readonly leaseMs?: number;
  /** Copies of the group's stream. @default 1 */
  readonly replicas?: number;
  /** Records kept of each subject of the stream. @default 1 */
  readonly historyPerSubject?: number;
}

const defaultLeaseMs = 2_000;
const tickMs = 100;

/** Groups in which a node is a candidate. Two candidates of one node would both take its record for their own. */
const candidacies = new WeakMap<LocalNode, Set<string>>();

/**
 * Follows the leadership of a group, and competes for it if the node is a candidate.
 *
 * @throws InvalidArgumentError naming the option that is invalid, and for a second candidate on one node
 */
export function joinLeadership(node: LocalNode, options: LeadershipOptions): Leadership {
  return new LeaseLeadership(node, options);
}

/** The shell of `decideLeadership`: performs its effects and reports their outcomes back to it. */
class LeaseLeadership implements Leadership {
  readonly group: string;
  readonly #node: LocalNode;
  readonly #stream: string;
  readonly #leadSubject: string;
  readonly #options: LeadershipOptions;
  readonly #listeners = new Set<(leader: LeaderInfo | undefined) => void>();
  readonly #ends: (() => void)[] = [];
  #state: LeadershipState;
  #shown: LeaderInfo | undefined = undefined;
  #timer: Timer | undefined = undefined;
  #prepared: Promise<void> | undefined = undefined;
  #lastTrouble: StoreUnavailableError | undefined = undefined;

  constructor(node: LocalNode, options: LeadershipOptions) {
    requireKnownOptions('options', options, leadershipOptions);
    const leaseMs = options.leaseMs ?? defaultLeaseMs;
    if (!(Number.isFinite(leaseMs) && leaseMs >= 2 * tickMs))
      throw new InvalidArgumentError('leaseMs', `must be at least ${2 * tickMs}`);
    this.group = requireToken('group', options.group);
    this.#node = node;
    this.#options = options;
    this.#stream = controlStream(node.subjects.cell, this.group);
    this.#leadSubject = node.subjects.control(this.group, 'lead');
    const isCandidate = options.candidate ?? node.roles.includes('host');
    if (isCandidate) this.#stand();
    this.#state = initialLeadership(node.nodeId, node.incarnation, isCandidate, leaseMs, node.clock.now());
    this.#listen();
  }

  current(): LeaderInfo | undefined {
    if (this.#state.role === 'leader') return this.isLeader() ? this.#state.lead : undefined;
    return this.#state.isAnnounced ? this.#state.lead : undefined;
  }

  isLeader(): boolean {
    return mayAct(this.#state, this.#node.clock.now());
  }

  onChange(listener: (leader: LeaderInfo | undefined) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  trouble(): StoreUnavailableError | undefined {
    return this.#lastTrouble;
  }

  async append(subject: string, payload: Uint8Array): Promise<{ sequence: number }> {
    const fence = this.#state.lead?.fence ?? 0;
    if (!this.isLeader()) throw new FenceRejectedError(this.#stream, fence);
    try {
      return await this.#node.store.append(this.#stream, subject, payload, {
        fence: { subject: this.#leadSubject, sequence: fence },
      });
    } catch (error) {
      if (error instanceof FenceRejectedError) this.#take({ type: 'rejected', fence });
      throw error;
    }
  }

  resign(): Promise<void> {
    this.#take({ type: 'resign' });
    this.#timer?.cancel();
    for (const end of this.#ends) end();
    this.#ends.length = 0;
    return Promise.resolve();
  }

  #stand(): void {
    const groups = candidacies.get(this.#node) ?? new Set();
    if (groups.has(this.group))
      throw new InvalidArgumentError('group', `already has a candidate on this node: ${this.group}`);
    candidacies.set(this.#node, groups.add(this.group));
    this.#ends.push(() => groups.delete(this.group));
  }

  #listen(): void {
    const { transport, subjects, presence, clock } = this.#node;
    const announcements = transport.subscribe(
      subjects.leader(this.group, anyToken),
      ({ subject, payload }) => {
        const heartbeat = decodeHeartbeat(payload);
        if (heartbeat !== undefined) this.#take({ type: 'announced', from: senderOf(subject), ...heartbeat });
      },
    );
    this.#ends.push(
      () => announcements.unsubscribe(),
      presence.onChange(({ node, state, incarnation }) =>
        this.#take({ type: 'member', node, state, incarnation }),
      ),
      transport.onConnectionChange((isConnected) => this.#take({ type: 'connection', isConnected })),
    );
    // A node that leaves the cluster resigns; the bus still works when the actors have stopped.
    void this.#node.system.terminated.then(() => this.resign());
    if (!transport.connected) this.#take({ type: 'connection', isConnected: false });
    const tick = () => {
      this.#timer = clock.setTimer(tickMs, tick);
      this.#take({ type: 'tick' });
    };
    // Deferred, so that the caller can register its listener before the first change.
    this.#timer = clock.setTimer(0, tick);
  }

  #take(event: LeadershipEvent): void {
    const { state, effects } = decideLeadership(
      this.#state,
      event,
      this.#node.clock.now(),
      this.#node.random.next(),
    );
    this.#state = state;
    for (const effect of effects) this.#perform(effect);
  }

  #perform(effect: LeadershipEffect): void {
    switch (effect.type) {
      case 'read':
        return void this.#read();
      case 'campaign':
        return void this.#campaign(effect.term, effect.expectedSequence);
      case 'announce':
        return this.#announce(effect);
      case 'changed':
        return this.#tellListeners();
    }
  }

  async #read(): Promise<void> {
    try {
      await this.#prepare();
      const stored = await this.#node.store.readLast(this.#stream, this.#leadSubject);
      const record = stored === undefined ? undefined : decodeLeadRecord(stored);
      this.#lastTrouble = undefined;
      this.#take({ type: 'read', record });
      if (record !== undefined) this.#askAfter(record.leader);
    } catch (err) {
      this.#noteTrouble(err, 'read');
      this.#take({ type: 'read-failed' });
    }
  }

  /** The recorded leader may have left before this node learnt its name. */
  #askAfter(leader: string): void {
    const member = this.#node.presence.member(leader);
    if (member !== undefined)
      this.#take({ type: 'member', node: leader, state: member.state, incarnation: member.incarnation });
  }

  async #campaign(term: number, expectedSequence: number): Promise<void> {
    const { nodeId, incarnation, store, log } = this.#node;
    try {
      const record = encodeLeadRecord({ leader: nodeId, incarnation, term });
      const { sequence } = await store.append(this.#stream, this.#leadSubject, record, {
        lastSequence: expectedSequence,
      });
      this.#lastTrouble = undefined;
      log.info({ group: this.group, term, fence: sequence }, 'leadership won');
      this.#take({ type: 'won', term, fence: sequence });
    } catch (err) {
      if (!(err instanceof WrongSequenceError)) this.#noteTrouble(err, 'written');
      this.#take({ type: err instanceof WrongSequenceError ? 'lost' : 'unknown' });
    }
  }

  /**
   * Logs a full or missing store, or an unreadable record, once. An unreachable store is expected to recover by itself.
   */
  #noteTrouble(err: unknown, what: 'read' | 'written'): void {
    const before = this.#lastTrouble?.code;
    const known = err instanceof StoreUnavailableError ? err : undefined;
    this.#lastTrouble = known;
    const passes = known?.code === 'store-unavailable' || (known !== undefined && known.code === before);
    this.#node.log[passes ? 'debug' : 'error'](
      { group: this.group, code: known?.code, err },
      `the lead record cannot be ${what}`,
    );
  }

  #prepare(): Promise<void> {
    if (!this.#state.isCandidate) return Promise.resolve();
    const { replicas, historyPerSubject } = this.#options;
    this.#prepared ??= this.#node.store
      .ensureStream({
        name: this.#stream,
        subjects: [this.#node.subjects.control(this.group, '>')],
        ...(replicas === undefined ? {} : { replicas }),
        ...(historyPerSubject === undefined ? {} : { historyPerSubject }),
      })
      .catch((error: unknown) => {
        this.#prepared = undefined;
        throw error;
      });
    return this.#prepared;
  }

  #announce({ term, fence, isResigning }: Extract<LeadershipEffect, { type: 'announce' }>): void {
    const { transport, subjects, nodeId, incarnation } = this.#node;
    transport.publish(
      subjects.leader(this.group, nodeId),
      encodeHeartbeat({ term, fence, incarnation, isResigning }),
    );
  }

  #tellListeners(): void {
    const leader = this.current();
    if (leader?.fence === this.#shown?.fence) return;
    this.#shown = leader;
    for (const listener of this.#listeners) listener(leader);
  }
}
