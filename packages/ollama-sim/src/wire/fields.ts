import { OllamaError } from '../errors.ts';
import { keepAliveMs } from './duration.ts';
import { ANY, BOOL, FLOAT64, type GoFields, type GoType, INT, list, MAP, STRING } from './go-struct.ts';
import { goQuote } from './go-text.ts';

const THINK_LEVELS = ['high', 'medium', 'low', 'max'];
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

/** Error of Go's strict base64 decoder, which needs padding and allows only line ends; null for a valid text. */
export function base64Error(text: string): string | null {
  const plain = text.replace(/[\r\n]/g, '');
  if (plain.length % 4 === 0 && BASE64.test(plain)) return null;
  const illegal = plain.search(/[^A-Za-z0-9+/=]/);
  return `illegal base64 data at input byte ${illegal < 0 ? plain.length - (plain.length % 4) : illegal}`;
}

const KEEP_ALIVE: GoType = { kind: 'custom', check: (value) => void keepAliveMs(value) };

const THINK: GoType = {
  kind: 'custom',
  check(value) {
    if (value === null || typeof value === 'boolean') return;
    if (typeof value !== 'string')
      throw new OllamaError(
        400,
        'think must be a boolean or string ("high", "medium", "low", "max", true, or false)',
      );
    if (!THINK_LEVELS.includes(value)) {
      const text = `invalid think value: ${goQuote(value)} (must be "high", "medium", "low", "max", true, or false)`;
      throw new OllamaError(400, text);
    }
  },
};

const IMAGE: GoType = {
  kind: 'custom',
  check(value) {
    const problem = typeof value === 'string' ? base64Error(value) : null;
    if (problem !== null) throw new OllamaError(400, problem);
  },
};

const IMAGES = list(IMAGE, '[]api.ImageData');
const COMMON: GoFields = {
  model: STRING,
  stream: BOOL,
  format: ANY,
  keep_alive: KEEP_ALIVE,
  options: MAP,
  think: THINK,
  truncate: BOOL,
  shift: BOOL,
  logprobs: BOOL,
  top_logprobs: INT,
  _debug_render_only: BOOL,
};

/** Fields of `/api/chat`. */
export const CHAT_FIELDS: GoFields = {
  ...COMMON,
  messages: list(
    {
      kind: 'struct',
      name: 'api.Message',
      fields: {
        role: STRING,
        content: STRING,
        thinking: STRING,
        images: IMAGES,
        tool_calls: list(ANY, '[]api.ToolCall'),
        tool_name: STRING,
        tool_call_id: STRING,
      },
    },
    '[]api.Message',
  ),
  tools: list(ANY, 'api.Tools'),
};

/** Fields of `/api/generate`. */
export const GENERATE_FIELDS: GoFields = {
  ...COMMON,
  prompt: STRING,
  suffix: STRING,
  system: STRING,
  template: STRING,
  context: list(INT, '[]int'),
  raw: BOOL,
  images: IMAGES,
};

/** Fields of `/api/embed` and `/api/embeddings`. */
export const EMBED_FIELDS: GoFields = {
  model: STRING,
  input: ANY,
  prompt: STRING,
  truncate: BOOL,
  dimensions: INT,
  keep_alive: KEEP_ALIVE,
  options: MAP,
};

/** Fields of `/v1/embeddings`. */
export const OPENAI_EMBED_FIELDS: GoFields = {
  model: STRING,
  input: ANY,
  dimensions: INT,
  encoding_format: STRING,
};

/** Fields of the requests that have little more than the name of a model. */
export const MODEL_FIELDS: GoFields = {
  model: STRING,
  name: STRING,
  stream: BOOL,
  insecure: BOOL,
  verbose: BOOL,
  source: STRING,
  destination: STRING,
  from: STRING,
  system: STRING,
  template: ANY,
  parameters: MAP,
  files: MAP,
};

/** Fields of `/v1/chat/completions`. */
export const OPENAI_CHAT_FIELDS: GoFields = {
  model: STRING,
  messages: list({ kind: 'struct', name: 'openai.Message', fields: { role: STRING } }, '[]openai.Message'),
  stream: BOOL,
  max_tokens: INT,
  seed: INT,
  temperature: FLOAT64,
  frequency_penalty: FLOAT64,
  presence_penalty: FLOAT64,
  top_p: FLOAT64,
  logprobs: BOOL,
  top_logprobs: INT,
  tools: list(ANY, '[]api.Tool'),
  reasoning_effort: STRING,
  _debug_render_only: BOOL,
};

/** Fields of `/v1/completions`. */
export const OPENAI_COMPLETION_FIELDS: GoFields = {
  model: STRING,
  prompt: STRING,
  suffix: STRING,
  stream: BOOL,
  max_tokens: INT,
  seed: INT,
  temperature: FLOAT64,
  frequency_penalty: FLOAT64,
  presence_penalty: FLOAT64,
  top_p: FLOAT64,
};
