import { OllamaError } from '../errors.ts';
import { goQuote } from './go-text.ts';

/** Options of a request, completed by the parameters of the Modelfile and checked for their types. */
export interface RequestOptions {
  readonly [name: string]: unknown;
}

const INTEGERS =
  'num_keep seed num_predict top_k repeat_last_n num_ctx num_batch num_gpu main_gpu num_thread draft_num_predict'.split(
    ' ',
  );
const FLOATS = 'top_p min_p typical_p temperature repeat_penalty presence_penalty frequency_penalty'.split(
  ' ',
);

/**
 * The options of the request, completed by the parameters of the Modelfile. Unknown names are dropped, null counts as
 * unset.
 *
 * @throws OllamaError 500 for a value of the wrong type, as a real server does
 */
export function resolveOptions(
  parameters: Readonly<Record<string, unknown>>,
  asked: unknown,
): RequestOptions {
  const options: Record<string, unknown> = {};
  for (const source of [parameters, isObject(asked) ? asked : {}]) {
    for (const [name, value] of Object.entries(source)) {
      if (value === null || value === undefined) continue;
      const type = typeOf(name);
      if (type === null) continue;
      if (!fits(value, type)) throw new OllamaError(500, `option ${goQuote(name)} must be of type ${type}`);
      if (type === 'array' && !(value as unknown[]).every((item) => typeof item === 'string'))
        throw new OllamaError(500, `option ${goQuote(name)} must be of an array of strings`);
      options[name] = type === 'integer' ? Math.trunc(value as number) : value;
    }
  }
  return options;
}

type OptionType = 'integer' | 'float32' | 'boolean' | 'array';

function typeOf(name: string): OptionType | null {
  if (INTEGERS.includes(name)) return 'integer';
  if (FLOATS.includes(name)) return 'float32';
  if (name === 'use_mmap') return 'boolean';
  return name === 'stop' ? 'array' : null;
}

function fits(value: unknown, type: OptionType): boolean {
  if (type === 'array') return Array.isArray(value);
  return typeof value === (type === 'boolean' ? 'boolean' : 'number');
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
