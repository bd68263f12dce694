import type { RawJson } from '../../go-compat/raw-json.ts';
import type { MessagesFields } from './messages-fields.ts';

/**
 * Guess of the size of a prompt: a quarter of its bytes, as Ollama guesses. Images do not count. At least 1 for a
 * request with messages.
 */
export function estimateTokens({ system, messages = [], tools = [] }: MessagesFields): number {
  let bytes = sizeOf(system);
  for (const { role = '', content } of messages) bytes += role.length + sizeOf(content);
  for (const { name = '', description = '', input_schema: schema } of tools)
    bytes += name.length + description.length + (schema?.text.length ?? 0);
  return Math.max(Math.floor(bytes / bytesPerToken), messages.length > 0 || system !== undefined ? 1 : 0);
}

const bytesPerToken = 4;

/** Bytes of a text, or of the text, thoughts, calls and results in a list of blocks. */
function sizeOf(content: RawJson | undefined): number {
  if (content?.kind === 'string') return content.text.length - 2;
  let bytes = 0;
  for (const block of content?.elements() ?? []) {
    const fields = block.members();
    const type = fields.get('type')?.string;
    if (type === 'tool_use' || type === 'tool_result') bytes += block.text.length;
    else bytes += stringSize(fields.get('text')) + stringSize(fields.get('thinking'));
  }
  return bytes;
}

function stringSize(value: RawJson | undefined): number {
  return value?.kind === 'string' ? value.text.length - 2 : 0;
}
