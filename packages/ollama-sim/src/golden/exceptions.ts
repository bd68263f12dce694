/** Recorded exchanges in which the simulator may differ, each with its reason. All others agree. */
export const exceptions: Readonly<Record<string, string>> = {};
