import { InvalidArgumentError } from '../errors.ts';
import { optionNames, requireKnownOptions } from '../known-options.ts';

const phaseOptions = optionNames<ShutdownPhase>({
  name: true,
  timeoutMs: true,
  after: true,
  onFailure: true,
});

/**
 * A named step of the shutdown. Its tasks run together; the next phase begins when they have ended or were abandoned.
 */
export interface ShutdownPhase {
  readonly name: string;
  /** Limit for its tasks. @default 5_000 */
  readonly timeoutMs?: number;
  /** Phases that must run before this one. @default the one listed before it */
  readonly after?: readonly string[];
  /** What a failure or timeout of a task does: continue, or end the shutdown with an error. @default 'go-on' */
  readonly onFailure?: 'go-on' | 'abort';
}

export const defaultPhaseTimeoutMs = 5_000;

/**
 * The usual phases of a node, in the order in which each can still use what the later ones take away:
 *
 * - `stop-intake`: refuse new work
 * - `transfer-leads`: give up leaderships, so that another node decides while this one is busy with its end
 * - `migrate-entities`: other nodes go on with what lives here
 * - `drain`: finish running work
 * - `return-leases`: give back tasks that were taken and not handled, so that other takers need not wait for the lease
 * - `leave`: stop the actors, announce the end, flush and close the bus
 * - `close`: what needs no bus
 *
 * A custom list of phases may use other names.
 */
export const standardPhases: readonly ShutdownPhase[] = [
  { name: 'stop-intake' },
  { name: 'transfer-leads' },
  { name: 'migrate-entities', timeoutMs: 10_000 },
  { name: 'drain' },
  { name: 'return-leases' },
  { name: 'leave', timeoutMs: 10_000 },
  { name: 'close' },
];

/**
 * The phases in an order that respects every `after`, otherwise as listed.
 *
 * @throws InvalidArgumentError for a name given twice, an unknown one, a cycle, or a timeout not above 0
 */
export function planShutdown(phases: readonly ShutdownPhase[]): readonly ShutdownPhase[] {
  for (const phase of phases) requireKnownOptions(`phases.${phase.name}`, phase, phaseOptions);
  const names = new Set(phases.map(({ name }) => name));
  if (names.size !== phases.length) throw new InvalidArgumentError('phases', 'have two entries of one name');
  const before = new Map<string, readonly string[]>();
  for (const [index, { name, after, timeoutMs }] of phases.entries()) {
    const previous = phases[index - 1];
    before.set(name, after ?? (previous === undefined ? [] : [previous.name]));
    for (const other of before.get(name) ?? [])
      if (!names.has(other))
        throw new InvalidArgumentError(`phases.${name}.after`, `names an unknown phase: ${other}`);
    if (timeoutMs !== undefined && !(Number.isFinite(timeoutMs) && timeoutMs > 0))
      throw new InvalidArgumentError(`phases.${name}.timeoutMs`, 'must be finite and above 0');
  }
  const ordered: ShutdownPhase[] = [];
  const done = new Set<string>();
  while (ordered.length < phases.length) {
    const next = phases.find(
      ({ name }) => !done.has(name) && (before.get(name) ?? []).every((other) => done.has(other)),
    );
    if (next === undefined) throw new InvalidArgumentError('phases', 'wait for each other in a cycle');
    ordered.push(next);
    done.add(next.name);
  }
  return ordered;
}
