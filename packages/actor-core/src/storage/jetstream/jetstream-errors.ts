import type { StoreTrouble } from '../../errors.ts';

/** An error in a reply of JetStream (ADR-1, ADR-7). */
export interface ApiError {
  /** As HTTP's: 400 the request, 404 not found, 429 and 503 for the moment. */
  readonly code: number;
  /** Which error; stable across versions. */
  readonly err_code: number;
  readonly description: string;
}

/** Error codes that decisions are made on (nats-server `server/errors.json`). */
export const errorCode: {
  readonly consumerNotFound: 10_014;
  readonly insufficientResources: 10_023;
  readonly noMessageFound: 10_037;
  readonly sequenceNotFound: 10_043;
  readonly storageExceeded: 10_047;
  readonly messageTooLarge: 10_054;
  readonly deleteFailed: 10_057;
  readonly streamNameInUse: 10_058;
  readonly streamNotFound: 10_059;
  readonly wrongLastSequence: 10_071;
  readonly storeFailed: 10_077;
  readonly duplicateInProcess: 10_158;
  readonly checkInFlight: 10_164;
  readonly batchIncomplete: 10_176;
  readonly duplicateInBatch: 10_201;
} = {
  consumerNotFound: 10_014,
  insufficientResources: 10_023,
  noMessageFound: 10_037,
  sequenceNotFound: 10_043,
  storageExceeded: 10_047,
  messageTooLarge: 10_054,
  deleteFailed: 10_057,
  streamNameInUse: 10_058,
  streamNotFound: 10_059,
  wrongLastSequence: 10_071,
  storeFailed: 10_077,
  duplicateInProcess: 10_158,
  checkInFlight: 10_164,
  batchIncomplete: 10_176,
  duplicateInBatch: 10_201,
};

const fullCodes: readonly number[] = [
  errorCode.insufficientResources,
  errorCode.storageExceeded,
  errorCode.storeFailed,
];

/** The state of the whole store that an API error shows. */
export function troubleOf(error: ApiError): StoreTrouble {
  if (error.err_code === errorCode.streamNotFound) return 'store-missing';
  return fullCodes.includes(error.err_code) ? 'store-full' : 'store-unavailable';
}

/** Does the same request have a chance a moment later: a leader is elected, a check is in flight, a queue is full? */
export function isTransient(error: ApiError): boolean {
  if (error.err_code === errorCode.checkInFlight || error.code === 429) return true;
  return error.code === 503 && troubleOf(error) !== 'store-full';
}

/** The sequence in `wrong last sequence: 12`; undefined where the server does not report it. */
export function actualSequenceOf(error: ApiError): number | undefined {
  const digits = /wrong last sequence: (\d+)/.exec(error.description)?.[1];
  return digits === undefined ? undefined : Number(digits);
}
