import type { ActorCell } from '../cell/cell.ts';
import { ActorCell as Cell } from '../cell/cell.ts';
import type { ActorRef } from '../actor/actor-ref.ts';
import type { TableSizes } from '../actor/table-sizes.ts';
import {
  abandonIncarnation,
  beginEnd,
  beginRestart,
  fail,
  park,
  startNext,
  stop,
  stopItself,
  terminate,
} from '../cell/lifecycle.ts';
import { type Props, requireProps } from '../actor/props.ts';
import { InvalidArgumentError, RestartIntensityExceededError, SystemStoppedError } from '../errors.ts';
import type { Timer } from '../clock.ts';
import { type ChildOutcome, decideRestart, type SupervisorDecision } from './decide-restart.ts';
import { inSequence } from './in-sequence.ts';
import { type ResolvedSupervision, resolveSupervision } from './resolve-supervision.ts';
import { noRestarts, type RestartHistory } from './restart-intensity.ts';

/** Children on their way to their next incarnation together. */
interface RestartPlan {
  readonly cells: Set<ActorCell>;
  readonly cause: unknown;
  timer: Timer | undefined;
  cancelled: boolean;
}

/** The children of one actor, and the shell that carries out what `decideRestart` decided about them. */
export class Supervisor {
  readonly #owner: ActorCell;
  readonly #options: ResolvedSupervision;
  /** In start order; a restart keeps a child's place. */
  readonly #table = new Map<string | number, ActorCell>();
  readonly #waiters = new Map<ActorCell, (() => void)[]>();
  #history: RestartHistory = noRestarts;
  #plans: RestartPlan[] = [];
  #names = 0;

  constructor(owner: ActorCell) {
    this.#owner = owner;
    this.#options = resolveSupervision(owner.props.supervision);
  }

  children(): Iterable<ActorCell> {
    return this.#table.values();
  }

  child(name: string): ActorCell | undefined {
    return (
      this.#table.get(name) ?? (name.startsWith('$') ? this.#table.get(Number(name.slice(1))) : undefined)
    );
  }

  /** @throws InvalidArgumentError for a name that is taken or malformed, or a significant child that cannot be one */
  spawn<C>(props: Props<C>, name?: string): ActorRef<C> {
    const { runtime } = this.#owner;
    this.#requireUp();
    requireProps(props as unknown as Props<never>);
    const own = name === undefined ? ++this.#names : this.#freeName(name);
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
    const cell = new Cell(runtime, this.#owner, own, props);
    this.#table.set(own, cell as unknown as ActorCell);
    cell.start();
    return cell.ref;
  }

  /**
   * Begins a new life in the place of a parked child (OTP's restart_child): its count starts anew.
   *
   * @throws InvalidArgumentError for a child that is not parked
   */
  unpark(parked: ActorCell): ActorRef<never> {
    this.#requireUp();
    if (parked.state !== 'parked') throw new InvalidArgumentError('child', `${parked.path} is not parked`);
    const { runtime } = this.#owner;
    const cell: ActorCell = new Cell(runtime, this.#owner, parked.key, parked.props);
    // Before the old one is gone, so that it keeps its place.
    this.#table.set(parked.key, cell);
    stop(parked);
    cell.start();
    runtime.emit({ type: 'unparked', path: cell.path });
    return cell.ref;
  }

  /** Ends a child in order, killed when it takes longer than `shutdownMs`. */
  stop(cell: ActorCell, done?: () => void): void {
    stop(cell);
    // Nearly always an actor is idle and has ended by now; only one that takes its time needs a deadline.
    if (cell.ended) {
      done?.();
      return;
    }
    const timer = this.#owner.runtime.clock.setTimer(this.#options.shutdownMs, () =>
      terminate(cell, 'killed'),
    );
    this.whenGone(cell, () => {
      timer.cancel();
      done?.();
    });
  }

  /** Ends all children in reverse start order, one after the other. */
  stopAll(done: () => void): void {
    for (const plan of this.#plans) cancel(plan);
    this.#plans = [];
    inSequence([...this.#table.values()].toReversed(), (cell, next) => this.stop(cell, next), done);
  }

  /** A child's incarnation has ended by itself or by a failure. */
  childEnded(cell: ActorCell, outcome: ChildOutcome, cause: unknown): void {
    const reason = outcome;
    if (!isUp(this.#owner)) return beginEnd(cell, reason, cause);
    const { clock, random } = this.#owner.runtime;
    // The decision needs the others only where they matter: a supervisor of many thousands stays quick.
    const alone =
      this.#options.strategy === 'one-for-one' && this.#options.autoShutdown !== 'all-significant';
    const family = alone ? [cell] : [...this.#table.values()];
    const children = family.map((one) => ({
      name: one.name,
      restart: one.props.restart ?? ('transient' as const),
      // A parked one will not end any more.
      isSignificant: one.props.significant === true && one.state !== 'parked',
    }));
    const decision = decideRestart(
      this.#options,
      { child: cell.name, outcome, children, history: this.#history, childHistory: cell.restartHistory },
      clock.now(),
      random.next(),
    );
    this.#carryOut(decision, cell, reason, cause);
  }

  /** A child's life is over. */
  childGone(cell: ActorCell): void {
    if (this.#table.get(cell.key) === cell) this.#table.delete(cell.key);
    this.forgetRestart(cell);
    if (this.#waiters.size === 0) return;
    const waiting = this.#waiters.get(cell);
    if (waiting === undefined) return;
    this.#waiters.delete(cell);
    for (const done of waiting) done();
  }

  forgetRestart(cell: ActorCell): void {
    for (const plan of this.#plans) plan.cells.delete(cell);
  }

  whenGone(cell: ActorCell, done: () => void): void {
    const waiting = this.#waiters.get(cell);
    if (waiting === undefined) this.#waiters.set(cell, [done]);
    else waiting.push(done);
  }

  addSizes(to: TableSizes): void {
    to.restarts += this.#plans.length;
    for (const waiting of this.#waiters.values()) to.endWaiters += waiting.length;
  }

  #waitNoMore(cell: ActorCell, done: () => void): void {
    const left = this.#waiters.get(cell)?.filter((waiting) => waiting !== done) ?? [];
    if (left.length > 0) this.#waiters.set(cell, left);
    else this.#waiters.delete(cell);
  }

  #requireUp(): void {
    if (!isUp(this.#owner)) {
      if (this.#owner.parent === undefined) throw new SystemStoppedError(this.#owner.runtime.nodeId);
      // A child born now would outlive who supervises it.
      throw new InvalidArgumentError(
        'context',
        `of ${this.#owner.path} belongs to an incarnation that is ending`,
      );
    }
  }

  /** @throws InvalidArgumentError for a name that is taken or malformed; a parked child yields its own */
  #freeName(name: string): string {
    const existing = this.#table.get(requireName(name));
    if (existing === undefined) return name;
    if (existing.state !== 'parked') {
      const family = this.#owner.path || 'the root';
      throw new InvalidArgumentError(
        'name',
        `${JSON.stringify(name)} is taken among the children of ${family}`,
      );
    }
    stop(existing);
    return name;
  }

  #carryOut(decision: SupervisorDecision, cell: ActorCell, reason: ChildOutcome, cause: unknown): void {
    switch (decision.type) {
      case 'remove':
        return beginEnd(cell, reason, cause);
      case 'shut-down':
        beginEnd(cell, reason, cause);
        return stopItself(this.#owner);
      case 'park':
        return park(cell, cause);
      case 'escalate': {
        cell.endReason = 'failed';
        const error = new RestartIntensityExceededError(cell.path, { cause });
        this.#owner.runtime.emit({ type: 'escalated', path: this.#owner.path, cause: error });
        return fail(this.#owner, error);
      }
      case 'restart':
        this.#history = decision.history;
        cell.restartHistory = decision.childHistory;
        return this.#restart(decision, cell, cause);
    }
  }

  #restart(
    decision: Extract<SupervisorDecision, { type: 'restart' }>,
    failed: ActorCell,
    cause: unknown,
  ): void {
    const plan: RestartPlan = {
      cells: new Set(this.#named(decision.restart)),
      cause,
      timer: undefined,
      cancelled: false,
    };
    this.#absorb(plan);
    this.#plans.push(plan);
    const siblings = [...plan.cells].filter((cell) => cell !== failed);
    const ending = [...siblings, ...this.#named(decision.remove)].toSorted((a, b) => b.uid - a.uid);
    // The failed one is down already; the others follow in reverse start order (OTP).
    inSequence(
      [failed, ...ending],
      (cell, done) => (plan.cells.has(cell) ? this.#bringDown(cell, cause, done) : this.stop(cell, done)),
      () => this.#startAfter(plan, decision.delayMs),
    );
  }

  /** Takes the children of plans under way into this one. */
  #absorb(plan: RestartPlan): void {
    this.#plans = this.#plans.filter((other) => {
      if (![...other.cells].some((cell) => plan.cells.has(cell))) return true;
      cancel(other);
      for (const cell of other.cells) plan.cells.add(cell);
      return false;
    });
  }

  #bringDown(cell: ActorCell, cause: unknown, done: () => void): void {
    if (cell.state === 'stopped' || cell.state === 'stopping' || cell.state === 'parked') return done();
    let timer: Timer | undefined;
    let isDown = false;
    const down = () => {
      isDown = true;
      timer?.cancel();
      // Its end is awaited no more: it may live through many restarts.
      this.#waitNoMore(cell, down);
      done();
    };
    beginRestart(cell, cause, down);
    if (isDown) return;
    timer = this.#owner.runtime.clock.setTimer(this.#options.shutdownMs, () => {
      abandonIncarnation(cell);
      down();
    });
    // Stopped for good while it was going down.
    this.whenGone(cell, down);
  }

  #startAfter(plan: RestartPlan, delayMs: number): void {
    if (plan.cancelled) return;
    plan.timer = this.#owner.runtime.clock.setTimer(delayMs, () => {
      this.#plans = this.#plans.filter((other) => other !== plan);
      if (!isUp(this.#owner)) return;
      for (const cell of [...plan.cells].toSorted((a, b) => a.uid - b.uid)) {
        if (cell.state !== 'restarting') continue;
        startNext(cell);
        this.#owner.runtime.emit({
          type: 'restarted',
          path: cell.path,
          incarnation: cell.incarnation,
          cause: plan.cause,
        });
      }
    });
  }

  #named(names: readonly string[]): ActorCell[] {
    return names.flatMap((name) => this.child(name) ?? []);
  }
}

function isUp(cell: ActorCell): boolean {
  return cell.state === 'running' || cell.state === 'busy' || cell.state === 'starting';
}

function cancel(plan: RestartPlan): void {
  plan.cancelled = true;
  plan.timer?.cancel();
}

const maxNameLength = 256;

function requireName(name: string): string {
  if (name === '' || name.length > maxNameLength || name.startsWith('$') || name.includes('/')) {
    throw new InvalidArgumentError(
      'name',
      `must be 1 to ${maxNameLength} characters without "/", not beginning with "$" (got ${JSON.stringify(name)})`,
    );
  }
  return name;
}
