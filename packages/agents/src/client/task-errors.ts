import { AgentsError } from '../errors.ts';

/** The error of a task that did not end within its time. `cause`: what the task waited for. */
export function overdue(timeoutMs: number, cause?: AgentsError): AgentsError {
  const detail = cause === undefined ? '' : `: ${cause.message}`;
  return new AgentsError('deadline', `the task did not end within ${timeoutMs} ms${detail}`, { cause });
}
