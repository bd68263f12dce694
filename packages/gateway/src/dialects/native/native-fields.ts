import { RequestFailure } from '../../errors.ts';
import { decodeGoJson } from '../../go-compat/go-json.ts';
import { goKind, isObject } from '../../go-compat/go-text.ts';

/** The decoded fields of a native request, read as Go reads them, with its error texts. */
export class NativeFields {
  readonly #struct: string;
  readonly #fields: Readonly<Record<string, unknown>>;

  /** @throws RequestFailure 400 for a body that is no JSON object */
  constructor(struct: string, body: string) {
    this.#struct = struct;
    const value = decodeGoJson(body, 'missing request body');
    if (value !== null && !isObject(value)) {
      const text = `json: cannot unmarshal ${goKind(value)} into Go value of type api.${struct}`;
      throw new RequestFailure(400, 'invalid-type', text);
    }
    this.#fields = value ?? {};
  }

  /** Empty where it is missing. @throws RequestFailure 400 for another type */
  string(name: string): string {
    const value = this.value(name);
    if (value === undefined || value === null) return '';
    if (typeof value === 'string') return value;
    throw this.#wrongType(name, value, 'string');
  }

  /** Undefined where it is missing. @throws RequestFailure 400 for another type */
  boolean(name: string): boolean | undefined {
    const value = this.value(name);
    if (value === undefined || value === null) return undefined;
    if (typeof value === 'boolean') return value;
    throw this.#wrongType(name, value, 'bool');
  }

  /** Value of a field. Go ignores the case of keys, and the last of several equal keys counts. */
  value(name: string): unknown {
    let found: unknown;
    for (const key in this.#fields) if (key === name || key.toLowerCase() === name) found = this.#fields[key];
    return found;
  }

  /** All fields but those, as they were sent. */
  without(...names: readonly string[]): Readonly<Record<string, unknown>> {
    return Object.fromEntries(
      Object.entries(this.#fields).filter(([key]) => !names.includes(key.toLowerCase())),
    );
  }

  #wrongType(name: string, value: unknown, type: string): RequestFailure {
    const text = `json: cannot unmarshal ${goKind(value)} into Go struct field ${this.#struct}.${name} of type ${type}`;
    return new RequestFailure(400, 'invalid-type', text, { field: name });
  }
}
