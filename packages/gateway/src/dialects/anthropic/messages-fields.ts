import { decodeStruct } from '../../go-compat/decode-struct.ts';
import {
  goBool,
  type GoFields,
  goFloat64,
  goInt,
  goList,
  goRaw,
  goString,
  goStruct,
} from '../../go-compat/go-struct.ts';
import type { RawJson } from '../../go-compat/raw-json.ts';
import type { MessageParam } from './message-content.ts';

/** A tool as Anthropic writes it. `type` is set for tools that Anthropic's servers run. */
export interface MessageTool {
  readonly type?: string;
  readonly name?: string;
  readonly description?: string;
  readonly input_schema?: RawJson;
}

export interface MessagesFields {
  readonly model?: string;
  readonly max_tokens?: number;
  readonly messages?: readonly MessageParam[];
  readonly system?: RawJson;
  readonly stream?: boolean;
  readonly temperature?: number;
  readonly top_p?: number;
  readonly top_k?: number;
  readonly stop_sequences?: readonly string[];
  readonly tools?: readonly MessageTool[];
  readonly tool_choice?: {
    readonly type?: string;
    readonly name?: string;
    readonly disable_parallel_tool_use?: boolean;
  };
  readonly thinking?: { readonly type?: string; readonly budget_tokens?: number };
  readonly output_config?: { readonly effort?: string; readonly format?: RawJson };
}

const message = goStruct({ role: goString, content: goRaw }, 'anthropic.MessageParam');

const tool = goStruct(
  { type: goString, name: goString, description: goString, input_schema: goRaw, max_uses: goInt },
  'anthropic.Tool',
);

/** Fields of a request that Ollama decodes, with their types. */
export const messagesFields: GoFields = {
  model: goString,
  max_tokens: goInt,
  messages: goList(message, '[]anthropic.MessageParam'),
  system: goRaw,
  stream: goBool,
  temperature: goFloat64,
  top_p: goFloat64,
  top_k: goInt,
  stop_sequences: goList(goString, '[]string'),
  tools: goList(tool, '[]anthropic.Tool'),
  tool_choice: goStruct(
    { type: goString, name: goString, disable_parallel_tool_use: goBool },
    'anthropic.ToolChoice',
  ),
  thinking: goStruct({ type: goString, budget_tokens: goInt }, 'anthropic.ThinkingConfig'),
  metadata: goStruct({ user_id: goString }, 'anthropic.Metadata'),
  output_config: goStruct({ effort: goString, format: goRaw }, 'anthropic.OutputConfig'),
};

const struct = goStruct(messagesFields, 'anthropic.MessagesRequest');

/** @throws RequestFailure 400 with Go's text */
export function readMessages(bytes: Buffer): Readonly<Record<string, unknown>> & MessagesFields {
  return decodeStruct(bytes, 'EOF', struct);
}
