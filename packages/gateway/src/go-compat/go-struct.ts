/** A Go type as far as its JSON decoder can refuse a value, and how much of the value's text is kept. */
export type GoType =
  | { readonly kind: 'string' | 'bool' | 'int' | 'float64' | 'float32' }
  /** Kept as text. `of`: type that the text is still checked against; without it a null is kept too. */
  | { readonly kind: 'raw'; readonly of?: GoType }
  | { readonly kind: 'list'; readonly of: GoType; readonly name: string }
  | GoStruct;

export interface GoStruct {
  readonly kind: 'struct';
  readonly fields: GoFields;
  /** With its package, as errors name it. */
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

/** Checked as `of`, kept as text. */
export function goChecked(of: GoType): GoType {
  return { kind: 'raw', of };
}
