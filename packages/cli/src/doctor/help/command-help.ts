import type { CommandErrorCode } from '../../errors.ts';
import type { HelpTable } from './error-help.ts';

/** Errors of the commands, with their exit codes. */
export const commandHelp: HelpTable<CommandErrorCode> = {
  'bad-configuration': {
    means: 'A flag, variable or key of the file has a wrong value (exit 2).',
    fix: 'Correct the one that the message names; `drover COMMAND --help` shows the allowed values.',
  },
  'nats-missing': {
    means: 'No nats-server was found and none could be fetched (exit 3).',
    fix: 'Install one and name it with --nats-server, or use a running one with --nats.',
  },
  'nats-unsupported': {
    means:
      'The nats-server is too old, has no JetStream, its limit for messages is too small, or drover up of 0.3.0 runs it (exit 3).',
    fix: 'As the message says: use a newer version, start it with --jetstream, raise max_payload, or restart drover up with this release.',
  },
  'nats-unreachable': {
    means: 'No NATS answers at the address, or NATS refuses the credentials (exit 3).',
    fix: 'Check that NATS runs there and that the credentials belong to this cluster.',
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
    means: 'The gateway refused the request of the command (exit 3).',
    fix: 'The message has the error code of the gateway.',
  },
  'key-missing': {
    means: 'The gateway asks for a key, and the command has none that is valid (exit 3).',
    fix: 'Name one with --key or DROVER_KEY; on the machine of `drover up` the key is in its data folder.',
  },
  'node-missing': { means: 'No node has that name (exit 3).', fix: '`drover status` lists them.' },
  'node-id-taken': {
    means: 'A living process uses the node id, here or on another machine (exit 4).',
    fix: 'End that process, or give this one another id with --id; a former process may still be draining.',
  },
  'request-unknown': {
    means: 'The gateway has no record of a request with that id (exit 3).',
    fix: 'Ask the gateway that served the request, soon after the request.',
  },
  'cluster-missing': {
    means: 'No drover up runs with the data folder (exit 3).',
    fix: 'Start one, name its folder with --data, or name a NATS with --nats.',
  },
  'data-in-use': {
    means: 'Another drover up uses the data folder (exit 4).',
    fix: 'Stop that process, or name another folder with --data.',
  },
  'address-in-use': {
    means: 'Another process listens on the port (exit 4).',
    fix: 'Choose another port with --port; --port 0 takes any free port.',
  },
  'process-failed': {
    means: 'A process of drover up ended too often and was given up (exit code of that process, or 70).',
    fix: 'Run again with --log-level info to see what the process did before.',
  },
  'start-timeout': {
    means: 'The fleet was not ready in time (exit 70).',
    fix: 'The message has the last reason; run again with --log-level info for more.',
  },
};
