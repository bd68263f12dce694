/**
 * Version of the names of GenAI spans (https://github.com/open-telemetry/semantic-conventions-genai). They are all in
 * development: a change of a name is made here alone.
 */
export const genAiVersion = 'v0.1.0';

/** Names of attributes: OpenTelemetry's where it has one, else with the prefix `drover.`. */
export const attribute = {
  httpMethod: 'http.request.method',
  httpRoute: 'http.route',
  httpStatus: 'http.response.status_code',
  urlPath: 'url.path',
  errorType: 'error.type',
  serverAddress: 'server.address',
  genAiOperation: 'gen_ai.operation.name',
  genAiProvider: 'gen_ai.provider.name',
  genAiRequestModel: 'gen_ai.request.model',
  genAiInputTokens: 'gen_ai.usage.input_tokens',
  genAiOutputTokens: 'gen_ai.usage.output_tokens',
  requestId: 'drover.request_id',
  tenant: 'drover.tenant',
  key: 'drover.key',
  node: 'drover.node',
  instance: 'drover.instance',
  stage: 'drover.stage',
  outcome: 'drover.outcome',
  hosts: 'drover.hosts',
  queuedMs: 'drover.queued_ms',
  firstByteMs: 'drover.first_byte_ms',
  bytes: 'drover.bytes',
} as const;

/** Name of the provider in GenAI spans. The conventions have no value for Ollama and allow one's own. */
export const provider = 'ollama';
