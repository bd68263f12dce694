/** Progress of a question to several targets. */
export interface Gathering {
  readonly targets: number;
  readonly needed: number;
  readonly asked: number;
  readonly answered: number;
  readonly failed: number;
}

/** `next`: ask one more · `enough`: the needed answers are there · `hopeless`: too few can still arrive · `wait`. */
export type GatherStep = 'next' | 'enough' | 'hopeless' | 'wait';

/** Next step. `isTime`: no target has answered for `intervalMs`. */
export function decideGather(state: Gathering, isTime: boolean): GatherStep {
  const { targets, needed, asked, answered, failed } = state;
  if (answered >= needed) return 'enough';
  if (targets - failed < needed) return 'hopeless';
  const outstanding = asked - answered - failed;
  // A target that failed is replaced at once: there is nothing to wait for.
  if (asked < targets && (isTime || outstanding < needed - answered)) return 'next';
  return 'wait';
}
