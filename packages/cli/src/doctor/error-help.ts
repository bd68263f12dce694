import type { AgentsErrorCode } from '@drover/agents';
import type { FleetErrorCode } from '@drover/fleet';
import type { CommandErrorCode } from '../errors.ts';

/** What an error code means, and what to do. One sentence each. */
export interface ErrorHelp {
  readonly means: string;
  readonly fix: string;
}

type Table<Code extends string> = Readonly<Record<Code, ErrorHelp>>;

const wait = 'Send it again after the seconds that retry-after names.';

/** Errors of requests that a model answers, on every dialect. */
export const fleetHelp: Table<FleetErrorCode> = {
  'model-not-found': {
    means: 'No host lists the model.',
    fix: '`ollama pull MODEL` on a host, or correct the name; `drover status` shows what there is.',
  },
  'no-host': {
    means: 'No host that has the model is ready.',
    fix: '`drover doctor` names the hosts that are down and why.',
  },
  'queue-full': {
    means: 'Every host that could serve it has as many requests waiting as it takes.',
    fix: `${wait} Add hosts or slots, or raise --max-queue.`,
  },
  'bus-unavailable': {
    means: 'This node is not connected to NATS.',
    fix: 'Check that nats-server runs; `drover up` starts its own again by itself.',
  },
  deadline: {
    means: 'The request did not end within its deadline.',
    fix: 'Raise --request-timeout or send x-drover-timeout-ms; 0 turns the deadline off.',
  },
  'host-lost': {
    means:
      'The host that served the request, or its connection to Ollama, went away in the middle of the answer.',
    fix: `${wait} \`drover doctor\` names the host.`,
  },
  stalled: {
    means: 'The host sent nothing for longer than allowed.',
    fix: 'Raise --first-byte-timeout or --inter-token-timeout if the model is only slow; else restart that Ollama.',
  },
  'replay-lost': {
    means: 'A part of the answer was lost on the way and is no longer kept.',
    fix: 'Send the request again; raise --replay-buffer if the network is slow.',
  },
  'reader-too-slow': {
    means: 'The client took its answer more slowly than the buffers allow.',
    fix: 'Read faster, or raise --replay-buffer and --reader-timeout.',
  },
  'bad-upstream': {
    means:
      'The host answered something that is not what Ollama answers, or ended its answer before it was complete.',
    fix: 'Send it again if the answer was incomplete; else check that the address of the host is an Ollama of a supported version.',
  },
  cancelled: {
    means: 'The client disconnected or cancelled its request.',
    fix: 'Nothing: the request was ended on purpose.',
  },
};

/** Errors of agents, their tasks and runs. */
export const agentsHelp: Table<AgentsErrorCode> = {
  'unknown-agent-type': {
    means: 'The catalogue has no agent of that type.',
    fix: 'GET /api/v1/catalogue lists the types; --catalogue names the folder that defines them.',
  },
  'invalid-input': {
    means: 'A field of the request does not fit; the error names it.',
    fix: 'Correct the field and send the request again.',
  },
  'agent-not-found': { means: 'No agent has that id.', fix: 'GET /api/v1/agents lists those there are.' },
  'run-not-found': {
    means: 'No run has that id, or its record has made room for newer ones.',
    fix: 'Read results sooner, or raise --max-runs.',
  },
  'agent-lost': {
    means: 'The node of the agent went away; the leader brings the agent back on another.',
    fix: wait,
  },
  'agent-busy': {
    means: 'As many tasks wait for the agent as its queue takes.',
    fix: `${wait} Spawn another agent, or raise --max-queued-tasks.`,
  },
  'agent-stopped': { means: 'The agent was stopped for good.', fix: 'Spawn another one.' },
  'task-failed': {
    means: 'The model or the agent failed at the task; the message says how.',
    fix: 'Read the message; an agent that failed too often is parked: stop it and spawn another.',
  },
  'idempotency-conflict': {
    means: 'The same Idempotency-Key was used for another request.',
    fix: 'Use a new key for each different request.',
  },
  'no-leader': {
    means: 'No host leads the agents, or the leader did not answer in time.',
    fix: 'Start a host with `drover host`; `drover doctor` proves the leader and its store.',
  },
  'no-host': {
    means: 'The agent is recorded and no host has taken it yet.',
    fix: 'Start another host with `drover host`, or look at the log of the one there is.',
  },
  'bus-unavailable': {
    means: 'This node is not connected to NATS.',
    fix: 'Check that nats-server runs; `drover up` starts its own again by itself.',
  },
  'store-unavailable': {
    means: 'JetStream did not answer in time: it restarts, moves its leader, or is overloaded.',
    fix: `${wait} Look at the log of nats-server if it lasts.`,
  },
  'store-full': {
    means:
      'JetStream answers questions and confirms no write: its disk is full, or was full since nats-server started.',
    fix: 'Make room on the disk with the data folder, then restart nats-server (stop `drover up` and start it again).',
  },
  'store-missing': {
    means: 'The stream with the records is not in JetStream: its store was deleted, or is another one.',
    fix: 'Stop `drover up`, put the store back from a copy and start again; without a copy restart the hosts, which begin with an empty store.',
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

/** Errors that the gateway finds before a host or an agent is asked. A test holds that none is missing. */
export const gatewayHelp: Table<string> = {
  'bad-encoding': {
    means: 'The body has a content-encoding that is not understood here.',
    fix: 'Send the body as it is, or zstd where Ollama takes it.',
  },
  'body-broken': {
    means: 'The body ended before it was complete, or its framing is wrong.',
    fix: 'Check the client and any proxy between: content-length must fit.',
  },
  'body-timeout': { means: 'The body did not arrive in time.', fix: 'Send faster, or raise --body-timeout.' },
  'body-too-complex': {
    means: 'The JSON of the body is nested too deeply.',
    fix: 'Send a flatter document.',
  },
  'body-too-large': { means: 'The body is larger than allowed.', fix: 'Send less, or raise --max-body.' },
  'cloud-disabled': {
    means: 'The name is that of a model in a cloud, which a fleet does not use.',
    fix: 'Name a model that a host has.',
  },
  'gateway-full': {
    means:
      'As many requests are under way as the gateway takes, or their bodies need more memory than it has for them.',
    fix: `${wait} Raise --max-streams, or start another gateway.`,
  },
  'gateway-stopping': {
    means: 'The gateway is being stopped.',
    fix: 'Send the request to another gateway, or again.',
  },
  internal: {
    means: 'The gateway failed inside: a defect.',
    fix: 'Its log has the reason; please report it with the request id.',
  },
  'invalid-header': {
    means: 'A header has a value that cannot be meant.',
    fix: 'Correct the header that is named.',
  },
  'invalid-json': { means: 'The body is no JSON.', fix: 'Send JSON; the message says where it breaks.' },
  'invalid-model-name': { means: 'No model can have that name.', fix: 'Correct the name.' },
  'invalid-type': {
    means: 'A field has another type than it must have.',
    fix: 'Correct the field that is named.',
  },
  'method-not-allowed': {
    means: 'The route exists, for other methods.',
    fix: 'Use a method that the header Allow names.',
  },
  'model-required': { means: 'The request names no model.', fix: 'Name one in the field model.' },
  'no-such-route': {
    means: 'This gateway has no such route; it may be older than the client.',
    fix: 'Correct the path, or bring the gateway up to date.',
  },
  'node-not-found': {
    means: 'No node, or no Ollama of that node, has that name.',
    fix: '`drover status` lists them.',
  },
  'request-not-found': {
    means: 'This gateway keeps nothing of a request with that id.',
    fix: 'Ask soon after the request, and the gateway that served it.',
  },
  'too-many-inspections': {
    means: 'As many inspections of actors are under way as the gateway allows.',
    fix: wait,
  },
};

/** Errors of the commands, with their exit codes. */
export const commandHelp: Table<CommandErrorCode> = {
  'bad-configuration': {
    means: 'A flag, variable or key of the file has a value that cannot be meant (exit 2).',
    fix: 'Correct the one that is named; `drover COMMAND --help` shows what it takes.',
  },
  'nats-missing': {
    means: 'No nats-server was found and none could be fetched (exit 3).',
    fix: 'Install one and name it with --nats-server, or use a running one with --nats.',
  },
  'nats-unsupported': {
    means: 'The nats-server is too old, has no JetStream, or carries messages that are too small (exit 3).',
    fix: 'Do what the message says: a newer version, --jetstream, or a larger max_payload.',
  },
  'nats-unreachable': {
    means: 'No NATS answers at the address, or it refuses the credentials (exit 3).',
    fix: 'Check that it runs there and that the credentials are of this cluster.',
  },
  'ollama-missing': {
    means: 'No host answers as an Ollama (exit 3).',
    fix: 'Start it with `ollama serve`, or correct --ollama.',
  },
  'gateway-unreachable': {
    means: 'No Drover answers at the address (exit 3).',
    fix: 'Start one with `drover up`, or name its address with --url.',
  },
  'gateway-refused': {
    means: 'The gateway refused what the command asked (exit 3).',
    fix: 'The message has its code.',
  },
  'node-missing': { means: 'No node has that name (exit 3).', fix: '`drover status` lists them.' },
  'node-id-taken': {
    means: 'A living process uses the node id, here or on another machine (exit 4).',
    fix: 'End that process, or give this one an id of its own with --id; a former process may still be draining.',
  },
  'request-unknown': {
    means: 'The gateway keeps nothing of a request with that id (exit 3).',
    fix: 'Ask soon after the request, and the gateway that served it.',
  },
  'cluster-missing': {
    means: 'No drover up runs with the data folder (exit 3).',
    fix: 'Start one, name its folder with --data, or name a NATS with --nats.',
  },
  'data-in-use': {
    means: 'Another drover up uses the data folder (exit 4).',
    fix: 'Stop that one, or name another folder with --data.',
  },
  'address-in-use': {
    means: 'Another process listens on the port (exit 4).',
    fix: 'Choose another with --port; --port 0 takes any free one.',
  },
  'process-failed': {
    means: 'A process of drover up kept ending and was given up (exit code of that process, or 70).',
    fix: 'Run again with --log-level info to see what it did before.',
  },
  'start-timeout': {
    means: 'The fleet was not ready in time (exit 70).',
    fix: 'The message has the last reason; run again with --log-level info to see more.',
  },
};
