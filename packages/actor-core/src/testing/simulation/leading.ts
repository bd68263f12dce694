import { decodeElection, decodeLeader } from '../../leadership/group-messages.ts';
import { OrderGate } from '../../leadership/order-gate.ts';
import { joinLeadership } from '../../leadership/join-leadership.ts';
import type { Leadership, Tenure } from '../../leadership/leadership.ts';
import { readLeader } from '../../leadership/read-leader.ts';
import type { NewRecord } from '../../storage/log/log.ts';
import { controlGroup, controlStream, createSubjects, senderOf } from '../../transport/subjects.ts';
import type { TestNode } from '../test-node.ts';
import type { TransportMessage } from '../../transport/transport.ts';
import { LeadHistory } from './lead-history.ts';
import { tappedTransport } from './tapped-transport.ts';
import type { Workload } from './workload.ts';
import type { World } from './world.ts';

/** A group with voters, and one in which every node may try. */
const groups = [controlGroup, 'open'] as const;
/** A cell of their own: in that of the nodes, the view has a group of the same name. */
const cell = 'leading';
const subjects = createSubjects(cell);
type Group = (typeof groups)[number];
const voters: readonly string[] = ['n0', 'n1', 'n2'];
/** Tenures that are kept to write under them after their end. */
const mostOldTenures = 12;
const longestThoughtMs = 2_000;
const orderMs = 2_000;

interface Order {
  readonly node: string;
  readonly fence: number;
}

/** One node's part in one group. */
interface Member {
  readonly node: TestNode;
  readonly leadership: Leadership;
  readonly gate: OrderGate<Order>;
  /** Highest fence that was obeyed. */
  obeyed: number;
  /** What the present leadership of the node has heard: the highest fence, and the highest one of a goodbye. */
  heard: number;
  goodbye: number;
  /** Candidates that got its vote, by term. */
  readonly votes: Map<number, string>;
}

/**
 * Leaders that write, hand over and say goodbye, and receivers of their orders.
 *
 * - The log accepts no write under a fence that is not the newest one: at most one writer. Only a log that was rolled
 *   back can issue one fence twice.
 * - The terms of a log only grow.
 * - An acknowledged write is in the log; a write that was refused as `deposed` is not.
 * - No receiver obeys a fence below one that it obeyed, or a fence that nobody took.
 * - A node that heard a goodbye does not know that leader any more. No node leads with an older fence than it heard.
 * - A voter gives one vote in each term. Only a restart may forget it.
 * - A leadership that ends because of a newer leader, or of a lost log, has a reason to.
 * - Of a group with voters at most one node is trusted at any moment.
 * - In the end each group has one leader, known to all, that writes; also after the loss of a node.
 */
export class Leading implements Workload {
  readonly #world: World;
  readonly #members = new Map<Group, Map<string, Member>>(groups.map((group) => [group, new Map()]));
  readonly #histories = new Map<Group, LeadHistory>();
  readonly #oldTenures: { readonly member: Member; readonly tenure: Tenure }[] = [];
  /** Ids of writes whose outcome was reported. */
  readonly #written = new Map<number, { readonly group: Group; readonly sequence: number }>();
  readonly #refused = new Map<number, Group>();
  /** Tenures whose end is watched. */
  readonly #watched = new WeakSet<Tenure>();
  #writes = 0;
  #losses = 0;

  constructor(world: World) {
    this.#world = world;
    for (const group of groups) this.#histories.set(group, new LeadHistory(world, group));
  }

  startNode(node: TestNode): void {
    for (const group of groups) {
      const member = this.#join(group, { node, gate: new OrderGate(), obeyed: 0 });
      this.#membersOf(group).set(node.nodeId, member);
      node.transport.subscribe(`orders.${group}`, ({ payload }) =>
        this.#judge(group, member, decode(payload)),
      );
      this.#order(group, member);
    }
  }

  act(): boolean {
    const world = this.#world;
    const node = world.anyNode();
    const group = world.pick(groups);
    const member = node === undefined ? undefined : this.#membersOf(group).get(node.nodeId);
    if (member === undefined) return false;
    const draw = world.chance();
    if (draw < 0.04) this.#resign(group, member);
    else if (draw < 0.1) this.#transfer(member);
    else if (draw < 0.15) this.#forge(group, member);
    else if (draw < 0.3) return this.#writeUnderOldTenure(group);
    else return this.#write(group);
    return true;
  }

  onLoss(): void {
    this.#losses++;
    this.#written.clear();
    this.#refused.clear();
    for (const history of this.#histories.values()) history.forget();
  }

  checkStep(): void {
    for (const group of groups) {
      for (const member of this.#living(group)) this.#watchTenure(group, member);
      const stream = this.#streamOf(group);
      if (stream !== undefined) this.#histories.get(group)?.check(stream);
      if (group === controlGroup) this.#checkTrust(group);
    }
  }

  async checkEnd(): Promise<void> {
    const world = this.#world;
    this.checkStep();
    for (const group of groups) {
      const members = this.#living(group);
      const leading = members.filter(({ leadership }) => leadership.state() === 'leading');
      const seen = members.map(({ leadership }) => leadership.current()?.fence);
      world.check(
        leading.length === 1 && new Set(seen).size === 1,
        `${group} is led by ${leading.map(({ node }) => node.nodeId).join(' and ') || 'nobody'}, and the nodes know ${seen.join(', ')}`,
      );
      await this.#checkWrites(group, leading[0]);
    }
  }

  checkAfterNodeLoss(): Promise<void> {
    return this.checkEnd();
  }

  async #checkWrites(group: Group, leader: Member | undefined): Promise<void> {
    const world = this.#world;
    const accepted = this.#histories.get(group)?.accepted ?? new Map<number, number[]>();
    for (const [id, one] of this.#written)
      if (one.group === group)
        world.check(
          accepted.get(id)?.includes(one.sequence) === true,
          `the acknowledged write ${id} to ${group} is gone`,
        );
    for (const [id, refusedBy] of this.#refused)
      if (refusedBy === group)
        world.check(!accepted.has(id), `the refused write ${id} to ${group} was accepted`);
    if (leader === undefined) return;
    const before = this.#written.size;
    this.#writeUnder(group, leader, leader.leadership.tenure(), 0);
    await world.pass(2_000);
    world.check(this.#written.size > before, `the leader of ${group} does not write`);
  }

  #join(group: Group, earlier: Pick<Member, 'node' | 'gate' | 'obeyed'>): Member {
    const { node } = earlier;
    const heard = { heard: 0, goodbye: 0, votes: new Map<number, string>() };
    const transport = tappedTransport(
      node.transport,
      (message) => this.#saw(group, member, message),
      (subject, payload) => this.#countVote(member, subject, payload),
    );
    const options = { group, historyPerSubject: 0, bootstrapVoters: voters };
    const leadership = joinLeadership({ ...node, transport, subjects }, options);
    const member: Member = { ...earlier, ...heard, leadership };
    leadership.onChange(() => {
      throw new Error('a listener fails on purpose');
    });
    return member;
  }

  #resign(group: Group, member: Member): void {
    const world = this.#world;
    if (member.leadership.tenure() !== undefined) world.count('goodbyes');
    this.#keep(member);
    void member.leadership.resign();
    Object.assign(member, this.#join(group, member));
  }

  #transfer(member: Member): void {
    const world = this.#world;
    void member.leadership.transfer(world.pick(voters)).then((outcome) => {
      if (outcome === 'transferred') world.count('transfers');
      return undefined;
    });
  }

  /** Writes of the newest tenures, most of them a moment after they were decided. */
  #write(group: Group): boolean {
    const leaders = this.#living(group).filter(({ leadership }) => leadership.tenure() !== undefined);
    if (leaders.length === 0) return false;
    const member = this.#world.pick(leaders);
    this.#keep(member);
    this.#writeUnder(group, member, member.leadership.tenure(), this.#world.chance() ** 3 * longestThoughtMs);
    return true;
  }

  #writeUnderOldTenure(group: Group): boolean {
    const old = this.#oldTenures.filter(({ tenure }) => tenure.fence.log.endsWith(`_${group}`));
    if (old.length === 0) return false;
    const { member, tenure } = this.#world.pick(old);
    this.#writeUnder(group, member, tenure, 0);
    return true;
  }

  #keep({ leadership, node }: Member): void {
    const tenure = leadership.tenure();
    const member = tenure && this.#membersOf(groupOf(tenure)).get(node.nodeId);
    if (tenure === undefined || member === undefined) return;
    if (this.#oldTenures.some((old) => old.tenure === tenure)) return;
    this.#oldTenures.push({ member, tenure });
    if (this.#oldTenures.length > mostOldTenures) this.#oldTenures.shift();
  }

  #writeUnder(group: Group, { node }: Member, tenure: Tenure | undefined, afterMs: number): void {
    if (tenure === undefined) return;
    const id = ++this.#writes;
    const stated = { id, by: node.nodeId, fence: tenure.fence.sequence };
    const record = { subject: subjects.control(group, 'x', node.nodeId), payload: encode(stated) };
    node.clock.setTimer(afterMs, () => void this.#perform(group, node, tenure, { id, record }));
  }

  async #perform(
    group: Group,
    node: TestNode,
    tenure: Tenure,
    { id, record }: { readonly id: number; readonly record: NewRecord },
  ): Promise<void> {
    const world = this.#world;
    const lossesBefore = this.#losses;
    try {
      const outcome = await tenure.write(record);
      if (!world.isAlive(node) || this.#losses !== lossesBefore) return;
      if (outcome.kind === 'written') this.#written.set(id, { group, sequence: outcome.sequence });
      if (outcome.kind !== 'deposed') return;
      world.count('staleWritesRefused');
      this.#refused.set(id, group);
    } catch {
      world.count('unknownOutcomes');
    }
  }

  /** The leadership of the node has taken a message. */
  #saw(group: Group, member: Member, { subject, payload }: TransportMessage): void {
    const world = this.#world;
    const { node } = member;
    const message = decodeLeader(payload);
    if (message?.kind !== 'heartbeat' || !world.isAlive(node) || world.hasLostRecords) return;
    if (message.isResigning && senderOf(subject) !== node.nodeId)
      member.goodbye = Math.max(member.goodbye, message.fence);
    member.heard = Math.max(member.heard, message.fence);
    const known = member.leadership.current()?.fence;
    world.check(
      known === undefined || known > member.goodbye,
      `${node.nodeId} knows the leader of ${group} with fence ${known} after the goodbye of ${member.goodbye}`,
    );
    const own = member.leadership.tenure()?.fence.sequence;
    world.check(
      own === undefined || own >= member.heard,
      `${node.nodeId} leads ${group} with fence ${own} although it heard ${member.heard}`,
    );
  }

  /** Counted where the vote is sent: an answer of an earlier leadership of the node may be on its way for seconds. */
  #countVote(member: Member, subject: string, payload: Uint8Array): void {
    const world = this.#world;
    const message = decodeElection(payload);
    if (message?.kind !== 'vote-answer' || !message.isGranted || world.hasLostRecords) return;
    const candidate = subject.split('.').at(-2) ?? '';
    const before = member.votes.get(message.term) ?? candidate;
    member.votes.set(message.term, before);
    world.check(
      before === candidate,
      `${member.node.nodeId} votes in term ${message.term} for ${before} and for ${candidate}`,
    );
  }

  /** A tenure that ends for a reason outside of the node must have this reason. */
  #watchTenure(group: Group, { node, leadership }: Member): void {
    const world = this.#world;
    const tenure = leadership.tenure();
    if (tenure === undefined || this.#watched.has(tenure)) return;
    this.#watched.add(tenure);
    tenure.signal.addEventListener('abort', () => {
      if (!world.isAlive(node) || world.hasLostRecords) return;
      const why = String(tenure.signal.reason);
      world.check(!why.includes('log-lost'), `${node.nodeId} believes that the log of ${group} was lost`);
      if (!why.includes('fenced')) return;
      const stream = this.#streamOf(group);
      const newest = stream?.newest(tenure.fence.subject)?.sequence ?? 0;
      world.check(
        newest > tenure.fence.sequence,
        `${node.nodeId} is deposed from ${group} in term ${tenure.term} by nobody`,
      );
    });
  }

  /** The leader orders something of every node from time to time. */
  #order(group: Group, { node }: Member): void {
    node.clock.setTimer(orderMs, () => {
      const member = this.#membersOf(group).get(node.nodeId);
      if (member?.node !== node) return;
      const tenure = member.leadership.tenure();
      if (tenure?.isTrusted() === true)
        node.transport.publish(
          `orders.${group}`,
          encode({ node: node.nodeId, fence: tenure.fence.sequence }),
        );
      this.#order(group, member);
    });
  }

  /** An order with a fence that nobody took. */
  #forge(group: Group, { node }: Member): void {
    const fence = Number.MAX_SAFE_INTEGER - Math.floor(this.#world.chance() * 1_000);
    node.transport.publish(`orders.${group}`, encode({ node: node.nodeId, fence }));
  }

  #judge(group: Group, member: Member, order: Order): void {
    const { node, gate } = member;
    const verdict = gate.judge(order, order, node.clock.now());
    if (verdict === 'obey') this.#obey(group, member, order);
    if (verdict === 'refuse') this.#world.count('ordersRefused');
    if (verdict === 'read' && gate.beginRead()) void this.#readLead(group, member);
  }

  async #readLead(group: Group, member: Member): Promise<void> {
    const { node, gate } = member;
    try {
      const lead = await readLeader({ ...node, subjects }, group);
      for (const order of gate.endRead(lead, node.clock.now())) this.#judge(group, member, order);
    } catch {
      gate.failRead();
    }
  }

  #obey(group: Group, member: Member, { node, fence }: Order): void {
    const world = this.#world;
    if (!world.isAlive(member.node)) return;
    world.count('ordersObeyed');
    if (world.hasLostRecords) return;
    this.checkStep();
    world.check(
      fence >= member.obeyed,
      `${member.node.nodeId} obeys fence ${fence} of ${group} after ${member.obeyed}`,
    );
    world.check(
      this.#histories.get(group)?.leaders.get(fence) === node,
      `${member.node.nodeId} obeys ${node}, which never took fence ${fence} of ${group}`,
    );
    member.obeyed = Math.max(member.obeyed, fence);
  }

  #checkTrust(group: Group): void {
    const world = this.#world;
    if (world.hasLostRecords) return;
    const trusted = this.#living(group).filter(({ leadership }) => leadership.tenure()?.isTrusted() === true);
    world.check(
      trusted.length <= 1,
      `${trusted.map(({ node }) => node.nodeId).join(' and ')} are both trusted to lead ${group}`,
    );
  }

  #living(group: Group): Member[] {
    return [...this.#membersOf(group).values()].filter(({ node }) => this.#world.isAlive(node));
  }

  #membersOf(group: Group): Map<string, Member> {
    return this.#members.get(group) as Map<string, Member>;
  }

  #streamOf(group: Group) {
    const { logs } = this.#world.simulation.hub;
    const name = controlStream(cell, group);
    return logs.names.includes(name) ? logs.stream(name) : undefined;
  }
}

function groupOf({ fence }: Tenure): Group {
  return fence.log.endsWith('_open') ? 'open' : controlGroup;
}

function encode(value: object): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

function decode(payload: Uint8Array): Order {
  return JSON.parse(new TextDecoder().decode(payload)) as Order;
}
