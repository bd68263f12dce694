import type { RawJson } from '../../go-compat/raw-json.ts';
import type { OfferedTool, ToolChoice } from '../../translation/tool-choice.ts';

/**
 * OpenAI's `tool_choice`; undefined for a value that the gateway does not know, which is then ignored as in Ollama. The
 * name of a tool stands in `function` (chat) or beside the type (responses).
 */
export function readToolChoice(choice: RawJson | undefined): ToolChoice | undefined {
  if (choice === undefined || choice.kind === 'null') return { kind: 'auto' };
  switch (choice.string) {
    case 'auto':
    case 'none':
      return { kind: choice.string };
    case 'required':
      return { kind: 'call' };
    default: {
      const fields = choice.members();
      const name = (fields.get('function')?.members() ?? fields).get('name')?.string;
      const isFunction = fields.get('type')?.string === 'function' && name !== undefined;
      return isFunction ? { kind: 'call', name } : undefined;
    }
  }
}

/** The functions of a chat request's `tools`. */
export function offeredTools(tools: RawJson | undefined): readonly OfferedTool[] {
  return (tools?.elements() ?? []).map((tool) => {
    const fields = tool.members().get('function')?.members();
    return {
      name: fields?.get('name')?.string ?? '',
      description: fields?.get('description')?.string,
      parameters: fields?.get('parameters'),
    };
  });
}
