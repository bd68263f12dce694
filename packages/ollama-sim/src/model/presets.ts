import { defineModel, OPEN_CHATML_TEMPLATE, type SimModel, type SimModelSpec } from './model.ts';

/** A model that is always served. Its counts make every lost or doubled token visible to a client. */
const SIM_COUNT: SimModelSpec = {
  name: 'sim-count',
  utterance: 'count',
  template: OPEN_CHATML_TEMPLATE,
  capabilities: ['completion'],
  endsAfterTokens: null,
};

/** Predefined models besides `sim-count`. The properties of any other model are read from its name. */
export const PRESETS: readonly SimModelSpec[] = [
  SIM_COUNT,
  { name: 'sim-chat', parameterCount: 8e9 },
  { name: 'sim-native', parameterCount: 8e9 },
  { name: 'sim-think', parameterCount: 8e9, capabilities: ['completion', 'tools', 'thinking'] },
  { name: 'sim-insert', capabilities: ['completion', 'insert'], template: insertTemplate() },
  { name: 'sim-embed', parameterCount: 137e6, sizeBytes: 274_000_000 },
  { name: 'sim-70b', parameterCount: 70e9 },
];

/** Models of a server without the option `models`. */
export const DEFAULT_MODELS: readonly string[] = [
  'sim-count',
  'sim-chat',
  'sim-native',
  'sim-think',
  'sim-embed',
];

/** The model with that name: a preset, or one with properties read from the name. */
export function modelByName(name: string): SimModel {
  return defineModel(PRESETS.find((spec) => spec.name === name) ?? { name });
}

function insertTemplate(): string {
  return '{{ if .Suffix }}<PRE> {{ .Prompt }} <SUF>{{ .Suffix }} <MID>{{ else }}{{ .Prompt }}{{ end }}';
}
