import { defineModel, OPEN_CHATML_TEMPLATE, type SimModel, type SimModelSpec } from './model.ts';

/** Always served: what it says shows every lost or doubled token from outside. */
const SIM_COUNT: SimModelSpec = {
  name: 'sim-count',
  utterance: 'count',
  template: OPEN_CHATML_TEMPLATE,
  capabilities: ['completion'],
  endsAfterTokens: null,
};

/** Models known by name beside `sim-count`. Any other name is served with properties read from the name. */
export const PRESETS: readonly SimModelSpec[] = [
  SIM_COUNT,
  { name: 'sim-chat', parameterCount: 8e9 },
  { name: 'sim-native', parameterCount: 8e9 },
  { name: 'sim-think', parameterCount: 8e9, capabilities: ['completion', 'tools', 'thinking'] },
  { name: 'sim-insert', capabilities: ['completion', 'insert'], template: insertTemplate() },
  { name: 'sim-embed', parameterCount: 137e6, sizeBytes: 274_000_000 },
  { name: 'sim-70b', parameterCount: 70e9 },
];

/** Served when nothing is asked for. */
export const DEFAULT_MODELS: readonly string[] = [
  'sim-count',
  'sim-chat',
  'sim-native',
  'sim-think',
  'sim-embed',
];

/** The model of that name: a preset, or one with properties read from the name. */
export function modelByName(name: string): SimModel {
  return defineModel(PRESETS.find((spec) => spec.name === name) ?? { name });
}

function insertTemplate(): string {
  return '{{ if .Suffix }}<PRE> {{ .Prompt }} <SUF>{{ .Suffix }} <MID>{{ else }}{{ .Prompt }}{{ end }}';
}
