import type { Timer } from '../clock.ts';
import { InvalidArgumentError, StoreUnavailableError } from '../errors.ts';
import { createFence, type FencedOutcome, takeFence } from '../fence/fence.ts';
import { FencedWriter } from '../fence/fenced-writer.ts';
import type { LocalNode } from '../membership/local-node.ts';
import type { LogSpec } from '../storage/log/log-spec.ts';
import { anyToken, controlStream, requireToken, senderOf } from '../transport/subjects.ts';
import { decideLeadership, initialLeadership, mayAct } from './decide-leadership.ts';
import { decodeHeartbeat, decodeLeadRecord, encodeHeartbeat, encodeLeadRecord } from './lead-record.ts';
import type { LeadershipEffect, LeadershipEvent, LeadershipState } from './leadership-state.ts';
import type { GroupState, LeaderInfo, Leadership, Tenure } from './leadership.ts';
import { OwnTenure } from './own-tenure.ts';
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
/** Pause between two writes with which a suspended leader asks whether the log confirms writes again. */
const probeMs = 1_000;

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
  readonly #writer: FencedWriter;
  /** Subject of an empty record that only asserts the fence. */
  readonly #assertionSubject: string;
  #probeAtMs = 0;
  #state: LeadershipState;
  #tenure: OwnTenure | undefined = undefined;
  /** What listeners were last told about. */
  #shown: string;
  #timer: Timer | undefined = undefined;
  #prepared: Promise<unknown> | undefined = undefined;
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
    const { log, writer } = node.storage;
    this.#assertionSubject = node.subjects.control(this.group, 'asserted');
    this.#writer = new FencedWriter({ log, writer, assertionSubject: this.#assertionSubject });
    const isCandidate = options.candidate ?? node.roles.includes('host');
    if (isCandidate) this.#stand();
    this.#state = initialLeadership(node.nodeId, node.incarnation, isCandidate, leaseMs, node.clock.now());
    this.#shown = this.#answers();
    this.#listen();
  }

  current(): LeaderInfo | undefined {
    if (this.#state.role === 'leader') return this.#isTrusted() ? this.#state.lead : undefined;
    return this.#state.isAnnounced ? this.#state.lead : undefined;
  }

  tenure(): Tenure | undefined {
    return this.#tenure;
  }

  state(): GroupState {
    if (this.#tenure !== undefined) return this.#tenure.mayAct() ? 'leading' : 'suspended';
    return this.current() === undefined ? 'vacant' : 'following';
  }

  onChange(listener: (leader: LeaderInfo | undefined) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  trouble(): StoreUnavailableError | undefined {
    return this.#lastTrouble;
  }

  resign(): Promise<void> {
    this.#take({ type: 'resign' });
    this.#timer?.cancel();
    for (const end of this.#ends) end();
    this.#ends.length = 0;
    return Promise.resolve();
  }

  #isTrusted(): boolean {
    return mayAct(this.#state, this.#node.clock.now());
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
      this.#maybeProbe();
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
    this.#followRole();
    for (const effect of effects) this.#perform(effect);
    this.#tellListeners();
  }

  /** A tenure begins and ends with the leadership; another fence is another tenure. */
  #followRole(): void {
    const { role, lead } = this.#state;
    const isLeading = role === 'leader' && lead !== undefined;
    if (this.#tenure !== undefined && !(isLeading && lead.fence === this.#tenure.fence.sequence)) {
      this.#tenure.end(this.group, `it is ${role} now`);
      this.#tenure = undefined;
    }
    if (isLeading && this.#tenure === undefined) this.#tenure = this.#beginTenure(lead);
  }

  #beginTenure({ term, fence }: LeaderInfo): OwnTenure {
    const own = createFence(this.#stream, this.#leadSubject, fence);
    return new OwnTenure(term, own, {
      writer: this.#writer,
      isTrusted: () => this.#isTrusted(),
      isStoreHealthy: () => this.#lastTrouble === undefined,
      onLost: (outcome) => this.#noteLoss(fence, outcome),
      onStore: (error) => this.#noteStore(error),
    });
  }

  #noteLoss(fence: number, outcome: FencedOutcome): void {
    this.#node.log.warn({ group: this.group, fence, outcome: outcome.kind }, 'leadership lost');
    this.#take({ type: 'rejected', fence });
  }

  /** A suspended leader writes an empty record under its fence from time to time, until the log confirms it. */
  #maybeProbe(): void {
    const tenure = this.#tenure;
    const nowMs = this.#node.clock.now();
    if (tenure === undefined || this.#lastTrouble === undefined || nowMs < this.#probeAtMs) return;
    this.#probeAtMs = Number.POSITIVE_INFINITY;
    void this.#probe(tenure);
  }

  async #probe(tenure: Tenure): Promise<void> {
    try {
      await tenure.write({ subject: this.#assertionSubject, payload: new Uint8Array(0) });
    } catch {
      // The tenure has noted it.
    }
    this.#probeAtMs = this.#node.clock.now() + probeMs;
  }

  #noteStore(error: unknown): void {
    if (error === undefined) this.#lastTrouble = undefined;
    else if (error instanceof StoreUnavailableError) this.#noteTrouble(error, 'written');
    this.#tellListeners();
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
        // Listeners are called after every event.
        return;
    }
  }

  async #read(): Promise<void> {
    try {
      await this.#prepare();
      const stored = await this.#node.storage.log.readLast(this.#stream, this.#leadSubject);
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

  async #campaign(term: number, after: number): Promise<void> {
    const { nodeId, incarnation, storage, log } = this.#node;
    const payload = encodeLeadRecord({ leader: nodeId, incarnation, term });
    const record = { subject: this.#leadSubject, payload };
    try {
      const outcome = await takeFence(storage.writer, { log: this.#stream, after, record });
      this.#lastTrouble = undefined;
      if (outcome.kind === 'lost') return this.#take({ type: 'lost' });
      const fence = outcome.fence.sequence;
      log.info({ group: this.group, term, fence }, 'leadership won');
      this.#take({ type: 'won', term, fence });
    } catch (err) {
      this.#noteTrouble(err, 'written');
      this.#take({ type: 'unknown' });
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

  #prepare(): Promise<unknown> {
    if (!this.#state.isCandidate) return Promise.resolve();
    this.#prepared ??= this.#node.storage.log.ensure(this.#spec()).catch((error: unknown) => {
      this.#prepared = undefined;
      throw error;
    });
    return this.#prepared;
  }

  #spec(): LogSpec {
    const { replicas, historyPerSubject } = this.#options;
    return {
      name: this.#stream,
      subjects: [this.#node.subjects.control(this.group, '>')],
      ...(this.group === 'control' && { feed: this.#node.subjects.feed(this.group) }),
      // Above every sequence of an earlier log of this name, so that no fence is issued twice.
      firstSequence: Math.floor(this.#node.clock.wallNow()),
      ...(replicas === undefined ? {} : { replicas }),
      ...(historyPerSubject === undefined ? {} : { historyPerSubject }),
    };
  }

  #announce({ term, fence, isResigning }: Extract<LeadershipEffect, { type: 'announce' }>): void {
    const { transport, subjects, nodeId, incarnation } = this.#node;
    transport.publish(
      subjects.leader(this.group, nodeId),
      encodeHeartbeat({ term, fence, incarnation, isResigning }),
    );
  }

  #tellListeners(): void {
    const shown = this.#answers();
    if (shown === this.#shown) return;
    this.#shown = shown;
    const leader = this.current();
    for (const listener of this.#listeners) {
      try {
        listener(leader);
      } catch (err) {
        this.#node.log.error({ group: this.group, err }, 'a listener for leadership changes has thrown');
      }
    }
  }

  /** The answers of `current`, `tenure` and `state`, for comparison. */
  #answers(): string {
    return `${this.state()} ${this.current()?.fence} ${this.#tenure?.fence.sequence}`;
  }
}
