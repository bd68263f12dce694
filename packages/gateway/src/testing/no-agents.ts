import { type AgentsClient, AgentsError } from '@drover/agents';

const refuse = (): Promise<never> => Promise.reject(new AgentsError('no-leader', 'this test has no agents'));

/** A cluster without a host for agents. */
export const noAgents: AgentsClient = {
  forTenant() {
    return this;
  },
  spawn: refuse,
  list: refuse,
  get: refuse,
  stop: refuse,
  metrics: refuse,
  task: refuse,
  submit: refuse,
  run: refuse,
  definitions: () => [],
  proveStore: refuse,
  storeTrouble: () => undefined,
};
