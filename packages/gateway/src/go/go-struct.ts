import { RequestFailure } from '../errors.ts';
import { goKind, isObject } from './go-text.ts';

/** A Go type as far as its JSON decoder can refuse a value. */
export type GoType =
  | { readonly kind: 'string' | 'bool' | 'int' | 'float64' | 'float32' | 'any' }
  | { readonly kind: 'list'; readonly of: GoType; readonly name: string }
  | { readonly kind: 'struct'; readonly fields: GoFields; readonly name: string };

export type GoFields = Readonly<Record<string, GoType>>;

export const goString: GoType = { kind: 'string' };
export const goBool: GoType = { kind: 'bool' };
export const goInt: GoType = { kind: 'int' };
export const goFloat64: GoType = { kind: 'float64' };
export const goFloat32: GoType = { kind: 'float32' };
export const goAny: GoType = { kind: 'any' };

export function goList(of: GoType, name: string): GoType {
  return { kind: 'list', of, name };
}

export function goStruct(fields: GoFields, name: string): GoType {
  return { kind: 'struct', fields, name };
}

/**
 * A decoded body as the struct `name` of Go package `pkg`: keys match without regard to case and come back as the
 * struct spells them, null fits every field, unknown keys stay as they are, a wrong type is refused in Go's words.
 *
 * @throws RequestFailure 400
 */
export function bindStruct(
  value: unknown,
  pkg: string,
  name: string,
  fields: GoFields,
): Record<string, unknown> {
  if (value === null) return {};
  if (!isObject(value)) {
    throw typeError(
      `json: cannot unmarshal ${goKind(value)} into Go value of type ${pkg}.${name}`,
      undefined,
    );
  }
  return bindFields(value, fields, name, '');
}

function bindFields(
  value: Record<string, unknown>,
  fields: GoFields,
  struct: string,
  prefix: string,
): Record<string, unknown> {
  // Without a prototype: a key named __proto__ is a key like any other.
  const bound = Object.create(null) as Record<string, unknown>;
  for (const [key, part] of Object.entries(value)) {
    const field = fieldName(fields, key);
    const type = field === undefined ? undefined : fields[field];
    if (field === undefined || type === undefined) bound[key] = part;
    else if (part !== null) bound[field] = bind(part, type, struct, prefix + field);
  }
  return bound;
}

function fieldName(fields: GoFields, key: string): string | undefined {
  if (Object.hasOwn(fields, key)) return key;
  const lower = key.toLowerCase();
  return Object.hasOwn(fields, lower) ? lower : undefined;
}

function bind(value: unknown, type: GoType, struct: string, path: string): unknown {
  if (value === null) return value;
  const refuse = (goType: string, what: string = goKind(value)): never => {
    throw typeError(
      `json: cannot unmarshal ${what} into Go struct field ${struct}.${path} of type ${goType}`,
      path,
    );
  };
  switch (type.kind) {
    case 'string':
      return typeof value === 'string' ? value : refuse('string');
    case 'bool':
      return typeof value === 'boolean' ? value : refuse('bool');
    case 'float64':
    case 'float32':
      return typeof value === 'number' ? value : refuse(type.kind);
    case 'int':
      if (typeof value !== 'number') return refuse('int');
      return Number.isInteger(value) ? value : refuse('int', `number ${value}`);
    case 'list':
      if (!Array.isArray(value)) return refuse(type.name);
      // In a list null is the zero value, not nothing.
      return value.map((item) =>
        item === null && type.of.kind === 'struct' ? {} : bind(item, type.of, struct, path),
      );
    case 'struct':
      return isObject(value) ? bindFields(value, type.fields, struct, `${path}.`) : refuse(type.name);
    default:
      return value;
  }
}

function typeError(message: string, field: string | undefined): RequestFailure {
  return new RequestFailure(400, 'invalid-type', message, { field });
}
