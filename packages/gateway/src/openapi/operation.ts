import type { z } from 'zod';

/** What the document says about one route, beside its path and method. */
export interface OperationDoc {
  /** One line without a full stop. */
  readonly summary: string;
  readonly detail?: string;
  /** Query parameters, all of which are texts on the wire. */
  readonly query?: z.ZodObject;
  /** Request headers that the route reads. */
  readonly headers?: z.ZodObject;
  readonly body?: BodyDoc;
  /** Answers by status, errors left out. */
  readonly answers: Readonly<Record<number, AnswerDoc>>;
  /** Codes of the errors by status. Errors that every route may answer are left out. */
  readonly errors?: Readonly<Record<number, readonly string[]>>;
}

export interface BodyDoc {
  /** @default `application/json` */
  readonly contentType?: string;
  /** Absent for bytes that are taken as they are. */
  readonly schema?: z.ZodType;
  /** @default true */
  readonly isRequired?: boolean;
}

export interface AnswerDoc {
  readonly description: string;
  /** Absent for an answer without a body, or with bytes as they are. */
  readonly schema?: z.ZodType;
  /** @default `application/json` where there is a schema */
  readonly contentType?: string;
  /** Headers by name, with what they mean. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** The operations of one group of routes by `METHOD /path`. */
export type Operations = Readonly<Record<string, OperationDoc>>;

/** Operations that are shown together. */
export interface OperationGroup {
  readonly name: string;
  readonly description: string;
  readonly operations: Operations;
}
