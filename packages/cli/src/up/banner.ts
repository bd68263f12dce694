import type { Terminal } from '../output/terminal.ts';
import { examplesFor } from './examples.ts';
import type { StartedCluster } from './start-cluster.ts';

/** The lines that `drover up` prints for the user when the cluster serves. */
export function banner(started: StartedCluster, terminal: Terminal): string[] {
  const { ready, model } = started;
  const hosts = ready.processes.filter((process) => process.role === 'node-agent');
  const lines = ['', `${terminal.style('bold', 'drover')} serves at ${terminal.style('bold', ready.url)}`];
  if (ready.grpcUrl !== undefined) lines.push(`  gRPC at ${ready.grpcUrl}`);
  for (const host of hosts) {
    const kind = host.simulated === true ? terminal.style('yellow', '  SIMULATED') : '';
    lines.push(`  ${host.id}  ${host.ollamaUrl ?? ''}${kind}`);
  }
  if (ready.simulated) {
    lines.push(
      terminal.style('yellow', 'The hosts are SIMULATED: the answers are made up, and no GPU is used.'),
    );
  }
  if (started.withoutModels.length > 0) {
    lines.push('', 'An Ollama without any model cannot answer. Give it one:');
    for (const url of started.withoutModels) lines.push(`  ${pullLine(url)}`);
  }
  if (model !== undefined) {
    const { curl, openai } = examplesFor(ready.url, model);
    const hint = ready.url.startsWith('https:')
      ? ' (clients must know the authority of its certificate)'
      : '';
    lines.push(
      '',
      `Try it${hint}:`,
      `  ${curl}`,
      '',
      'or from this folder, with the OpenAI client:',
      `  ${openai}`,
    );
  }
  return [...lines, ''];
}

/** The command that pulls a model to the host; `OLLAMA_HOST` tells the `ollama` command which host that is. */
function pullLine(url: string): string {
  const isDefault = url === 'http://127.0.0.1:11434';
  return `${isDefault ? '' : `OLLAMA_HOST=${url} `}ollama pull llama3.2`;
}
