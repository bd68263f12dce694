/** How far a question to many has come. */
export interface Gathering {
  readonly targets: number;
  readonly needed: number;
  readonly asked: number;
  readonly answered: number;
  readonly failed: number;
}

/** `next`: ask one more · `enough`: the answers are there · `hopeless`: they cannot come any more · `wait`. */
export type GatherStep = 'next' | 'enough' | 'hopeless' | 'wait';

/** What to do now. `isTime`: nobody who was asked has answered for as long as one is given alone. */
export function decideGather(state: Gathering, isTime: boolean): GatherStep {
  const { targets, needed, asked, answered, failed } = state;
  if (answered >= needed) return 'enough';
  if (targets - failed < needed) return 'hopeless';
  const outstanding = asked - answered - failed;
  // Who failed is replaced at once: there is nothing to wait for.
  if (asked < targets && (isTime || outstanding < needed - answered)) return 'next';
  return 'wait';
}
