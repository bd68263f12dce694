import {
  followLeaders,
  type LocalNode,
  type MemberEvidence,
  type View,
  type ViewMember,
} from '@drover/actor-core/cluster';
import type { EventPublisher } from './event-publisher.ts';
import type { EventType } from './event-types.ts';

/** Time between two looks at the leaders. */
const lookMs = 1_000;
const maxKnown = 8_192;

const typeOf: Readonly<Record<ViewMember['state'], EventType & `node.${string}`>> = {
  up: 'node.joined',
  draining: 'node.draining',
  leaving: 'node.draining',
  left: 'node.left',
  dead: 'node.dead',
};

/**
 * Publishes which nodes come, go and are lost, and which leaders change. Runs on every host; the control leader alone
 * publishes, so that each change is told once. What changes while there is no control leader is not told.
 *
 * @returns the function that ends it
 */
export function publishClusterEvents(node: LocalNode, events: EventPublisher): () => void {
  const source = new ClusterEvents(node, events);
  return () => source.end();
}

class ClusterEvents {
  readonly #node: LocalNode;
  readonly #events: EventPublisher;
  readonly #leaders: ReturnType<typeof followLeaders>;
  readonly #ends: (() => void)[];
  /** State and incarnation of each member of the newest view. */
  #members: ReadonlyMap<string, string> | undefined;
  readonly #evidence = new Map<string, string>();
  /** Fencing token of the newest leader of each group. */
  readonly #fences = new Map<string, number>();
  #timer: { cancel(): void };

  constructor(node: LocalNode, events: EventPublisher) {
    this.#node = node;
    this.#events = events;
    this.#leaders = followLeaders(node);
    const current = node.view.current();
    this.#members = current && membersOf(current);
    this.#ends = [
      node.view.onChange((view) => this.#take(view)),
      node.presence.onChange((member) => this.#look(member)),
    ];
    this.#timer = node.clock.setTimer(lookMs, () => this.#lookAtLeaders());
  }

  end(): void {
    for (const end of this.#ends) end();
    this.#leaders.close();
    this.#timer.cancel();
  }

  get #tells(): boolean {
    return this.#node.view.controlLeader()?.node === this.#node.nodeId;
  }

  #take(view: View): void {
    const before = this.#members;
    this.#members = membersOf(view);
    if (!this.#tells) return;
    for (const member of view.members) {
      const { id, incarnation, state, roles } = member;
      if (before?.get(id) === stateOf(member)) continue;
      const facts = { incarnation, epoch: view.epoch };
      const targets = [`node/${id}`];
      const type = typeOf[state];
      if (type === 'node.joined') this.#events.publish(type, { targets, payload: { ...facts, roles } });
      else this.#events.publish(type, { targets, payload: facts });
    }
  }

  #look(member: MemberEvidence): void {
    const { node, incarnation, state, isSuspect, isStalled, ageMs } = member;
    const now = isStalled ? 'stalled' : isSuspect && state === 'alive' ? 'suspect' : state;
    const before = this.#evidence.get(node);
    if (before === now) return;
    this.#evidence.delete(node);
    this.#evidence.set(node, now);
    const [oldest] = this.#evidence.keys();
    if (this.#evidence.size > maxKnown && oldest !== undefined) this.#evidence.delete(oldest);
    if (!this.#tells || before === undefined) return;
    const type = evidenceType(before, now);
    const payload = { incarnation, ageMs: Math.round(ageMs) };
    if (type !== undefined) this.#events.publish(type, { targets: [`node/${node}`], payload });
  }

  #lookAtLeaders(): void {
    this.#timer = this.#node.clock.setTimer(lookMs, () => this.#lookAtLeaders());
    // Leaders that were elected before the first control leader are told by it.
    if (this.#node.view.controlLeader() === undefined) return;
    const tells = this.#tells;
    for (const { group, leader } of this.#leaders.all()) {
      if (leader === undefined || this.#fences.get(group) === leader.fence) continue;
      this.#fences.set(group, leader.fence);
      const { node, term, fence } = leader;
      if (tells)
        this.#events.publish('leader.changed', {
          targets: [`group/${group}`, `node/${node}`],
          payload: { group, leader: node, term, fence },
        });
    }
  }
}

function evidenceType(
  before: string,
  now: string,
): 'node.unreachable' | 'node.reachable' | 'node.suspect' | 'node.stalled' | undefined {
  if (now === 'unreachable') return 'node.unreachable';
  if (now === 'suspect') return 'node.suspect';
  if (now === 'stalled') return 'node.stalled';
  return now === 'alive' && before === 'unreachable' ? 'node.reachable' : undefined;
}

function membersOf({ members }: View): ReadonlyMap<string, string> {
  return new Map(members.map((member) => [member.id, stateOf(member)]));
}

function stateOf({ incarnation, state }: ViewMember): string {
  return `${incarnation} ${state === 'leaving' ? 'draining' : state}`;
}
