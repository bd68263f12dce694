/** Values of a span's attributes, by names of `names.ts`. */
export type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

/** Which side of a call a span describes. */
export type SpanKind = 'server' | 'client' | 'internal';

/** The begin of a span. */
export interface SpanStart {
  readonly name: string;
  readonly kind: SpanKind;
  /** W3C traceparent of the span around it. @default none: the span begins a trace */
  readonly parent?: string | undefined;
  /** Milliseconds since 1970. @default now */
  readonly startedAtMs?: number | undefined;
  readonly attributes?: Attributes | undefined;
}

/** The end of a span. */
export interface SpanEnd {
  /** Milliseconds since 1970. @default now */
  readonly endedAtMs?: number | undefined;
  readonly attributes?: Attributes | undefined;
  /** Code of the error that it ended with. @default no error */
  readonly error?: string | undefined;
}

/** One timed step of a request. */
export interface Span {
  /** Names this span to the spans inside it, in other processes too. Empty for a span that nobody records. */
  readonly traceparent: string;
  /** Whether it is exported. Attributes that cost time are not computed for one that is not. */
  readonly isRecorded: boolean;
  /** Called once. */
  end(end?: SpanEnd): void;
}

/** Records spans of one process. */
export interface Tracer {
  /** False: no span is ever recorded. */
  readonly isOn: boolean;
  start(start: SpanStart): Span;
  /** Exports what is left, for at most 2 s, and records nothing more. Never rejects. */
  stop(): Promise<void>;
}

/** Records nothing. A span passes the trace of its parent on. */
export const noTracer: Tracer = {
  isOn: false,
  start: ({ parent }) => (parent === undefined ? noSpan : { ...noSpan, traceparent: parent }),
  stop: () => Promise.resolve(),
};

const noSpan: Span = { traceparent: '', isRecorded: false, end: () => undefined };
