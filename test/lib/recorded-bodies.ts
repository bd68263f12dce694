const model = 'sim-count';
const messages = [{ role: 'user', content: 'count' }];
const parameters = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] };
const image =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

/** One valid body for each route, with the fields that clients send. Admin routes name a model that no host has. */
export const recordedBodies: Readonly<Record<string, unknown>> = {
  '/api/chat': {
    model,
    messages: [
      { role: 'system', content: 'short' },
      { role: 'user', content: 'what?', images: [image] },
    ],
    tools: [{ type: 'function', function: { name: 'weather', description: 'tells', parameters } }],
    format: parameters,
    options: { num_predict: 3, temperature: 0.1, stop: ['x'] },
    think: false,
    keep_alive: '5m',
  },
  '/api/generate': {
    model,
    prompt: 'count',
    suffix: '',
    raw: true,
    stream: true,
    context: [1, 2],
    options: { num_predict: 3 },
  },
  '/api/embed': { model, input: ['a', 'b'], truncate: true, dimensions: 4 },
  '/api/embeddings': { model, prompt: 'a' },
  '/api/show': { model, verbose: true },
  '/api/copy': { source: 'no-such-model', destination: 'no-copy' },
  '/api/delete': { model: 'no-such-model' },
  '/v1/chat/completions': {
    model,
    messages: [{ role: 'user', content: [{ type: 'text', text: 'count' }] }],
    max_tokens: 3,
    stream: true,
    stream_options: { include_usage: true },
    tools: [{ type: 'function', function: { name: 'weather', parameters } }],
    tool_choice: 'auto',
    response_format: { type: 'json_schema', json_schema: { name: 'city', schema: parameters } },
    logprobs: true,
    top_logprobs: 2,
  },
  '/v1/completions': { model, prompt: 'count', max_tokens: 3, stream: false, stop: ['x'] },
  '/v1/embeddings': { model, input: 'a', encoding_format: 'base64' },
  '/v1/responses': {
    model,
    input: [{ type: 'message', role: 'user', content: [{ type: 'input_text', text: 'count' }] }],
    instructions: 'short',
    max_output_tokens: 3,
    stream: true,
  },
  '/v1/messages': {
    model,
    max_tokens: 3,
    system: [{ type: 'text', text: 'short' }],
    messages: [
      ...messages,
      { role: 'assistant', content: [{ type: 'tool_use', id: 't1', name: 'weather', input: { city: 'x' } }] },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 't1', content: 'rain' }] },
    ],
    tools: [{ name: 'weather', input_schema: parameters }],
    stream: true,
  },
  '/v1/messages/count_tokens': { model, messages },
  '/api/v1/agents/spawn': { type: 'assistant', name: 'a', model, options: { num_predict: 3 } },
  '/api/v1/agents/{id}/task': { input: 'count', mode: 'stream', timeoutMs: 1_000 },
  '/api/v1/queues/{q}': { body: { a: 1 }, id: 'one', priority: 1, delayMs: 10, maxAttempts: 3 },
  '/api/v1/queues/{q}/take': { max: 1, waitMs: 100, leaseMs: 1_000 },
  '/api/v1/queues/{q}/messages/{id}/ack': { lease: 'x' },
  '/api/v1/memory/{scope}/{key}/ops': { ops: [{ op: 'add', value: 1 }] },
};
