/** A caller broke the contract of an argument: a mistake in the code, which is not caught. */
export class InvalidArgumentError extends Error {
  readonly code = 'invalid-argument';
  readonly argument: string;
  constructor(argument: string, detail: string) {
    super(`${argument} ${detail}`);
    this.name = 'InvalidArgumentError';
    this.argument = argument;
  }
}

/** Base of all errors for "something failed". The `code` is stable; the text is not. */
export abstract class DroverError extends Error {
  abstract readonly code: string;
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}
