import type { Arm } from './arm.ts';

/** The client speaks to the simulated hosts itself, in turn: the floor every other arm is compared with. */
export const directArm: Arm = {
  name: 'direct',
  start: async (hosts) => ({
    urlFor: (index) => (hosts[index % hosts.length] as { url: string }).url,
    processes: [],
    stop: async () => {},
  }),
};
