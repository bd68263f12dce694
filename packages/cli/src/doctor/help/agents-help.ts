import type { AgentsErrorCode } from '@drover/agents';
import { type HelpTable, sendAgain } from './error-help.ts';

/** Errors of agents, their tasks and runs. */
export const agentsHelp: HelpTable<AgentsErrorCode> = {
  'unknown-agent-type': {
    means: 'No agent definition has that type.',
    fix: 'GET /api/v1/catalogue lists the types; --catalogue names the folder that defines them.',
  },
  'invalid-input': {
    means: 'A field of the request has a wrong value; the error names the field.',
    fix: 'Correct the field and send the request again.',
  },
  'agent-not-found': { means: 'No agent has that id.', fix: 'GET /api/v1/agents lists all agents.' },
  'run-not-found': {
    means: 'No run has that id, or its record was removed to make room for newer runs.',
    fix: 'Read results sooner, or raise --max-runs.',
  },
  'agent-lost': {
    means: 'The node of the agent was lost; the leader starts the agent again on another node.',
    fix: sendAgain,
  },
  'agent-busy': {
    means: 'The queue of the agent is full.',
    fix: `${sendAgain} Spawn another agent, or raise --max-queued-tasks.`,
  },
  'agent-stopped': { means: 'The agent was stopped for good.', fix: 'Spawn another one.' },
  'task-failed': {
    means: 'The model or the agent failed at the task; the message has the reason.',
    fix: 'Read the message; an agent that failed too often is parked: stop it and spawn another.',
  },
  'idempotency-conflict': {
    means: 'The same Idempotency-Key was used for another request.',
    fix: 'Use a new key for each different request.',
  },
  'no-leader': {
    means: 'No host leads the agents, or the control of the cluster, or the leader did not answer in time.',
    fix: 'Start a host with `drover host`; `drover doctor` tests the leaders, the voters and the store.',
  },
  'no-host': {
    means: 'The agent is recorded, and no agent host runs it yet.',
    fix: 'Start another agent host with `drover host`, or look at the log of the one that runs.',
  },
  'bus-unavailable': {
    means: 'This node is not connected to NATS.',
    fix: 'Check that nats-server runs; `drover up` restarts its own by itself.',
  },
  'store-unavailable': {
    means:
      'JetStream did not answer in time: it is restarting, elects a new stream leader, or is overloaded.',
    fix: `${sendAgain} Look at the log of nats-server if the error stays.`,
  },
  'store-full': {
    means:
      'JetStream answers reads and confirms no write: its disk is full, or was full since nats-server started.',
    fix: 'Make room on the disk with the data folder. `drover up` then restarts its nats-server by itself; restart a nats-server of your own.',
  },
  'store-missing': {
    means:
      'The stream with the records is not in JetStream: the store was deleted, or NATS uses another store.',
    fix: 'Stop `drover up`, restore the store from a copy and start again; without a copy the leader makes an empty store within seconds.',
  },
  deadline: {
    means: 'The task did not end within its timeout.',
    fix: 'Send a larger timeoutMs, or raise --task-timeout.',
  },
  cancelled: {
    means: 'The client disconnected or cancelled its request.',
    fix: 'Nothing: the request was ended on purpose.',
  },
};
