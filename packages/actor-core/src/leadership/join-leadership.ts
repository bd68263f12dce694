import type { Timer } from '../clock.ts';
import { InvalidArgumentError, type StoreUnavailableError } from '../errors.ts';
import { createFence } from '../fence/fence.ts';
import { FencedWriter } from '../fence/fenced-writer.ts';
import { optionNames, requireKnownOptions } from '../known-options.ts';
import type { LocalNode } from '../membership/local-node.ts';
import type { MemberEvidence } from '../membership/presence.ts';
import { controlGroup, controlStream, requireToken } from '../transport/subjects.ts';
import { type ElectionConfig, resolveElectionConfig } from './election/election-config.ts';
import {
  createElection,
  type ElectionEffect,
  type ElectionEvent,
  type ElectionState,
  type Electorate,
} from './election/election-state.ts';
import { decideElection, electionWakeAtMs } from './election/election.ts';
import { isTrusted } from './election/trust-window.ts';
import { ElectionTrace } from './election-trace.ts';
import { GroupBus } from './group-bus.ts';
import { endedOf, LeadKeeper } from './lead-keeper.ts';
import { LeadLog } from './lead-log.ts';
import {
  type GroupState,
  type LeaderInfo,
  type Leadership,
  type Tenure,
  type TransferOutcome,
} from './leadership.ts';
import { serveTransfers } from './transfer-request.ts';
import { OwnTenure } from './own-tenure.ts';
import { VoterRoll } from './voter-roll.ts';

const leadershipOptions = optionNames<LeadershipOptions>({
  group: true,
  candidate: true,
  electorate: true,
  bootstrapVoters: true,
  election: true,
  replicas: true,
  historyPerSubject: true,
});

/** The group, and the part of this node in it. */
export interface LeadershipOptions {
  /** `[a-z0-9_-]`, 64 characters at most; names the group's log (`controlStream`). */
  readonly group: string;
  /**
   * Whether the node competes for leadership; `false` only follows it. @default true for nodes with the role `host` or
   * `voter`, the only ones that NATS permissions let write
   */
  readonly candidate?: boolean;
  /**
   * Who decides before a candidate writes the lead record: a quorum of the recorded `voters`, or nobody, so that each
   * of the `candidates` may try when the leader is silent. @default 'voters' for the group `control`, else 'candidates'
   */
  readonly electorate?: Electorate;
  /** Voters that are recorded where none are yet. @default this node */
  readonly bootstrapVoters?: readonly string[];
  /** Differences from the default times of an election. */
  readonly election?: Partial<ElectionConfig>;
  /** Copies of the group's log. @default 1 */
  readonly replicas?: number;
  /** Records kept of each subject of the log. @default 1 */
  readonly historyPerSubject?: number;
}

const tickMs = 100;
/** A wake-up this much later than planned shows that the process stood still. */
const lateMs = 50;
/** Time in which the event loop takes what has arrived. */
const afterInputMs = 5;

/** What listeners are told about. */
interface Shown {
  readonly state: GroupState;
  readonly fence: number | undefined;
  readonly ownFence: number | undefined;
}

/** A transfer on its way. */
interface HandOver extends PromiseWithResolvers<TransferOutcome> {
  readonly to: string;
  readonly untilMs: number;
}

/** Groups in which a node is a candidate. */
const candidacies = new WeakMap<LocalNode, Set<string>>();

/**
 * Follows the leadership of a group, and competes for it if the node is a candidate.
 *
 * @throws InvalidArgumentError naming the option that is invalid, and for a second candidate on one node
 */
export function joinLeadership(node: LocalNode, options: LeadershipOptions): Leadership {
  requireKnownOptions('options', options, leadershipOptions);
  return new GroupLeadership(node, options);
}

/**
 * The shell of the election: performs its effects on the bus and on the log, and reports their outcomes back. The three
 * concerns are decided apart: when to try (`election/candidacy.ts`), what the lead record allows (`lead-record.ts`),
 * and how long the leader may act (`election/trust-window.ts`).
 */
class GroupLeadership implements Leadership {
  readonly group: string;
  readonly #node: LocalNode;
  readonly #listeners = new Set<(leader: LeaderInfo | undefined) => void>();
  readonly #ends: (() => void)[] = [];
  readonly #election: ElectionState;
  readonly #bus: GroupBus;
  readonly #log: LeadLog;
  readonly #writer: FencedWriter;
  readonly #keeper: LeadKeeper;
  readonly #trace: ElectionTrace;
  #tenure: OwnTenure | undefined = undefined;
  /** The last leader that was known. */
  #predecessor: string | undefined = undefined;
  #handOver: HandOver | undefined = undefined;
  /** What listeners were last told about. */
  #shown: Shown;
  #timer: Timer | undefined = undefined;

  constructor(node: LocalNode, options: LeadershipOptions) {
    const { clock, random, storage, subjects, nodeId, incarnation, roles } = node;
    this.group = requireToken('group', options.group);
    this.#node = node;
    const isCandidate = options.candidate ?? (roles.includes('host') || roles.includes('voter'));
    const electorate = options.electorate ?? (this.group === controlGroup ? 'voters' : 'candidates');
    const config = resolveElectionConfig(options.election);
    if (isCandidate) this.#stand();
    this.#election = createElection(
      { node: nodeId, incarnation, electorate, isCandidate, voters: [], config, random },
      clock.now(),
    );
    const nonce = random.id();
    this.#bus = new GroupBus(node, this.group, nonce);
    this.#trace = new ElectionTrace(node.log, this.group);
    const subject = subjects.control(this.group, 'lead');
    this.#log = new LeadLog(node, specOf(node, this.group, options), { subject, nonce });
    const assertionSubject = subjects.control(this.group, 'asserted');
    const { log, writer } = storage;
    this.#writer = new FencedWriter({ log, writer, assertionSubject, clock });
    this.#keeper = new LeadKeeper({
      node,
      group: this.group,
      log: this.#log,
      assertionSubject,
      election: this.#election,
      take: (event) => this.#take(event),
      holds: (tenure) => tenure === this.#tenure,
      onChecked: () => this.#tellListeners(),
    });
    this.#shown = this.#answers();
    this.#listen();
    if (isCandidate && electorate === 'voters') this.#followVoters(options.bootstrapVoters);
  }

  current(): LeaderInfo | undefined {
    const { leader, role } = this.#election;
    if (leader === undefined || (role === 'leader' && !this.#isTrusted())) return undefined;
    const { node, incarnation, term, fence } = leader;
    return { node, nodeIncarnation: incarnation, term, fence };
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
    return this.#keeper.trouble;
  }

  lostAtMs(): number | undefined {
    return this.#keeper.lostAtMs;
  }

  transfer(to: string): Promise<TransferOutcome> {
    if (this.#handOver !== undefined) return Promise.resolve('refused');
    this.#take({ kind: 'transfer', to });
    if (this.#election.handsOverUntilMs === undefined) return Promise.resolve('refused');
    const untilMs = this.#node.clock.now() + 2 * this.#election.config.electionMaxMs;
    this.#handOver = { to, untilMs, ...Promise.withResolvers<TransferOutcome>() };
    return this.#handOver.promise;
  }

  resign(): Promise<void> {
    this.#take({ kind: 'stop' });
    this.#handOver?.resolve('not-taken');
    this.#handOver = undefined;
    this.#timer?.cancel();
    this.#keeper.close();
    for (const end of this.#ends) end();
    this.#ends.length = 0;
    return Promise.resolve();
  }

  #isTrusted(): boolean {
    return isTrusted(this.#election, this.#node.clock.now());
  }

  /** Two candidates of one node would share its vote. */
  #stand(): void {
    const groups = candidacies.get(this.#node) ?? new Set();
    if (groups.has(this.group))
      throw new InvalidArgumentError('group', `already has a candidate on this node: ${this.group}`);
    candidacies.set(this.#node, groups.add(this.group));
    this.#ends.push(() => groups.delete(this.group));
  }

  #listen(): void {
    const { transport, presence, clock, system } = this.#node;
    const take = (event: ElectionEvent) => this.#take(event);
    this.#ends.push(
      this.#election.isCandidate ? this.#bus.listen(take) : this.#bus.follow(take),
      presence.onChange((member) => this.#noteMember(member)),
      transport.onConnectionChange((connected) => this.#take({ kind: 'connection', connected })),
    );
    if (this.#election.isCandidate)
      this.#ends.push(serveTransfers(this.#node, { leadership: this, successors: () => this.#successors() }));
    // A node that leaves the cluster resigns; the bus still works when the actors have stopped.
    void system.terminated.then(() => this.resign());
    if (!transport.connected) this.#take({ kind: 'connection', connected: false });
    // Deferred, so that the caller can register its listener before the first change.
    this.#timer = clock.setTimer(0, () => {
      if (this.#election.isCandidate) void this.#keeper.lookAround();
      this.#tick(clock.now());
    });
  }

  /** Other nodes that can lead: the voters, or every node whose role lets it write the log. */
  #successors(): readonly string[] {
    const { presence, nodeId, view } = this.#node;
    const { electorate, voters } = this.#election;
    return presence
      .members()
      .filter(({ node, state, roles }) => {
        const isCandidate = electorate === 'voters' ? voters.includes(node) : roles.includes('host');
        // A node that drains or leaves would give the leadership away again.
        const isStaying = (view.member(node)?.state ?? 'up') === 'up';
        return node !== nodeId && state === 'alive' && isCandidate && isStaying;
      })
      .map(({ node }) => node);
  }

  #followVoters(bootstrap: readonly string[] | undefined): void {
    const roll = new VoterRoll(this.#node, bootstrap ?? [this.#node.nodeId], (voters) =>
      this.#take({ kind: 'voters', voters }),
    );
    this.#ends.push(() => roll.close());
    void roll.follow();
  }

  #tick(dueAtMs: number, isAfterInput = false): void {
    const { clock } = this.#node;
    const { config } = this.#election;
    const lagMs = clock.now() - dueAtMs;
    if (lagMs > config.maxLagMs || this.#election.lagMs > config.maxLagMs) this.#take({ kind: 'lag', lagMs });
    // A timer that is late runs before what arrived meanwhile: that is taken first, then time is judged.
    if (lagMs > lateMs && !isAfterInput) {
      this.#timer = clock.setTimer(afterInputMs, () => this.#tick(dueAtMs, true));
      return;
    }
    this.#take({ kind: 'tick' });
    if (this.#tenure !== undefined) this.#keeper.maybeCheck(this.#tenure);
    if (this.#election.hasStopped) return;
    const inMs = Math.min(tickMs, Math.max(1, electionWakeAtMs(this.#election) - clock.now()));
    const nextAtMs = clock.now() + inMs;
    this.#timer = clock.setTimer(inMs, () => this.#tick(nextAtMs));
  }

  #take(event: ElectionEvent): void {
    const nowMs = this.#node.clock.now();
    const effects = decideElection(this.#election, event, nowMs);
    this.#trace.note(this.#election, event, effects, nowMs);
    for (const effect of effects) this.#perform(effect);
    this.#followHandOver();
    this.#tellListeners();
  }

  #perform(effect: ElectionEffect): void {
    switch (effect.kind) {
      case 'send':
        return this.#bus.send(effect.to, effect.message);
      case 'broadcast':
        return this.#bus.announce(effect.message);
      case 'probe':
        return this.#bus.probe(effect.sentAtMs);
      case 'record':
        return void this.#keeper.record(effect.term);
      case 'elected':
        this.#tenure = this.#beginTenure(effect.term, effect.fence);
        return this.#reportTakeover(effect.term, effect.fence);
      case 'deposed':
        this.#tenure?.end(this.group, effect.reason);
        this.#tenure = undefined;
        return this.#node.log.info({ group: this.group, reason: effect.reason }, 'leadership ended');
      case 'leader-changed':
        // Listeners are told after every event. The trouble of an own attempt is over with another leader.
        if (effect.leader !== undefined) this.#keeper.forgetWriteTrouble();
        this.#predecessor = effect.leader?.node ?? this.#predecessor;
        return;
    }
  }

  /** Nothing for the first leader that this node knows of: nobody was lost. */
  #reportTakeover(term: number, fence: number): void {
    const { system, nodeId } = this.#node;
    const from = this.#predecessor;
    if (from === undefined || from === nodeId) return;
    system.reportRemedy({
      action: 're-elect',
      subject: `group ${this.group}`,
      cause: `${from} no longer leads`,
      evidence: { from, to: nodeId, term, fence },
    });
  }

  #beginTenure(term: number, sequence: number): OwnTenure {
    const fence = createFence(this.#log.name, this.#log.subject, sequence);
    this.#node.log.info({ group: this.group, term, fence: sequence }, 'leadership won');
    return new OwnTenure(term, fence, {
      writer: this.#writer,
      isTrusted: () => this.#isTrusted(),
      isStoreHealthy: () => this.#keeper.isHealthy,
      onLost: ({ kind }) => {
        this.#node.log.warn({ group: this.group, term, fence: sequence, kind }, 'a fenced write was refused');
        if (this.#tenure?.fence === fence)
          this.#take({ kind: kind === 'rolled-back' ? 'log-lost' : 'fenced' });
      },
      onStore: (error) => this.#keeper.noteWrite(error),
    });
  }

  #noteMember(member: MemberEvidence): void {
    if (member.node !== this.#election.leader?.node) return;
    this.#take({ kind: 'gone', node: member.node, incarnation: endedOf(member) });
  }

  /** A transfer is over when another leader is known, when this one leads on, or after the time of two elections. */
  #followHandOver(): void {
    const handOver = this.#handOver;
    if (handOver === undefined) return;
    const { handsOverUntilMs, leader, role } = this.#election;
    const successor = leader?.node === this.#node.nodeId ? undefined : leader?.node;
    const leadsOn = role === 'leader' && handsOverUntilMs === undefined;
    if (successor === undefined && !leadsOn && this.#node.clock.now() < handOver.untilMs) return;
    this.#handOver = undefined;
    handOver.resolve(successor === handOver.to ? 'transferred' : 'not-taken');
  }

  #tellListeners(): void {
    const shown = this.#answers();
    const { state, fence, ownFence } = this.#shown;
    if (shown.state === state && shown.fence === fence && shown.ownFence === ownFence) return;
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
  #answers(): Shown {
    return { state: this.state(), fence: this.current()?.fence, ownFence: this.#tenure?.fence.sequence };
  }
}

function specOf(
  { subjects }: LocalNode,
  group: string,
  { replicas, historyPerSubject }: LeadershipOptions,
): ConstructorParameters<typeof LeadLog>[1] {
  return {
    name: controlStream(subjects.cell, group),
    subjects: [subjects.control(group, '>')],
    ...(group === controlGroup && { feed: subjects.feed(group) }),
    ...(replicas === undefined ? {} : { replicas }),
    ...(historyPerSubject === undefined ? {} : { historyPerSubject }),
  };
}
