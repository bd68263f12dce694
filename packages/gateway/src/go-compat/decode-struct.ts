import { RequestFailure } from '../errors.ts';
import { beginScan } from './go-json.ts';
import type { GoFields, GoStruct, GoType } from './go-struct.ts';
import { JsonScanner } from './json-scanner.ts';
import { RawJson, takeRaw } from './raw-json.ts';

/** Decoded fields of a struct; `raw` fields and unknown keys hold RawJson. Without a prototype. */
export type Bound = Record<string, unknown>;

/**
 * Decodes a body into a Go struct as Go's decoder does: keys match case-insensitively and are returned in the struct's
 * spelling, and null fits every field. Unknown keys are kept. The first wrong type is refused with Go's error text, but
 * only if the whole value is valid JSON.
 *
 * @param body text, or bytes, whose raw parts become byte text, or a part of a body
 * @param emptyText error text for a body without a value
 * @throws RequestFailure 400
 */
export function decodeStruct(body: string | Buffer | RawJson, emptyText: string, struct: GoStruct): Bound {
  const scan = beginScan(scannerOf(body), emptyText);
  const binder = new Binder(scan);
  const bound = binder.top(struct);
  if (binder.refusal) throw binder.refusal;
  return bound;
}

function scannerOf(body: string | Buffer | RawJson): JsonScanner {
  if (typeof body === 'string') return new JsonScanner(body);
  if (body instanceof RawJson) return JsonScanner.ofValid(body.text, body.isBytes);
  return new JsonScanner(body.toString('latin1'), true);
}

class Binder {
  refusal: RequestFailure | undefined;
  readonly #scan: JsonScanner;
  readonly #path: string[] = [];
  /** Name of the innermost struct without its package. */
  #struct: string | undefined;

  constructor(scan: JsonScanner) {
    this.#scan = scan;
  }

  top(struct: GoStruct): Bound {
    const raw = this.#kindHere();
    if (raw === 'object') return this.#fields(struct, emptyBound());
    this.#value(struct, undefined);
    return emptyBound();
  }

  #kindHere(): RawJson['kind'] {
    this.#scan.skipSpace();
    this.#scan.peek();
    return new RawJson(this.#scan.text.charAt(this.#scan.at)).kind;
  }

  #fields({ fields, name }: GoStruct, bound: Bound): Bound {
    const outer = this.#struct;
    const scan = this.#scan;
    this.#struct = name.slice(name.lastIndexOf('.') + 1);
    if (name.startsWith('struct ')) this.#struct = '';
    if (scan.enter()) {
      do {
        const key = scan.key();
        const field = fieldName(fields, key);
        const type = field === undefined ? undefined : fields[field];
        if (field === undefined || type === undefined) {
          bound[key] = takeRaw(scan);
          continue;
        }
        this.#path.push(field);
        const value = this.#value(type, bound[field]);
        this.#path.pop();
        if (value !== undefined) bound[field] = value;
        else if (isNilable(type)) delete bound[field];
      } while (scan.continues(true));
    }
    this.#struct = outer;
    return bound;
  }

  /** @param known value of an earlier equal key; Go merges a struct into it */
  #value(type: GoType, known: unknown): unknown {
    const kind = this.#kindHere();
    if (type.kind === 'raw') return this.#raw(type.of, kind);
    if (kind === 'null') {
      takeRaw(this.#scan);
      return undefined;
    }
    switch (type.kind) {
      case 'string':
        return kind === 'string' ? this.#scan.string() : this.#refuse('string', kind);
      case 'bool':
        return kind === 'bool' ? takeRaw(this.#scan).text === 'true' : this.#refuse('bool', kind);
      case 'list':
        return kind === 'array' ? this.#list(type.of) : this.#refuse(type.name, kind);
      case 'struct':
        if (kind !== 'object') return this.#refuse(type.name, kind);
        return this.#fields(type, isBound(known) ? known : emptyBound());
      default:
        return kind === 'number' ? this.#number(type.kind) : this.#refuse(type.kind, kind);
    }
  }

  #raw(check: GoType | undefined, kind: RawJson['kind']): RawJson | undefined {
    const scan = this.#scan;
    if (!check) return takeRaw(scan);
    const start = scan.at;
    this.#value(check, undefined);
    return kind === 'null' ? undefined : new RawJson(scan.text.slice(start, scan.at), scan.isBytes);
  }

  #list(of: GoType): unknown[] {
    const found: unknown[] = [];
    if (!this.#scan.enter()) return found;
    do {
      const value = this.#value(of, undefined);
      // An element that is null becomes the zero value of its type.
      found.push(value ?? (of.kind === 'struct' ? emptyBound() : null));
    } while (this.#scan.continues(false));
    return found;
  }

  #number(type: 'int' | 'float64' | 'float32'): unknown {
    const start = this.#scan.at;
    const raw = takeRaw(this.#scan);
    const value = Number(raw.text);
    if (type === 'int') {
      if (!/^-?\d+$/.test(raw.text) || BigInt.asIntN(64, BigInt(raw.text)) !== BigInt(raw.text)) {
        this.#scan.at = start;
        return this.#refuse('int', `number ${raw.text}`);
      }
      // An integer too large for a JavaScript number is passed on as text.
      return Number.isSafeInteger(value) ? value + 0 : raw;
    }
    const fits = Number.isFinite(type === 'float32' ? Math.fround(value) : value);
    if (!fits) {
      this.#scan.at = start;
      return this.#refuse(type, `number ${raw.text}`);
    }
    return type === 'float32' ? shortestFloat32(value) : value;
  }

  /**
   * Skips the value and keeps the refusal if it is the first one. It is thrown only if the rest of the body is JSON.
   */
  #refuse(goType: string, what: string): undefined {
    takeRaw(this.#scan);
    const path = this.#path.join('.');
    const where =
      this.#struct === undefined
        ? `Go value of type ${goType}`
        : `Go struct field ${this.#struct}.${path} of type ${goType}`;
    const message = `json: cannot unmarshal ${what} into ${where}`;
    this.refusal ??= new RequestFailure(400, 'invalid-type', message, {
      field: path === '' ? undefined : path,
    });
    return undefined;
  }
}

/** Whether null in a later equal key clears the value of an earlier one: true for pointers, lists and raw text. */
function isNilable({ kind }: GoType): boolean {
  return kind === 'struct' || kind === 'list' || kind === 'raw' || kind === 'float64';
}

function emptyBound(): Bound {
  // Without a prototype, a key named __proto__ is an ordinary key.
  return Object.create(null) as Bound;
}

function isBound(value: unknown): value is Bound {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === null;
}

function fieldName(fields: GoFields, key: string): string | undefined {
  if (Object.hasOwn(fields, key)) return key;
  // Go treats two letters outside ASCII as ASCII letters: the long s and the Kelvin sign.
  const lower = key.toLowerCase().replaceAll('ſ', 's');
  return Object.hasOwn(fields, lower) ? lower : undefined;
}

/** The number with the fewest digits that is the same float32, as Go writes it. */
function shortestFloat32(value: number): number {
  const rounded = Math.fround(value);
  if (rounded === 0) return rounded;
  for (let digits = 1; digits < 9; digits++) {
    const short = Number(rounded.toPrecision(digits));
    if (Math.fround(short) === rounded) return short;
  }
  return rounded;
}
