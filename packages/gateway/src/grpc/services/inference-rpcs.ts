import { Metadata, status } from '@grpc/grpc-js';
import { Members, objectText, rawField, valueText } from '../read-fields.ts';
import { type Piece, type RpcTable, stream, unary } from '../rpc.ts';
import { RpcFailure } from '../rpc-failure.ts';

interface MessageProto {
  readonly role: string;
  readonly content: string;
  readonly thinking: string;
  readonly images: readonly Buffer[];
  readonly toolCalls: readonly {
    readonly name: string;
    readonly argumentsJson: string;
    readonly id: string;
  }[];
  readonly toolName: string;
}

interface ChatProto {
  readonly model: string;
  readonly messages: readonly MessageProto[];
  readonly tools: readonly {
    readonly name: string;
    readonly description: string;
    readonly parametersJson: string;
  }[];
  readonly formatJson: string;
  readonly optionsJson: string;
  readonly thinkJson: string;
  readonly keepAlive: string;
}

interface GenerateProto {
  readonly model: string;
  readonly prompt: string;
  readonly suffix: string;
  readonly system: string;
  readonly template: string;
  readonly images: readonly Buffer[];
  readonly formatJson: string;
  readonly optionsJson: string;
  readonly thinkJson: string;
  readonly keepAlive: string;
  readonly raw: boolean;
}

interface EmbedProto {
  readonly model: string;
  readonly input: readonly string[];
  readonly truncate?: boolean;
  readonly optionsJson: string;
  readonly keepAlive: string;
  readonly dimensions: number;
}

/** `drover.v1.InferenceService`, by Ollama's own routes. */
export const inferenceRpcs: RpcTable = {
  Chat: stream<ChatProto>('lines', (request) => post('/api/chat', chatBody(request)), chatResponse),
  Generate: stream<GenerateProto>(
    'lines',
    (request) => post('/api/generate', generateBody(request)),
    generateResponse,
  ),
  Embed: unary<EmbedProto>(
    (request) => post('/api/embed', embedBody(request)),
    ({ text }) => {
      const answer = new Members(text);
      const embeddings = answer.values('embeddings').map((values) => ({ values }));
      return { model: answer.string('model'), embeddings, usage: usageOf(answer) };
    },
  ),
};

function post(path: string, body: string) {
  return { method: 'POST', path, headers: { 'content-type': 'application/json' }, body };
}

function chatBody(request: ChatProto): string {
  const { model, messages, tools, formatJson, optionsJson, thinkJson, keepAlive } = request;
  return objectText({
    model: JSON.stringify(model),
    messages: `[${messages.map(messageText).join(',')}]`,
    tools: tools.length === 0 ? undefined : `[${tools.map(toolText).join(',')}]`,
    format: rawField('format_json', formatJson),
    options: rawField('options_json', optionsJson),
    think: rawField('think_json', thinkJson),
    keep_alive: valueText(keepAlive),
    stream: 'true',
  });
}

function messageText({ role, content, thinking, images, toolCalls, toolName }: MessageProto): string {
  const calls = toolCalls.map(({ id, name, argumentsJson }) =>
    objectText({
      id: valueText(id),
      function: objectText({
        name: JSON.stringify(name),
        arguments: rawField('tool_calls.arguments_json', argumentsJson) ?? '{}',
      }),
    }),
  );
  return objectText({
    role: JSON.stringify(role),
    content: JSON.stringify(content),
    thinking: valueText(thinking),
    images: imagesText(images),
    tool_calls: calls.length === 0 ? undefined : `[${calls.join(',')}]`,
    tool_name: valueText(toolName),
  });
}

function imagesText(images: readonly Buffer[]): string | undefined {
  return images.length === 0 ? undefined : JSON.stringify(images.map((image) => image.toString('base64')));
}

function toolText({ name, description, parametersJson }: ChatProto['tools'][number]): string {
  const parameters = rawField('tools.parameters_json', parametersJson);
  return objectText({
    type: '"function"',
    function: objectText({
      name: JSON.stringify(name),
      description: JSON.stringify(description),
      parameters,
    }),
  });
}

function generateBody(request: GenerateProto): string {
  const { model, prompt, suffix, system, template, images, keepAlive, raw } = request;
  return objectText({
    model: JSON.stringify(model),
    prompt: JSON.stringify(prompt),
    suffix: valueText(suffix),
    system: valueText(system),
    template: valueText(template),
    images: imagesText(images),
    format: rawField('format_json', request.formatJson),
    options: rawField('options_json', request.optionsJson),
    think: rawField('think_json', request.thinkJson),
    keep_alive: valueText(keepAlive),
    raw: valueText(raw),
    stream: 'true',
  });
}

function embedBody({ model, input, truncate, optionsJson, keepAlive, dimensions }: EmbedProto): string {
  return objectText({
    model: JSON.stringify(model),
    input: JSON.stringify(input),
    truncate: truncate === undefined ? undefined : JSON.stringify(truncate),
    options: rawField('options_json', optionsJson),
    keep_alive: valueText(keepAlive),
    dimensions: valueText(dimensions),
  });
}

function chatResponse({ data }: Piece): object {
  const line = readLine(data);
  const message = line.within('message');
  return {
    model: line.string('model'),
    message: {
      role: message.string('role'),
      content: message.string('content'),
      thinking: message.string('thinking'),
      toolCalls: message.elements('tool_calls').map((call) => ({
        id: call.string('id'),
        name: call.within('function').string('name'),
        argumentsJson: call.within('function').raw('arguments'),
      })),
    },
    ...endOf(line),
  };
}

function generateResponse({ data }: Piece): object {
  const line = readLine(data);
  return {
    model: line.string('model'),
    response: line.string('response'),
    thinking: line.string('thinking'),
    ...endOf(line),
  };
}

/** @throws RpcFailure the line is the error that ends a stream */
function readLine(data: string): Members {
  const line = new Members(data);
  if (!line.has('error')) return line;
  const metadata = new Metadata();
  metadata.set('drover-code', 'stream-broken');
  throw new RpcFailure(status.UNAVAILABLE, line.string('error'), metadata);
}

function endOf(line: Members): object {
  const done = line.boolean('done');
  return { done, doneReason: line.string('done_reason'), ...(done && { usage: usageOf(line) }) };
}

function usageOf(line: Members): object {
  return {
    totalDurationNs: line.number('total_duration'),
    loadDurationNs: line.number('load_duration'),
    promptEvalCount: line.number('prompt_eval_count'),
    promptEvalDurationNs: line.number('prompt_eval_duration'),
    evalCount: line.number('eval_count'),
    evalDurationNs: line.number('eval_duration'),
  };
}
