import { goInt, goList, goRaw, goString, goStruct, type GoType } from '../go-compat/go-struct.ts';
import type { RawJson } from '../go-compat/raw-json.ts';

/** A tool call in a host's answer. */
export interface NativeToolCall {
  readonly id?: string;
  readonly function?: { readonly index?: number; readonly name?: string; readonly arguments?: RawJson };
}

/** Type of a list of tool calls; the arguments keep their text. */
export const toolCallsType: GoType = goList(
  goStruct(
    {
      id: goString,
      function: goStruct({ index: goInt, name: goString, arguments: goRaw }, 'api.ToolCallFunction'),
    },
    'api.ToolCall',
  ),
  '[]api.ToolCall',
);
