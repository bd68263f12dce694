import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { defaults, type OllamaSimOptions } from './config.ts';
import { InvalidArgumentError } from './errors.ts';
import type { SimModelSpec } from './model/model.ts';
import { DEFAULT_MODELS } from './model/presets.ts';
import { startOllamaSim } from './sim.ts';

/** Exit codes: 0: ended by a signal or by stdin · 2: wrong usage · 4: the port is taken. */
const EXIT_USAGE = 2;
const EXIT_PORT_TAKEN = 4;

const HELP = `ollama-sim: a simulated Ollama server, without a GPU

  ollama-sim [options]

  --port P           port, 0 picks a free one            (${defaults.port})
  --host H           address to listen on                (${defaults.host})
  --models a,b       models served beside sim-count      (${DEFAULT_MODELS.join(',')})
  --models-file F    JSON list of model definitions, added to --models
  --tps N            tokens per second of one stream     (${defaults.tokensPerSecond})
  --prefill-tps N    prompt tokens per second            (${defaults.prefillTokensPerSecond})
  --vram-gib N       GPU memory, 0 is a machine without  (${defaults.vramGib})
  --slots N          places per model                    (${defaults.slots})
  --load-ms N        time of a load                      (${defaults.loadMs})
  --max-queue N      loads that may wait                 (${defaults.maxQueue})
  --max-loaded N     models loaded at a time             (${defaults.maxLoadedModels})
  --keep-alive-ms N  time an idle model stays            (${defaults.keepAliveMs})
  --context N        default num_ctx                     (by VRAM)
  --pull-bps N       bytes per second of a pull          (${defaults.pullBytesPerSecond})
  --data DIR         folder that keeps pulled models     (none: they end with the process)
  --no-network       pulls reach no registry
  --plain-version    /api/version does not say simulated
  --no-label         no x-drover-simulated header
  --any-host         requests with any Host header pass
  --json             the ready line as JSON
  --exit-with-stdin  exit when stdin ends
  --help             this text

Example:
  ollama-sim --port 11500 --models sim-chat --tps 50 --load-ms 1000
  curl -s http://127.0.0.1:11500/api/chat -d '{"model":"sim-count","messages":[{"role":"user","content":"go"}],"options":{"num_predict":5}}'
`;

const OPTIONS = {
  port: { type: 'string' },
  host: { type: 'string' },
  models: { type: 'string' },
  'models-file': { type: 'string' },
  tps: { type: 'string' },
  'prefill-tps': { type: 'string' },
  'vram-gib': { type: 'string' },
  slots: { type: 'string' },
  'load-ms': { type: 'string' },
  'max-queue': { type: 'string' },
  'max-loaded': { type: 'string' },
  'keep-alive-ms': { type: 'string' },
  context: { type: 'string' },
  'pull-bps': { type: 'string' },
  data: { type: 'string' },
  'no-network': { type: 'boolean' },
  'plain-version': { type: 'boolean' },
  'no-label': { type: 'boolean' },
  'any-host': { type: 'boolean' },
  json: { type: 'boolean' },
  'exit-with-stdin': { type: 'boolean' },
  help: { type: 'boolean' },
} as const;

const NUMBERS: Readonly<Record<string, keyof OllamaSimOptions>> = {
  port: 'port',
  tps: 'tokensPerSecond',
  'prefill-tps': 'prefillTokensPerSecond',
  'vram-gib': 'vramGib',
  slots: 'slots',
  'load-ms': 'loadMs',
  'max-queue': 'maxQueue',
  'max-loaded': 'maxLoadedModels',
  'keep-alive-ms': 'keepAliveMs',
  context: 'contextLength',
  'pull-bps': 'pullBytesPerSecond',
};

interface Arguments {
  readonly options: OllamaSimOptions;
  readonly json: boolean;
  readonly exitWithStdin: boolean;
  readonly help: boolean;
}

/** Runs the command. Sets the exit code, and resolves when the server listens or has failed. */
export async function main(args: readonly string[]): Promise<void> {
  try {
    const { options, json, exitWithStdin, help } = readArguments(args);
    if (help) {
      process.stdout.write(HELP);
      return;
    }
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(0));
    if (exitWithStdin) process.stdin.on('end', () => process.exit(0)).resume();
    const { url } = await startOllamaSim(options);
    const ready = json
      ? JSON.stringify({ event: 'ready', url, pid: process.pid })
      : `ollama-sim ready ${url}`;
    process.stdout.write(`${ready}\n`);
  } catch (error) {
    process.stderr.write(
      `ollama-sim: ${error instanceof Error ? error.message.split('\n')[0] : String(error)}\n`,
    );
    process.exit(codeOf(error) === 'EADDRINUSE' ? EXIT_PORT_TAKEN : EXIT_USAGE);
  }
}

function readArguments(args: readonly string[]): Arguments {
  const { values } = parseArgs({ args: [...args], options: OPTIONS, strict: true, allowPositionals: false });
  const options: Record<string, unknown> = { port: defaults.port };
  for (const [flag, name] of Object.entries(NUMBERS)) {
    const value = values[flag as keyof typeof values];
    if (value === undefined) continue;
    const number = Number(value);
    if (value === '' || !Number.isFinite(number))
      throw new InvalidArgumentError(`--${flag}`, `not a number: ${value}`);
    options[name] = number;
  }
  if (values.host !== undefined) options['host'] = values.host;
  if (values.data !== undefined) options['data'] = values.data;
  const names = values.models?.split(',').filter((name) => name !== '');
  const defined = values['models-file'] === undefined ? [] : readModels(values['models-file']);
  if (names || defined.length > 0) options['models'] = [...(names ?? []), ...defined];
  if (values['no-network']) options['network'] = false;
  if (values['plain-version']) options['plainVersion'] = true;
  if (values['no-label']) options['label'] = false;
  if (values['any-host']) options['checkHost'] = false;
  const flags = { json: values.json === true, exitWithStdin: values['exit-with-stdin'] === true };
  return { options, ...flags, help: values.help === true };
}

function readModels(path: string): SimModelSpec[] {
  const read: unknown = JSON.parse(readFileSync(path, 'utf8'));
  if (!Array.isArray(read) || !read.every((each) => typeof (each as SimModelSpec | null)?.name === 'string'))
    throw new InvalidArgumentError('--models-file', 'must hold a list of definitions, each with a name');
  return read as SimModelSpec[];
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
