import type { ActorRef } from '../actor/actor-ref.ts';
import type { Child, ChildOutcome, ChildOwner, RestartHistory } from '../actor/child.ts';
import type { NodeServices } from '../actor/node-services.ts';
import type { Props } from '../actor/actor-context.ts';
import type { TableSizes } from '../actor/table-sizes.ts';
import type { Timer } from '../clock.ts';
import { InvalidArgumentError, RestartIntensityExceededError, SystemStoppedError } from '../errors.ts';
import { requireChildName } from './child-name.ts';
import { decideRestart, type SupervisorDecision } from './decide-restart.ts';
import { inSequence } from './in-sequence.ts';
import { type ResolvedSupervision, resolveSupervision } from './resolve-supervision.ts';
import { noRestarts } from './restart-intensity.ts';

/** Children that are being restarted together. */
interface RestartPlan<C> {
  readonly children: Set<C>;
  readonly cause: unknown;
  timer: Timer | undefined;
  cancelled: boolean;
}

/** Creates a child that is not started yet. */
export type CreateChild<C> = (key: string | number, props: Props<never>) => C;

/** The children of one actor. Carries out what `decideRestart` decides about them. */
export class Supervisor<C extends Child = Child> {
  readonly #owner: ChildOwner;
  readonly #node: NodeServices;
  readonly #createChild: CreateChild<C>;
  readonly #options: ResolvedSupervision;
  /** In start order; a restart keeps the place of a child. */
  readonly #table = new Map<string | number, C>();
  /** Callbacks for the end of a child. */
  readonly #waiters = new Map<C, (() => void)[]>();
  #history: RestartHistory = noRestarts;
  #plans: RestartPlan<C>[] = [];
  /** How many names were generated. */
  #names = 0;

  constructor(owner: ChildOwner, node: NodeServices, createChild: CreateChild<C>) {
    this.#owner = owner;
    this.#node = node;
    this.#createChild = createChild;
    this.#options = resolveSupervision(owner.props.supervision);
  }

  children(): Iterable<C> {
    return this.#table.values();
  }

  child(name: string): C | undefined {
    return (
      this.#table.get(name) ?? (name.startsWith('$') ? this.#table.get(Number(name.slice(1))) : undefined)
    );
  }

  /** @throws InvalidArgumentError for a name that is taken or malformed, or an invalid `significant` */
  spawn<M>(props: Props<M>, name?: string): ActorRef<M> {
    this.#requireUp();
    const key = name === undefined ? ++this.#names : this.#freeName(name);
    if (props.significant === true && props.restart === 'permanent') {
      throw new InvalidArgumentError(
        'props.significant',
        'is not for permanent actors, which never end by themselves',
      );
    }
    if (props.significant === true && this.#options.autoShutdown === 'never') {
      throw new InvalidArgumentError(
        'props.significant',
        `needs a supervisor with autoShutdown, and ${this.#owner.path || 'the root'} has none`,
      );
    }
    const child = this.#createChild(key, props as unknown as Props<never>);
    this.#table.set(key, child);
    child.start();
    return child.ref as ActorRef<M>;
  }

  /**
   * Starts a new actor in the place of a parked child (OTP's restart_child), without counted restarts.
   *
   * @throws InvalidArgumentError for a child that is not parked
   */
  unpark(parked: C): ActorRef<never> {
    this.#requireUp();
    if (parked.state !== 'parked') throw new InvalidArgumentError('child', `${parked.path} is not parked`);
    const child = parked.recreate() as C;
    // Set before the parked actor ends, so that the place in the start order is kept.
    this.#table.set(parked.key, child);
    parked.stop();
    child.start();
    this.#node.events.emit({ type: 'unparked', path: child.path });
    return child.ref;
  }

  /** Ends a child in order; kills it when that takes longer than `shutdownMs`. */
  stop(child: C, done?: () => void): void {
    child.stop();
    // An idle actor has ended by now, which is the usual case; only the others need a deadline.
    if (child.state === 'stopped') {
      done?.();
      return;
    }
    const timer = this.#node.clock.setTimer(this.#options.shutdownMs, () => child.terminate('killed'));
    this.whenGone(child, () => {
      timer.cancel();
      done?.();
    });
  }

  /** Ends all children in reverse start order, one after the other. */
  stopAll(done: () => void): void {
    for (const plan of this.#plans) cancel(plan);
    this.#plans = [];
    inSequence([...this.#table.values()].toReversed(), (child, next) => this.stop(child, next), done);
  }

  /** The incarnation of a child has ended by itself, by a failure or by a kill. */
  childEnded(child: C, outcome: ChildOutcome, cause: unknown): void {
    if (!this.#owner.isUp) return child.end(outcome, cause);
    const { clock, random } = this.#node;
    // The siblings are listed only where the decision depends on them, for supervisors of many thousands.
    const dependsOnSiblings =
      this.#options.strategy !== 'one-for-one' || this.#options.autoShutdown === 'all-significant';
    const family = dependsOnSiblings ? [...this.#table.values()] : [child];
    const children = family.map((one) => ({
      name: one.name,
      restart: one.props.restart ?? ('transient' as const),
      // A parked child does not end any more.
      isSignificant: one.props.significant === true && one.state !== 'parked',
    }));
    const decision = decideRestart(
      this.#options,
      { child: child.name, outcome, children, history: this.#history, childHistory: child.restartHistory },
      clock.now(),
      random.next(),
    );
    this.#carryOut(decision, child, outcome, cause);
  }

  /** A child has ended, and no other incarnation follows. */
  childGone(child: C): void {
    if (this.#table.get(child.key) === child) this.#table.delete(child.key);
    this.forgetRestart(child);
    if (this.#waiters.size === 0) return;
    const waiting = this.#waiters.get(child);
    if (waiting === undefined) return;
    this.#waiters.delete(child);
    for (const done of waiting) done();
  }

  /** Takes the child out of a restart that is under way. */
  forgetRestart(child: C): void {
    for (const plan of this.#plans) plan.children.delete(child);
  }

  /** Calls `done` once the child has ended. */
  whenGone(child: C, done: () => void): void {
    const waiting = this.#waiters.get(child);
    if (waiting === undefined) this.#waiters.set(child, [done]);
    else waiting.push(done);
  }

  addSizes(to: TableSizes): void {
    to.restarts += this.#plans.length;
    for (const waiting of this.#waiters.values()) to.endWaiters += waiting.length;
  }

  #removeWaiter(child: C, done: () => void): void {
    const left = this.#waiters.get(child)?.filter((waiting) => waiting !== done) ?? [];
    if (left.length > 0) this.#waiters.set(child, left);
    else this.#waiters.delete(child);
  }

  #requireUp(): void {
    if (!this.#owner.isUp) {
      if (this.#owner.isRoot) throw new SystemStoppedError(this.#node.nodeId);
      // A child started now would outlive its supervisor.
      throw new InvalidArgumentError(
        'context',
        `of ${this.#owner.path} belongs to an incarnation that is ending`,
      );
    }
  }

  /** @throws InvalidArgumentError for a name that is taken or malformed; a parked child gives up its name */
  #freeName(name: string): string {
    const existing = this.#table.get(requireChildName(name));
    if (existing === undefined) return name;
    if (existing.state !== 'parked') {
      const family = this.#owner.path || 'the root';
      throw new InvalidArgumentError(
        'name',
        `${JSON.stringify(name)} is taken among the children of ${family}`,
      );
    }
    existing.stop();
    return name;
  }

  #carryOut(decision: SupervisorDecision, child: C, outcome: ChildOutcome, cause: unknown): void {
    switch (decision.type) {
      case 'remove':
        return child.end(outcome, cause);
      case 'shut-down':
        child.end(outcome, cause);
        return this.#owner.stopItself();
      case 'park':
        return child.park(cause);
      case 'escalate': {
        child.markFailed();
        const error = new RestartIntensityExceededError(child.path, { cause });
        this.#node.events.emit({ type: 'escalated', path: this.#owner.path, cause: error });
        return this.#owner.fail(error);
      }
      case 'restart':
        this.#history = decision.history;
        child.restartHistory = decision.childHistory;
        return this.#restart(decision, child, cause);
    }
  }

  #restart(decision: Extract<SupervisorDecision, { type: 'restart' }>, failed: C, cause: unknown): void {
    const plan: RestartPlan<C> = {
      children: new Set(this.#named(decision.restart)),
      cause,
      timer: undefined,
      cancelled: false,
    };
    this.#absorb(plan);
    this.#plans.push(plan);
    const siblings = [...plan.children].filter((child) => child !== failed);
    const ending = [...siblings, ...this.#named(decision.remove)].toSorted((a, b) => b.uid - a.uid);
    // The failed child is down already; its siblings follow in reverse start order (OTP).
    inSequence(
      [failed, ...ending],
      (child, done) =>
        plan.children.has(child) ? this.#bringDown(child, cause, done) : this.stop(child, done),
      () => this.#startAfter(plan, decision.delayMs),
    );
  }

  /** Takes the children of overlapping plans into this plan. */
  #absorb(plan: RestartPlan<C>): void {
    this.#plans = this.#plans.filter((other) => {
      if (![...other.children].some((child) => plan.children.has(child))) return true;
      cancel(other);
      for (const child of other.children) plan.children.add(child);
      return false;
    });
  }

  /** Ends the incarnation of a child before a restart, by force after `shutdownMs`. */
  #bringDown(child: C, cause: unknown, done: () => void): void {
    if (child.state === 'stopped' || child.state === 'stopping' || child.state === 'parked') return done();
    let timer: Timer | undefined;
    let isDown = false;
    const down = () => {
      isDown = true;
      timer?.cancel();
      // Removed here, or a child that is restarted often would collect waiters.
      this.#removeWaiter(child, down);
      done();
    };
    child.beginRestart(cause, down);
    if (isDown) return;
    timer = this.#node.clock.setTimer(this.#options.shutdownMs, () => {
      child.abandonIncarnation();
      down();
    });
    // For a child that is stopped while it goes down.
    this.whenGone(child, down);
  }

  #startAfter(plan: RestartPlan<C>, delayMs: number): void {
    if (plan.cancelled) return;
    plan.timer = this.#node.clock.setTimer(delayMs, () => {
      this.#plans = this.#plans.filter((other) => other !== plan);
      if (!this.#owner.isUp) return;
      for (const child of [...plan.children].toSorted((a, b) => a.uid - b.uid)) {
        if (child.state !== 'restarting') continue;
        child.startNext();
        const { path, incarnation } = child;
        this.#node.events.emit({ type: 'restarted', path, incarnation, cause: plan.cause });
      }
    });
  }

  #named(names: readonly string[]): C[] {
    return names.flatMap((name) => this.child(name) ?? []);
  }
}

function cancel(plan: RestartPlan<unknown>): void {
  plan.cancelled = true;
  plan.timer?.cancel();
}
