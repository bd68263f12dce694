import type { Logger } from '../logger.ts';
import type {
  ElectionEffect,
  ElectionEvent,
  ElectionRole,
  ElectionState,
} from './election/election-state.ts';

/** Message of the lines that `ElectionTrace` writes. */
export const electionStep = 'election step';

/**
 * Writes a debug line for each step of an election at this node: a new role, a question to the voters, a vote or an
 * answer of this node, and a stall of its process. The lines of all candidates, ordered by time, explain how long an
 * election took.
 */
export class ElectionTrace {
  readonly #log: Logger;
  readonly #group: string;
  #role: ElectionRole = 'follower';

  constructor(log: Logger, group: string) {
    this.#log = log;
    this.#group = group;
  }

  note(state: ElectionState, event: ElectionEvent, effects: readonly ElectionEffect[], nowMs: number): void {
    const { role, term } = state;
    if (role !== this.#role) this.#write({ from: this.#role, role, term, on: causeOf(event) });
    this.#role = role;
    if (event.kind === 'lag') this.#write({ stoodStillMs: Math.round(event.lagMs) });
    for (const effect of effects) {
      if (effect.kind === 'probe') this.#write({ asks: term + 1 });
      if (effect.kind !== 'send' || !('isGranted' in effect.message)) continue;
      const { kind, isGranted } = effect.message;
      this.#write({ answers: kind, to: effect.to, isGranted, term, abstains: nowMs < state.abstainsUntilMs });
    }
  }

  #write(fields: object): void {
    this.#log.debug({ group: this.#group, ...fields }, electionStep);
  }
}

function causeOf(event: ElectionEvent): string {
  if (event.kind === 'received') return `${event.message.kind} of ${event.from}`;
  return event.kind === 'lag' ? `lag of ${Math.round(event.lagMs)} ms` : event.kind;
}
