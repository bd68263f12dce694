import type { SpawnRequest, TaskRequest } from '../agents-client.ts';
import { type AgentsConfig, defaultTaskMs, longestTaskMs } from '../config.ts';
import { AgentsError } from '../errors.ts';
import {
  maxKeyChars,
  maxModelChars,
  maxNameChars,
  maxOptionsChars,
  recordReserveBytes,
} from '../protocol/limits.ts';
import type { SpawnSpec } from '../protocol/directory-request.ts';

/**
 * The spawn request in wire form. Checked before it is sent, because the receiving node drops an invalid message
 * without an answer.
 *
 * @throws AgentsError `invalid-input` naming the field
 */
export function checkSpawn(request: SpawnRequest): SpawnSpec {
  const { type, name, model, options, idempotencyKey } = request;
  if (typeof type !== 'string' || type === '') throw invalid('type', 'must name an agent definition');
  if (type.length > 64) {
    throw new AgentsError('unknown-agent-type', 'no agent type has a name of more than 64 characters', {
      field: 'type',
    });
  }
  checkText('name', name, maxNameChars);
  checkText('model', model, maxModelChars);
  checkText('idempotencyKey', idempotencyKey, maxKeyChars);
  return { type, name, model, options: checkOptions(options) };
}

/**
 * @param maxPayloadBytes limit of one NATS message; the input is sent and recorded in one message
 * @throws AgentsError `invalid-input` naming the field
 */
export function checkTask(
  request: TaskRequest,
  config: AgentsConfig,
  maxPayloadBytes: number,
): { input: string; timeoutMs: number } {
  const longestMs = longestTaskMs(config);
  const { input, timeoutMs = defaultTaskMs(config) } = request;
  if (typeof input !== 'string' || input === '')
    throw invalid('input', 'must be a text of at least one character');
  if (input.length > config.maxInputChars) {
    throw invalid('input', `has ${input.length} characters; ${config.maxInputChars} are allowed`);
  }
  const bytes = Buffer.byteLength(JSON.stringify(input));
  if (bytes > maxPayloadBytes - recordReserveBytes) {
    const detail = `has ${bytes} bytes; the NATS server carries messages of ${maxPayloadBytes} bytes (max_payload)`;
    throw invalid('input', detail);
  }
  if (!Number.isInteger(timeoutMs) || timeoutMs < 1 || timeoutMs > longestMs) {
    throw invalid('timeoutMs', `must be a whole number from 1 to ${longestMs}`);
  }
  return { input, timeoutMs };
}

/** @throws AgentsError `agent-not-found` or `run-not-found` for an impossible id */
export function checkId(id: string, code: 'agent-not-found' | 'run-not-found'): void {
  if (/^[a-z0-9][a-z0-9_-]{0,63}$/.test(id)) return;
  throw new AgentsError(
    code,
    `no ${code === 'agent-not-found' ? 'agent' : 'run'} ${JSON.stringify(id.slice(0, 80))}`,
  );
}

function checkText(field: string, value: string | undefined, maxChars: number): void {
  if (value === undefined) return;
  if (typeof value !== 'string' || value === '' || value.length > maxChars) {
    throw invalid(field, `must be a text of 1 to ${maxChars} characters`);
  }
}

function checkOptions(options: Record<string, unknown> | undefined): Record<string, unknown> | undefined {
  if (options === undefined) return undefined;
  if (options === null || typeof options !== 'object' || Array.isArray(options)) {
    throw invalid('options', 'must be an object of Ollama options such as {"temperature": 0}');
  }
  const text = JSON.stringify(options);
  if (text.length > maxOptionsChars)
    throw invalid('options', `are longer than ${maxOptionsChars} characters of JSON`);
  return JSON.parse(text) as Record<string, unknown>;
}

function invalid(field: string, detail: string): AgentsError {
  return new AgentsError('invalid-input', `${field} ${detail}`, { field });
}
