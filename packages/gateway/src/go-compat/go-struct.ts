/** The part of a Go type that its JSON decoder checks, and whether the text of the value is kept. */
export type GoType =
  | { readonly kind: 'string' | 'bool' | 'int' | 'float64' | 'float32' }
  /** The value is kept as text. `of`: type that the value is checked against; without it, null is kept as text too. */
  | { readonly kind: 'raw'; readonly of?: GoType }
  | { readonly kind: 'list'; readonly of: GoType; readonly name: string }
  | GoStruct;

export interface GoStruct {
  readonly kind: 'struct';
  readonly fields: GoFields;
  /** Name with the package, as in Go's error texts. */
  readonly name: string;
}

export type GoFields = Readonly<Record<string, GoType>>;

export const goString: GoType = { kind: 'string' };
export const goBool: GoType = { kind: 'bool' };
export const goInt: GoType = { kind: 'int' };
export const goFloat64: GoType = { kind: 'float64' };
export const goFloat32: GoType = { kind: 'float32' };
/** `any` or `json.RawMessage`. */
export const goRaw: GoType = { kind: 'raw' };

export function goList(of: GoType, name: string): GoType {
  return { kind: 'list', of, name };
}

export function goStruct(fields: GoFields, name: string): GoStruct {
  return { kind: 'struct', fields, name };
}

/** A value that is checked against `of` and kept as text. */
export function goChecked(of: GoType): GoType {
  return { kind: 'raw', of };
}
