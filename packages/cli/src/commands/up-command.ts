import { Command } from 'commander';
import { resolveUpConfig } from '../config.ts';
import type { ExitCode } from '../errors.ts';
import { packageConfigs } from '../settings/package-configs.ts';
import { requireTlsFiles } from '../settings/require-tls-files.ts';
import { addSettings, settingsFor } from './options.ts';

export function upCommand(finish: (code: ExitCode) => void): Command {
  return addSettings(new Command('up').description('run a whole fleet on this machine until Ctrl-C'), 'up')
    .addHelpText(
      'after',
      `
Examples:
  drover up                                      the Ollama found here, else two simulated hosts
  drover up --ollama http://gpu1:11434 --ollama http://gpu2:11434 --slots 4
  drover up --sim 3 --port 0 --json              for scripts: wait for the ready line
  drover up --help --all                         every flag`,
    )
    .action(async (flags: object) => {
      const stated = await settingsFor('up', flags);
      await requireTlsFiles(stated, packageConfigs(stated));
      const config = resolveUpConfig(stated, process.env);
      const { runUp } = await import('../up/run-up.ts');
      finish(await runUp(config, process.env));
    });
}
