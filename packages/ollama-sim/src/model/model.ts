import { createHash } from 'node:crypto';

/** How a chat model answers. The syntax of `template` in `/api/show` shows it. */
export type ExecutionPath =
  /** Go template: Ollama renders the prompt, and the runner completes a text. */
  | 'rendered'
  /** Jinja template: the runner gets the messages. */
  | 'native';

/** Kind of text that a model writes. */
export type Utterance =
  /** `1 2 3 …`, continuing a count at the end of the prompt. */
  | 'count'
  /** Pseudo words, chosen by seed. */
  | 'words';

/** When a model calls a tool. */
export type ToolHabit =
  /** In every turn that offers tools. */
  | 'always'
  /** Only while the last message is not a result of a tool. */
  | 'until-result'
  /** Never, although it accepts tools. */
  | 'never';

export type Capability = 'completion' | 'tools' | 'insert' | 'thinking' | 'embedding' | 'vision';

/** Properties of one simulated GGUF file and its Modelfile. */
export interface SimModel {
  /** Full name with tag, as `/api/tags` shows it. */
  readonly name: string;
  /** Identity of the weights. Names with the same blob share one runner. */
  readonly blob: string;
  /** Identity of the manifest: the field `digest` of tags and ps. */
  readonly digest: string;
  readonly path: ExecutionPath;
  readonly utterance: Utterance;
  readonly capabilities: readonly Capability[];
  readonly template: string;
  readonly system: string;
  readonly license: string;
  /** Parameters of the Modelfile in order, such as `num_ctx` and `stop`. */
  readonly parameters: Readonly<Record<string, unknown>>;
  /** Size of the file in bytes. */
  readonly sizeBytes: number;
  readonly parameterCount: number;
  readonly quantization: string;
  /** Trained context in tokens; the maximum of `num_ctx`. */
  readonly contextLength: number;
  readonly embeddingLength: number;
  readonly blockCount: number;
  /** Smallest and largest number of tokens before the model stops by itself; null: it never stops. */
  readonly endsAfterTokens: readonly [number, number] | null;
  /** Tokens of thinking before the answer, for a model with the capability. */
  readonly thinkTokens: number;
  readonly toolHabit: ToolHabit;
  /** Words of its texts, at least two, each with a leading space; null: a hundred English words. */
  readonly words: readonly string[] | null;
  /** A fixed tool call; null: the first tool, with arguments that fit its schema. */
  readonly toolCall: { readonly name: string; readonly arguments: object } | null;
  /** Number of tokens of a tool call. Nothing is sent while they are generated. */
  readonly toolCallTokens: number;
  /** True: in JSON mode the model writes white space without end, as tiny models do. */
  readonly jsonStalls: boolean;
  /** Speeds of this model; null: those of the server. */
  readonly tokensPerSecond: number | null;
  readonly prefillTokensPerSecond: number | null;
  readonly loadMs: number | null;
  readonly modifiedAtMs: number;
}

/** Stated properties of a model; `defineModel` derives the others. */
export type SimModelSpec = Partial<Omit<SimModel, 'name'>> & { readonly name: string };

/** A template that closes every message, so that a new turn follows a last assistant message. */
export const CHATML_TEMPLATE: string =
  '{{- range .Messages }}<|im_start|>{{ .Role }}\n{{ .Content }}<|im_end|>\n{{ end }}<|im_start|>assistant\n';

/** A template that leaves a last assistant message open, so that the answer continues it. */
export const OPEN_CHATML_TEMPLATE: string =
  '{{- range .Messages }}<|im_start|>{{ .Role }}\n{{ .Content }}{{ if not .Open }}<|im_end|>\n{{ end }}{{ end }}' +
  '{{ if not .Open }}<|im_start|>assistant\n{{ end }}';

/** The template in `/api/show` for the native path. */
const JINJA_TEMPLATE: string =
  "{%- for m in messages -%}{{- '<|im_start|>' ~ m.role ~ '\\n' ~ m.content ~ '<|im_end|>\\n' -}}{%- endfor -%}" +
  "{%- if add_generation_prompt -%}{{- '<|im_start|>assistant\\n' -}}{%- endif -%}";

/**
 * Completes the properties of a model from its name. The words `embed`, `think`, `vision` and `native` give a
 * property, `8b` or `7.5b` the size. A name without tag gets `:latest`.
 */
export function defineModel(spec: SimModelSpec): SimModel {
  const name = spec.name.includes(':', spec.name.lastIndexOf('/') + 1) ? spec.name : `${spec.name}:latest`;
  const words = name.toLowerCase().split(/[^a-z0-9.]+/);
  const says = (...any: string[]): boolean => words.some((word) => any.some((w) => word.includes(w)));
  const billions = words.map((w) => /^(\d+(?:\.\d+)?)b$/.exec(w)?.[1]).find((n) => n !== undefined);
  const named = (word: string, capability: Capability): readonly Capability[] =>
    says(word) ? [capability] : [];
  const embeds = says('embed') && spec.capabilities === undefined;
  const path = spec.path ?? (says('native') ? 'native' : 'rendered');
  const parameterCount = spec.parameterCount ?? (billions === undefined ? 1e9 : Number(billions) * 1e9);
  const capabilities: readonly Capability[] =
    spec.capabilities ??
    (embeds
      ? ['embedding']
      : ['completion', 'tools', ...named('think', 'thinking'), ...named('vision', 'vision')]);
  const completes = capabilities.includes('completion');
  // Usual widths and depths of models of these sizes, which decide the size of the KV cache.
  const [width, blocks] = parameterCount < 2e9 ? [2048, 16] : parameterCount < 20e9 ? [4096, 32] : [8192, 80];
  const goTemplate = completes ? CHATML_TEMPLATE : '{{ .Prompt }}';
  return {
    blob: sha256(`blob ${spec.name}`),
    digest: sha256(`manifest ${name}`),
    utterance: 'words',
    template: path === 'native' ? JINJA_TEMPLATE : goTemplate,
    system: '',
    license: '',
    parameters: completes && path === 'rendered' ? { stop: ['<|im_start|>', '<|im_end|>'] } : {},
    // About 4.6 bits for each parameter, as in Q4_K_M files.
    sizeBytes: Math.round(parameterCount * 0.58),
    quantization: 'Q4_K_M',
    contextLength: embeds ? 2048 : 131072,
    embeddingLength: embeds ? 768 : width,
    blockCount: embeds ? 12 : blocks,
    endsAfterTokens: [24, 120],
    thinkTokens: 16,
    toolHabit: 'until-result',
    words: null,
    toolCall: null,
    toolCallTokens: 0,
    jsonStalls: false,
    tokensPerSecond: null,
    prefillTokensPerSecond: null,
    loadMs: null,
    modifiedAtMs: Date.UTC(2026, 0, 1),
    ...spec,
    name,
    path,
    parameterCount,
    capabilities,
  };
}

export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

export function can(model: SimModel, capability: Capability): boolean {
  return model.capabilities.includes(capability);
}
