import { InvalidArgumentError } from './errors.ts';

/**
 * A configuration of which some fields may change while its users run. Users keep `current` and read a field each time
 * they need it. A field that is not live never changes.
 */
export interface LiveConfig<T extends object> {
  readonly current: T;
  /**
   * Replaces the live changes: a field that `changes` leaves out returns to its value at the start.
   *
   * @throws InvalidArgumentError naming a field that is not live, out of range, or contradicts another; nothing changes
   */
  apply(changes: Partial<T>): void;
}

/**
 * Makes a configuration live.
 *
 * @param resolve checks the stated fields and fills in the others
 * @param stated fields as they were stated at the start
 * @param liveFields the fields that may change
 */
export function createLiveConfig<T extends object>(
  resolve: (stated: Partial<T>) => T,
  stated: Partial<T>,
  liveFields: readonly (keyof T)[],
): LiveConfig<T> {
  let values = resolve(stated);
  const view = {} as T;
  for (const field of Object.keys(values) as (keyof T)[])
    Object.defineProperty(view, field, { enumerable: true, get: () => values[field] });
  return {
    current: Object.freeze(view),
    apply(changes) {
      for (const field of Object.keys(changes) as (keyof T)[])
        if (!liveFields.includes(field))
          throw new InvalidArgumentError(String(field), 'cannot change while the process runs');
      values = resolve({ ...stated, ...changes });
    },
  };
}
