import { Command, Option } from 'commander';
import { resolveUpConfig, type UpOptions } from '../config.ts';
import type { ExitCode } from '../errors.ts';
import {
  credsOption,
  dataOption,
  hostOption,
  jsonOption,
  logLevelOption,
  natsOption,
  ollamaOption,
  portOption,
  slotsOption,
  wholeNumber,
} from './options.ts';

export function upCommand(finish: (code: ExitCode) => void): Command {
  return new Command('up')
    .description('run a whole fleet on this machine until Ctrl-C')
    .addOption(portOption())
    .addOption(hostOption())
    .addOption(ollamaOption('an Ollama of the fleet; may be given several times (default: the one found)'))
    .addOption(slotsOption())
    .addOption(
      new Option(
        '--sim <n>',
        'run n simulated Ollama hosts; 0 never simulates (default: 2 when none is found)',
      )
        .argParser(wholeNumber)
        .env('DROVER_SIM'),
    )
    .addOption(natsOption('use this running NATS instead of an own one (also NATS_URL)'))
    .addOption(credsOption())
    .addOption(dataOption())
    .addOption(
      new Option(
        '--durability <profile>',
        'what a confirmed write survives: power or process (default: power)',
      ).env('DROVER_DURABILITY'),
    )
    .addOption(logLevelOption('warn'))
    .addOption(jsonOption('events as JSON lines on stdout'))
    .addHelpText(
      'after',
      `
Examples:
  drover up                                      the Ollama found here, else two simulated hosts
  drover up --ollama http://gpu1:11434 --ollama http://gpu2:11434 --slots 4
  drover up --sim 3 --port 0 --json              for scripts: wait for the ready line`,
    )
    .action(async (options: UpOptions) => {
      const config = resolveUpConfig(options, process.env);
      const { runUp } = await import('../up/run-up.ts');
      finish(await runUp(config, process.env));
    });
}
