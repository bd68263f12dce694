import { AsyncLocalStorage } from 'node:async_hooks';
import { Envelope } from './envelope.ts';

const hex = (digits: number): string => '[0-9a-f]'.repeat(digits);
/** Written out: counted repetition takes three times as long, and every traced message is looked at. */
const traceparent = new RegExp(`^${hex(2)}-${hex(32)}-${hex(16)}-${hex(2)}$`);

/** W3C traceparent of what runs now, also behind an `await`. */
const storage = new AsyncLocalStorage<string | undefined>();

/** Whether any trace was ever seen here: as long as none was, tracing costs nothing. */
export let isTracing = false;

/** Runs `body` so that whatever it sends carries this W3C traceparent; what is none counts as no trace. */
export function withTrace<T>(trace: string | undefined, body: () => T): T {
  const valid = asTrace(trace);
  if (valid !== undefined) isTracing = true;
  return storage.run(valid, body);
}

/** The trace that what is sent now belongs to. */
export function currentTrace(): string | undefined {
  return isTracing ? storage.getStore() : undefined;
}

/** What runs from here on, in this turn, belongs to that trace. */
export function enterTrace(trace: string | undefined): void {
  if (storage.getStore() !== trace) storage.enterWith(trace);
}

/** The trace that somebody gave, from outside or as an option; undefined for what is no W3C traceparent. */
export function asTrace(value: unknown): string | undefined {
  return typeof value === 'string' && value.length === 55 && traceparent.test(value) ? value : undefined;
}

/** The trace of something sent now with these options: their own, else the sender's. */
export function traceToSend(
  options: { readonly trace?: string | undefined } | undefined,
): string | undefined {
  return options?.trace === undefined ? currentTrace() : asTrace(options.trace);
}

/** The message as it waits in a mailbox: bare, as nearly all do, or with its trace. */
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
