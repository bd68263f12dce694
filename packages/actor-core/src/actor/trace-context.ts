import { AsyncLocalStorage } from 'node:async_hooks';
import { Envelope } from './envelope.ts';

const hex = (digits: number): string => '[0-9a-f]'.repeat(digits);
/** Without counted repetition, which takes three times as long; every traced message is checked. */
const traceparent = new RegExp(`^${hex(2)}-${hex(32)}-${hex(16)}-${hex(2)}$`);

/** W3C traceparent of the running code, also after an `await`. */
const storage = new AsyncLocalStorage<string | undefined>();

/** True once any trace was used in this process. Until then tracing costs nothing. */
export let isTracing = false;

/** Runs `body` with this W3C traceparent, which all messages sent by it carry. An invalid value means no trace. */
export function withTrace<T>(trace: string | undefined, body: () => T): T {
  const valid = asTrace(trace);
  if (valid !== undefined) isTracing = true;
  return storage.run(valid, body);
}

/** The trace of messages sent now. */
export function currentTrace(): string | undefined {
  return isTracing ? storage.getStore() : undefined;
}

/** Sets the trace of the rest of this turn. */
export function enterTrace(trace: string | undefined): void {
  if (storage.getStore() !== trace) storage.enterWith(trace);
}

/** A trace given from outside or as an option; undefined when it is not a W3C traceparent. */
export function asTrace(value: unknown): string | undefined {
  return typeof value === 'string' && value.length === 55 && traceparent.test(value) ? value : undefined;
}

/** The trace of a message sent now: that of its options, else that of the sender. */
export function traceToSend(
  options: { readonly trace?: string | undefined } | undefined,
): string | undefined {
  return options?.trace === undefined ? currentTrace() : asTrace(options.trace);
}

/** A message as it waits in a mailbox: in an envelope only when it has a trace. */
export function traced(message: unknown, trace: string | undefined): unknown {
  if (trace === undefined) return message;
  isTracing = true;
  return new Envelope(message, undefined, undefined, undefined, trace);
}

/** A question as it waits in a mailbox. */
export function question(message: unknown, ask: Envelope['ask'], trace: string | undefined): Envelope {
  if (trace !== undefined) isTracing = true;
  return new Envelope(message, ask, undefined, undefined, trace);
}
