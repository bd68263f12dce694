import { DroverError } from '@drover/actor-core';

/** An agent definition cannot be used. Nothing starts until a person corrects `field` of `file`. */
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
