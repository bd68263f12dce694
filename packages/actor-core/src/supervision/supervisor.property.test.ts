import {
  type Arbitrary,
  array,
  assert,
  asyncProperty,
  boolean,
  constantFrom,
  integer,
  nat,
  record,
} from 'fast-check';
import { expect, it } from 'vitest';
import type { RestartType } from '../actor/supervision-options.ts';
import { restartTypes, supervisionOptions } from '../testing/arbitraries.ts';
import { type Family, family } from '../testing/family.ts';
import { passUntil } from '../testing/test-time.ts';
import { type ResolvedSupervision, resolveSupervision } from './resolve-supervision.ts';

interface ChildSpec {
  readonly restart: RestartType;
  readonly significant: boolean;
}

interface Happening {
  readonly child: number;
  readonly end: 'fail' | 'stop';
  readonly waitMs: number;
}

/** Longer than the longest backoff with its jitter: after it all restarts have happened. */
const restMs = 4_001;
const longestBackoffMs = 2_000;

const specs: Arbitrary<ChildSpec> = record({ restart: restartTypes(), significant: boolean() }).map(
  ({ restart, significant }) => ({ restart, significant: significant && restart !== 'permanent' }),
);
const happenings: Arbitrary<Happening> = record({
  child: nat(3),
  end: constantFrom('fail', 'fail', 'stop'),
  waitMs: integer({ min: 0, max: 20_000 }),
});

/** The rules of OTP: which children live after each end, once all restarts have happened. */
class ModelSupervisor {
  alive: string[];
  /** True while the supervisor lives, or is being restarted by the root. */
  isThere = true;
  readonly #options: ResolvedSupervision;
  readonly #specs: ReadonlyMap<string, ChildSpec>;
  #restarts: { readonly atMs: number; readonly child: string }[] = [];
  #escalations: number[] = [];

  constructor(options: ResolvedSupervision, children: ReadonlyMap<string, ChildSpec>) {
    this.#options = options;
    this.#specs = children;
    this.alive = [...children.keys()];
  }

  ended(child: string, end: 'fail' | 'stop', atMs: number): void {
    if (!this.alive.includes(child)) return;
    const { restart, significant } = this.#specs.get(child) as ChildSpec;
    if (restart === 'temporary' || (restart === 'transient' && end === 'stop')) {
      this.#remove([child]);
      if (significant && this.#endsWith()) this.#end();
      return;
    }
    const { dynamic, intensity, periodMs, strategy } = this.#options;
    this.#restarts = this.#restarts.filter((restarted) => atMs - restarted.atMs <= periodMs);
    this.#restarts.push({ atMs, child });
    const counted = this.#restarts.filter((restarted) => !dynamic || restarted.child === child).length;
    if (counted > intensity) return dynamic ? this.#remove([child]) : this.#escalate(atMs);
    const index = this.alive.indexOf(child);
    const affected =
      strategy === 'one-for-one' ? [] : strategy === 'one-for-all' ? this.alive : this.alive.slice(index);
    this.#remove(affected.filter((one) => one !== child && this.#specs.get(one)?.restart === 'temporary'));
  }

  #endsWith(): boolean {
    const { autoShutdown } = this.#options;
    if (autoShutdown === 'never') return false;
    return autoShutdown === 'any-significant' || !this.alive.some((one) => this.#specs.get(one)?.significant);
  }

  /** It fails, and the root restarts it with all its children: three times in 30 s, which is the root's default. */
  #escalate(atMs: number): void {
    this.#escalations = this.#escalations.filter((before) => atMs - before <= 30_000);
    this.#escalations.push(atMs);
    if (this.#escalations.length > 3) return this.#end();
    this.#restarts = [];
    this.alive = [...this.#specs.keys()];
  }

  #remove(names: readonly string[]): void {
    this.alive = this.alive.filter((one) => !names.includes(one));
  }

  #end(): void {
    this.isThere = false;
    this.alive = [];
  }
}

function living(tree: Family): { sup: boolean; children: string[] } {
  const actors = tree.system.inspect().filter(({ state }) => state !== 'parked');
  return {
    sup: actors.some(({ path }) => path === 'sup'),
    children: actors.filter(({ path }) => path.startsWith('sup/')).map(({ path }) => path.slice(4)),
  };
}

it('after any sequence of ends exactly the children live that live in OTP', async () => {
  await assert(
    asyncProperty(
      supervisionOptions(),
      array(specs, { minLength: 1, maxLength: 4 }),
      array(happenings, { maxLength: 12 }),
      async (given, children, ends) => {
        const options = { backoffMaxMs: longestBackoffMs, ...given };
        const byName = new Map(children.map((spec, index) => [`c${index}`, spec]));
        const types = Object.fromEntries([...byName].map(([name, { restart }]) => [name, restart]));
        const mayEndIt = (options.autoShutdown ?? 'never') !== 'never';
        const significant = [...byName]
          .filter(([, spec]) => mayEndIt && spec.significant)
          .map(([name]) => name);
        const tree = await family(options, types, 'transient', significant);
        const model = new ModelSupervisor(resolveSupervision(options), byName);
        for (const { child, end, waitMs } of ends) {
          const name = `c${child % children.length}`;
          model.ended(name, end, tree.clock.now());
          tree.children.get(name)?.tell(end);
          await passUntil(tree.clock, restMs + waitMs, never, () => () => undefined);
          expect(living(tree)).toEqual({ sup: model.isThere, children: model.alive });
        }
      },
    ),
    { numRuns: 1_000 },
  );
});

function never(): boolean {
  return false;
}
