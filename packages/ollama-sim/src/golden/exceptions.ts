/**
 * Recorded exchanges in which the simulator is allowed to differ, each with its reason. Everything else must agree.
 */
export const EXCEPTIONS: Readonly<Record<string, string>> = {};
