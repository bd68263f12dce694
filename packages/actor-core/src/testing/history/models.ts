import type { Model } from './linearizability.ts';

export type RegisterInput =
  | { readonly kind: 'read' }
  | { readonly kind: 'write'; readonly value: number }
  | { readonly kind: 'swap'; readonly from: number | undefined; readonly to: number };

export type RegisterOutput =
  | { readonly kind: 'value'; readonly value: number | undefined }
  | { readonly kind: 'written' }
  | { readonly kind: 'swapped'; readonly isSwapped: boolean };

/** A value that is read, written, and replaced where it is as expected. */
export const register: Model<number | undefined, RegisterInput, RegisterOutput> = {
  initial: undefined,
  key: String,
  step: (state, input, output) => {
    if (input.kind === 'write') return [input.value];
    if (input.kind === 'read')
      return output === undefined || (output.kind === 'value' && output.value === state) ? [state] : [];
    const isSwapped = state === input.from;
    if (output !== undefined && (output.kind !== 'swapped' || output.isSwapped !== isSwapped)) return [];
    return [isSwapped ? input.to : state];
  },
};

export type LockInput =
  | { readonly kind: 'acquire'; readonly holder: string }
  | { readonly kind: 'release'; readonly holder: string };

/** A lock that one holder has at a time. Output: whether it was acquired or released. */
export const lock: Model<string | undefined, LockInput, boolean> = {
  initial: undefined,
  key: String,
  step: (state, { kind, holder }, output) => {
    const isDone = kind === 'acquire' ? state === undefined : state === holder;
    if (output !== undefined && output !== isDone) return [];
    if (!isDone) return [state];
    return [kind === 'acquire' ? holder : undefined];
  },
};
