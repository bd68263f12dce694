/** The part of pino's interface that the code uses: fields first, then the sentence. */
export interface Logger {
  /** What helps to find a fault. */
  debug(fields: object, message: string): void;
  /** What an operator likes to know. */
  info(fields: object, message: string): void;
  /** What was survived: an actor restarted. */
  warn(fields: object, message: string): void;
  /** What needs a person: an actor parked, a failure that reached the root. */
  error(fields: object, message: string): void;
}

/** Says nothing. */
export const silentLogger: Logger = { debug() {}, info() {}, warn() {}, error() {} };
