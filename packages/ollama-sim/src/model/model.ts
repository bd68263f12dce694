import { createHash } from 'node:crypto';

/** How a chat model answers; `/api/show` tells it by the syntax of `template`. */
export type ExecutionPath =
  /** Go template: Ollama renders, the runner completes a text. */
  | 'rendered'
  /** jinja template: the runner gets the messages. */
  | 'native';

/** What a model utters. */
export type Utterance =
  /** `1 2 3 …`, going on from a count that the prompt ends in. */
  | 'count'
  /** Pseudo words, chosen by seed. */
  | 'words';

/** When a model with tools calls one. */
export type ToolHabit =
  /** At every turn that offers tools. */
  | 'always'
  /** Only while the last message is not a tool's result. */
  | 'until-result'
  /** Never, though it accepts tools. */
  | 'never';

export type Capability = 'completion' | 'tools' | 'insert' | 'thinking' | 'embedding' | 'vision';

/** Properties of one simulated GGUF file and its Modelfile. */
export interface SimModel {
  /** Full name with tag, as `/api/tags` shows it. */
  readonly name: string;
  /** Identity of the weights. Names that share it share one runner. */
  readonly blob: string;
  /** Identity of the manifest, the `digest` of tags and ps. */
  readonly digest: string;
  readonly path: ExecutionPath;
  readonly utterance: Utterance;
  readonly capabilities: readonly Capability[];
  readonly template: string;
  readonly system: string;
  readonly license: string;
  /** Modelfile parameters in order, e.g. `num_ctx`, `stop`. */
  readonly parameters: Readonly<Record<string, unknown>>;
  /** Size of the file in bytes. */
  readonly sizeBytes: number;
  readonly parameterCount: number;
  readonly quantization: string;
  /** Trained context in tokens; a larger `num_ctx` is clamped to it. */
  readonly contextLength: number;
  readonly embeddingLength: number;
  readonly blockCount: number;
  /** Tokens before it stops by itself, [least, most]; null never stops. */
  readonly endsAfterTokens: readonly [number, number] | null;
  /** Tokens of thinking before the answer; only with the capability. */
  readonly thinkTokens: number;
  readonly toolHabit: ToolHabit;
  /** Words it speaks, each with its leading space; null: a hundred English ones. At least two. */
  readonly words: readonly string[] | null;
  /** Fixed call; null: the first tool, with arguments made from its schema. */
  readonly toolCall: { readonly name: string; readonly arguments: object } | null;
  /** Tokens between the beginning and the end of a call; nothing is sent while they are written. */
  readonly toolCallTokens: number;
  /** In JSON mode it utters white space without end, as tiny models do. */
  readonly jsonStalls: boolean;
  /** Overrides of the server's speeds; null takes the server's. */
  readonly tokensPerSecond: number | null;
  readonly prefillTokensPerSecond: number | null;
  readonly loadMs: number | null;
  readonly modifiedAtMs: number;
}

/** What a caller has to say of a model; the rest is derived by `defineModel`. */
export type SimModelSpec = Partial<Omit<SimModel, 'name'>> & { readonly name: string };

/** A template that closes every message: a last assistant message does not prevent a new turn. */
export const CHATML_TEMPLATE: string =
  '{{- range .Messages }}<|im_start|>{{ .Role }}\n{{ .Content }}<|im_end|>\n{{ end }}<|im_start|>assistant\n';

/** A template that leaves a last assistant message open, so that the answer continues it. */
export const OPEN_CHATML_TEMPLATE: string =
  '{{- range .Messages }}<|im_start|>{{ .Role }}\n{{ .Content }}{{ if not .Open }}<|im_end|>\n{{ end }}{{ end }}' +
  '{{ if not .Open }}<|im_start|>assistant\n{{ end }}';

/** What `/api/show` gives for the native path. */
const JINJA_TEMPLATE: string =
  "{%- for m in messages -%}{{- '<|im_start|>' ~ m.role ~ '\\n' ~ m.content ~ '<|im_end|>\\n' -}}{%- endfor -%}" +
  "{%- if add_generation_prompt -%}{{- '<|im_start|>assistant\\n' -}}{%- endif -%}";

/**
 * Completes a model's properties from its name: `embed`, `think`, `tools` and `native` as a word of the
 * name give the property, `8b` or `7.5b` the size. A name without tag gets `:latest`.
 */
export function defineModel(spec: SimModelSpec): SimModel {
  const name = spec.name.includes(':', spec.name.lastIndexOf('/') + 1) ? spec.name : `${spec.name}:latest`;
  const words = name.toLowerCase().split(/[^a-z0-9.]+/);
  const says = (...any: string[]): boolean => words.some((word) => any.some((w) => word.includes(w)));
  const billions = words.map((w) => /^(\d+(?:\.\d+)?)b$/.exec(w)?.[1]).find((n) => n !== undefined);
  const embeds = says('embed') && spec.capabilities === undefined;
  const path = spec.path ?? (says('native') ? 'native' : 'rendered');
  const parameterCount = spec.parameterCount ?? (billions === undefined ? 1e9 : Number(billions) * 1e9);
  const capabilities: readonly Capability[] =
    spec.capabilities ??
    (embeds ? ['embedding'] : ['completion', 'tools', ...(says('think') ? (['thinking'] as const) : [])]);
  const completes = capabilities.includes('completion');
  // Widths and depths that models of these sizes usually have; they decide what the KV cache weighs.
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
    // About 4.6 bits a parameter, as Q4_K_M files have.
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
