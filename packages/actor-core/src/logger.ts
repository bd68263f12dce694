/** The part of pino's interface that the code uses: fields first, then the sentence. */
export interface Logger {
  /** Details that help to find a fault. */
  debug(fields: object, message: string): void;
  /** Events that an operator wants to know. */
  info(fields: object, message: string): void;
  /** Problems that were handled, such as the restart of an actor. */
  warn(fields: object, message: string): void;
  /** Problems that need a person: a parked actor, a failure that reached the root. */
  error(fields: object, message: string): void;
}

/** Discards all log lines. */
export const silentLogger: Logger = { debug() {}, info() {}, warn() {}, error() {} };
