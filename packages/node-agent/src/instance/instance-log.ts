import type { Logger } from '@drover/actor-core';
import type { ResolvedInstance } from '../config.ts';
import type { Health } from './health.ts';
import type { RefusalChange } from './refusal-log.ts';

/** Logs that an Ollama became ready or went down. */
export function logHealth(log: Logger, { name, url }: ResolvedInstance, { state, reason }: Health): void {
  const fields = { instance: name, url };
  if (state === 'ready') log.info(fields, `Ollama ${name} is ready`);
  else if (state === 'down') log.warn(fields, `Ollama ${name} is down: ${reason}`);
}

/** Logs that an Ollama began or ceased to refuse one model or all models. */
export function logRefusal(
  log: Logger,
  { name, url }: ResolvedInstance,
  { kind, model, reason }: RefusalChange,
): void {
  const what = model === undefined ? 'every model' : model;
  const fields = { instance: name, url, ...(model !== undefined && { model }) };
  if (kind === 'serves') log.info(fields, `Ollama ${name} serves ${what} again`);
  else log.warn(fields, `Ollama ${name} refuses ${what}: it ${reason}`);
}
