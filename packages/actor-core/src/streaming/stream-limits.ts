export const defaultIdleTimeoutMs = 15_000;
export const defaultWindow = 64;
/** How many signs of life each side sends within the idle timeout. */
export const signsOfLifePerTimeout = 4;
