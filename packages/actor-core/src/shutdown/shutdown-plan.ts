import { InvalidArgumentError } from '../errors.ts';
import { optionNames, requireKnownOptions } from '../known-options.ts';

const phaseOptions = optionNames<ShutdownPhase>({
  name: true,
  timeoutMs: true,
  after: true,
  onFailure: true,
});

/** A named step of the way down. Its tasks run together; the next phase begins when they have ended, or are given up. */
export interface ShutdownPhase {
  readonly name: string;
  /** How long its tasks may take. @default 5_000 */
  readonly timeoutMs?: number;
  /** Phases that come before it. @default the one listed before it */
  readonly after?: readonly string[];
  /** What happens when it fails or takes too long: go on, or end the way down with an error. @default 'go-on' */
  readonly onFailure?: 'go-on' | 'abort';
}

export const defaultPhaseTimeoutMs = 5_000;

/**
 * A way down for a node: refuse new work, finish what runs, hand over, say goodbye, close. An own list of phases may
 * name others.
 */
export const standardPhases: readonly ShutdownPhase[] = [
  { name: 'stop-intake' },
  { name: 'drain' },
  { name: 'hand-over', timeoutMs: 10_000 },
  { name: 'leave', timeoutMs: 10_000 },
  { name: 'close' },
];

/**
 * The phases in an order that keeps every `after`; where that leaves a choice, as listed.
 *
 * @throws InvalidArgumentError for a name given twice, one that is unknown, a circle, or a timeout not above 0
 */
export function planShutdown(phases: readonly ShutdownPhase[]): readonly ShutdownPhase[] {
  for (const phase of phases) requireKnownOptions(`phases.${phase.name}`, phase, phaseOptions);
  const names = new Set(phases.map(({ name }) => name));
  if (names.size !== phases.length) throw new InvalidArgumentError('phases', 'have a name twice');
  const before = new Map<string, readonly string[]>();
  for (const [index, { name, after, timeoutMs }] of phases.entries()) {
    const previous = phases[index - 1];
    before.set(name, after ?? (previous === undefined ? [] : [previous.name]));
    for (const other of before.get(name) ?? [])
      if (!names.has(other))
        throw new InvalidArgumentError(`phases.${name}.after`, `names no phase: ${other}`);
    if (timeoutMs !== undefined && !(Number.isFinite(timeoutMs) && timeoutMs > 0))
      throw new InvalidArgumentError(`phases.${name}.timeoutMs`, 'must be finite and above 0');
  }
  const ordered: ShutdownPhase[] = [];
  const done = new Set<string>();
  while (ordered.length < phases.length) {
    const next = phases.find(
      ({ name }) => !done.has(name) && (before.get(name) ?? []).every((other) => done.has(other)),
    );
    if (next === undefined) throw new InvalidArgumentError('phases', 'wait for each other in a circle');
    ordered.push(next);
    done.add(next.name);
  }
  return ordered;
}
