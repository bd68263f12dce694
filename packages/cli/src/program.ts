import { Command } from 'commander';
import { actorsCommand } from './commands/actors-command.ts';
import { auditCommand } from './commands/audit-command.ts';
import { clusterCommand } from './commands/cluster-command.ts';
import { configCommand } from './commands/config-command.ts';
import { doctorCommand } from './commands/doctor-command.ts';
import { eventsCommand } from './commands/events-command.ts';
import { explainCommand } from './commands/explain-command.ts';
import { keyCommand } from './commands/key-command.ts';
import { memoryCommand } from './commands/memory-command.ts';
import { pullCommand } from './commands/pull-command.ts';
import { queueCommand } from './commands/queue-command.ts';
import { statusCommand, topCommand } from './commands/look-commands.ts';
import { usageCommand } from './commands/usage-command.ts';
import { remediesCommand } from './commands/remedies-command.ts';
import { gatewayCommand, hostCommand, nodeAgentCommand } from './commands/role-commands.ts';
import { upCommand } from './commands/up-command.ts';
import { whyCommand } from './commands/why-command.ts';
import { showAllSettings } from './commands/options.ts';
import type { ExitCode } from './errors.ts';

export interface ProgramOptions {
  /** `--help` shows every flag, not only the frequent ones. */
  readonly showAll: boolean;
}

/** The `drover` command line. `finish` is called with the exit code of the command that ran. */
export function createProgram(
  version: string,
  finish: (code: ExitCode) => void,
  { showAll }: ProgramOptions,
): Command {
  const program = new Command('drover')
    .description('One dependable fleet out of machines that run Ollama.')
    .version(version)
    .addHelpText(
      'after',
      '\nExample:\n  drover up                 a whole fleet on this machine\n  drover up --help          its flags',
    );
  const commands = [
    upCommand,
    gatewayCommand,
    nodeAgentCommand,
    hostCommand,
    statusCommand,
    topCommand,
    actorsCommand,
    doctorCommand,
    clusterCommand,
    whyCommand,
    remediesCommand,
    eventsCommand,
    usageCommand,
    memoryCommand,
    queueCommand,
    keyCommand,
    explainCommand,
    auditCommand,
    pullCommand,
    configCommand,
  ];
  for (const make of commands) program.addCommand(make(finish));
  for (const command of [program, ...program.commands, ...program.commands.flatMap((one) => one.commands)]) {
    if (showAll) showAllSettings(command);
    command.exitOverride().showSuggestionAfterError(true);
    // The caller that catches the error writes it, in one line.
    command.configureOutput({ outputError: () => {} });
    command.allowExcessArguments(false);
  }
  return program;
}
