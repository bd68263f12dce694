import { InvalidArgumentError as InvalidOption, Option } from 'commander';
import { defaults } from '../config.ts';

/** Reads a whole number, as the person typed it. */
export function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text.trim())) throw new InvalidOption('It must be a whole number.');
  return Number(text);
}

/** Gathers a flag given several times; its variable holds a list separated by commas. */
export function listed(text: string, before: readonly string[] | undefined): readonly string[] {
  return [
    ...(before ?? []),
    ...text
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== ''),
  ];
}

export function urlOption(): Option {
  return new Option('--url <url>', 'address of the gateway')
    .default('http://127.0.0.1:11500')
    .env('DROVER_URL');
}

export function jsonOption(description: string): Option {
  return new Option('--json', description).env('DROVER_JSON');
}

export function dataOption(): Option {
  return new Option('--data <dir>', 'data folder (default: $XDG_DATA_HOME/drover/default)').env(
    'DROVER_DATA',
  );
}

export function natsOption(description: string): Option {
  return new Option('--nats <url>', description).env('DROVER_NATS');
}

export function credsOption(): Option {
  return new Option('--creds <file>', 'credentials file for --nats').env('DROVER_CREDS');
}

export function portOption(): Option {
  return new Option('--port <port>', `port of the gateway (default: ${defaults.port}; 0: any free one)`)
    .argParser(wholeNumber)
    .env('DROVER_PORT');
}

export function hostOption(): Option {
  return new Option('--host <address>', `address to listen on (default: ${defaults.host})`).env(
    'DROVER_HOST',
  );
}

export function ollamaOption(description: string): Option {
  return new Option('--ollama <url>', description).argParser(listed).env('DROVER_OLLAMA');
}

export function slotsOption(): Option {
  return new Option(
    '--slots <n>',
    `requests each Ollama is allowed at once, its OLLAMA_NUM_PARALLEL (default: ${defaults.slots})`,
  )
    .argParser(wholeNumber)
    .env('DROVER_SLOTS');
}

export function logLevelOption(level: string): Option {
  return new Option('--log-level <level>', `debug, info, warn or error (default: ${level})`).env(
    'DROVER_LOG_LEVEL',
  );
}

/** Every variable that some command reads; others beginning with DROVER_ are likely typing errors. */
export const knownVariables: readonly string[] = [
  'DROVER_PORT',
  'DROVER_HOST',
  'DROVER_OLLAMA',
  'DROVER_SLOTS',
  'DROVER_SIM',
  'DROVER_NATS',
  'DROVER_CREDS',
  'DROVER_CREDS_TEXT',
  'DROVER_DATA',
  'DROVER_DURABILITY',
  'DROVER_JSON',
  'DROVER_LOG_LEVEL',
  'DROVER_NATS_SERVER',
  'DROVER_URL',
  'DROVER_ID',
  'DROVER_CATALOGUE',
  'DROVER_DRAIN_MS',
  'DROVER_SIMULATED',
  'DROVER_SUPERVISED',
];
