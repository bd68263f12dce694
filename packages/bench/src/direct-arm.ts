import type { Arm } from './arm.ts';

/** The client calls the simulated hosts directly, in rotation: the baseline for every other arm. */
export const directArm: Arm = {
  name: 'direct',
  start: async (hosts) => ({
    urlFor: (index) => (hosts[index % hosts.length] as { url: string }).url,
    processes: [],
    stop: async () => {},
  }),
};
