import { DroverError } from '@drover/actor-core';

/** An agent definition is invalid. Nothing starts until `field` of `file` is corrected. */
export class DefinitionError extends DroverError {
  readonly code = 'invalid-catalogue';
  readonly file: string;
  readonly field: string;
  constructor(file: string, field: string, detail: string, options?: ErrorOptions) {
    super(`${file}: ${field} ${detail}`, options);
    this.file = file;
    this.field = field;
  }
}
