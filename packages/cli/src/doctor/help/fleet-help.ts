import type { FleetErrorCode } from '@drover/fleet';
import { type HelpTable, sendAgain } from './error-help.ts';

/** Errors of requests to models, in every dialect. */
export const fleetHelp: HelpTable<FleetErrorCode> = {
  'model-not-found': {
    means: 'No host lists the model.',
    fix: '`drover pull MODEL`, or correct the name; `drover status` shows the models.',
  },
  'no-host': {
    means: 'No host that has the model is ready.',
    fix: '`drover doctor` names the hosts that are down and why.',
  },
  'queue-full': {
    means: 'The queue of every host that could serve the request is full.',
    fix: `${sendAgain} Add hosts or slots, or raise --max-queue.`,
  },
  'bus-unavailable': {
    means: 'This node is not connected to NATS.',
    fix: 'Check that nats-server runs; `drover up` restarts its own by itself.',
  },
  deadline: {
    means: 'The request did not end within its deadline.',
    fix: 'Raise --request-timeout or send x-drover-timeout-ms; 0 turns the deadline off.',
  },
  'host-lost': {
    means:
      'The host that served the request was lost in the middle of the answer, or its connection to Ollama broke.',
    fix: `${sendAgain} \`drover doctor\` names the host.`,
  },
  stalled: {
    means: 'The host sent nothing for longer than the timeout allows.',
    fix: 'Raise --first-byte-timeout or --inter-token-timeout if the model is only slow; else restart that Ollama.',
  },
  'replay-lost': {
    means: 'A part of the answer was lost on the network and is no longer in the replay buffer.',
    fix: 'Send the request again; raise --replay-buffer if the network is slow.',
  },
  'reader-too-slow': {
    means: 'The client read its answer more slowly than the buffers allow.',
    fix: 'Read faster, or raise --replay-buffer and --reader-timeout.',
  },
  'bad-upstream': {
    means: 'The host sent an answer that no Ollama sends, or ended its answer before it was complete.',
    fix: 'Send the request again if the answer was incomplete; else check that an Ollama of a supported version runs at the address of the host.',
  },
  cancelled: {
    means: 'The client disconnected or cancelled its request.',
    fix: 'Nothing: the request was ended on purpose.',
  },
};
