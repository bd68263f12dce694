import { OllamaError } from '../errors.ts';

/** A Go type, for the checks of its JSON decoder. */
export type GoType =
  | { readonly kind: 'string' | 'bool' | 'int' | 'float64' | 'any' }
  | { readonly kind: 'list'; readonly of: GoType; readonly name: string }
  | { readonly kind: 'map'; readonly name: string }
  | { readonly kind: 'struct'; readonly fields: GoFields; readonly name: string }
  /** A type with its own decoder and error text. */
  | { readonly kind: 'custom'; readonly check: (value: unknown) => void };

export type GoFields = Readonly<Record<string, GoType>>;

export const STRING: GoType = { kind: 'string' };
export const BOOL: GoType = { kind: 'bool' };
export const INT: GoType = { kind: 'int' };
export const FLOAT64: GoType = { kind: 'float64' };
export const ANY: GoType = { kind: 'any' };
export const MAP: GoType = { kind: 'map', name: 'map[string]interface {}' };

export function list(of: GoType, name: string): GoType {
  return { kind: 'list', of, name };
}

/**
 * Refuses a decoded value with a field of the wrong type, with Go's text for the first such field. Null fits every
 * type, and unknown fields are ignored.
 *
 * @throws OllamaError 400
 */
export function checkStruct(value: unknown, name: string, fields: GoFields): Record<string, unknown> {
  if (value === null) return {};
  if (!isObject(value)) {
    const type =
      name === 'ChatCompletionRequest' || name === 'CompletionRequest' ? `openai.${name}` : `api.${name}`;
    throw new OllamaError(400, `json: cannot unmarshal ${kindOf(value)} into Go value of type ${type}`);
  }
  checkFields(value, name, '', fields);
  return value;
}

function checkFields(value: Record<string, unknown>, struct: string, prefix: string, fields: GoFields): void {
  for (const [key, part] of Object.entries(value)) {
    const type = Object.hasOwn(fields, key) ? fields[key] : undefined;
    if (type) check(part, type, struct, prefix + key);
  }
}

function check(value: unknown, type: GoType, struct: string, path: string): void {
  if (type.kind === 'custom') return type.check(value);
  if (value === null) return;
  const refuse = (goType: string, what = kindOf(value)): never => {
    throw new OllamaError(
      400,
      `json: cannot unmarshal ${what} into Go struct field ${struct}.${path} of type ${goType}`,
    );
  };
  if (type.kind === 'string') {
    if (typeof value !== 'string') refuse('string');
  } else if (type.kind === 'bool') {
    if (typeof value !== 'boolean') refuse('bool');
  } else if (type.kind === 'float64') {
    if (typeof value !== 'number') refuse('float64');
  } else if (type.kind === 'int') {
    if (typeof value !== 'number') refuse('int');
    else if (!Number.isInteger(value)) refuse('int', `number ${value}`);
  } else if (type.kind === 'map') {
    if (!isObject(value)) refuse(type.name);
  } else if (type.kind === 'list') {
    if (!Array.isArray(value)) refuse(type.name);
    else for (const item of value) check(item, type.of, struct, path);
  } else if (type.kind === 'struct') {
    if (!isObject(value)) refuse(type.name);
    else checkFields(value, struct, `${path}.`, type.fields);
  }
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  return typeof value === 'boolean' ? 'bool' : typeof value;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
