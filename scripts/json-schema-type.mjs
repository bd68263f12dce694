// TypeScript types of the JSON Schemas that zod makes.

const schemaPrefix = '#/components/schemas/';

/**
 * The type that a schema describes. Objects that allow further fields have no index signature, so that a wrong name of a
 * field is an error of the compiler.
 *
 * @param {Record<string, any>} schema
 * @returns {string}
 * @throws Error for a schema of another kind
 */
export function typeText(schema) {
  if (schema.$ref !== undefined) return schema.$ref.slice(schemaPrefix.length);
  if (schema.const !== undefined) return literal(schema.const);
  if (schema.enum !== undefined) return schema.enum.map(literal).join(' | ');
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices !== undefined) return choices.map((choice) => inUnion(typeText(choice))).join(' | ');
  if (schema.allOf !== undefined) return schema.allOf.map((part) => inUnion(typeText(part))).join(' & ');
  if (Array.isArray(schema.type))
    return schema.type.map((type) => inUnion(typeOfKind({ ...schema, type }))).join(' | ');
  return typeOfKind(schema);
}

function typeOfKind(schema) {
  switch (schema.type) {
    case 'string':
    case 'boolean':
    case 'null':
      return schema.type;
    case 'number':
    case 'integer':
      return 'number';
    case 'array':
      return `readonly (${typeText(schema.items ?? {})})[]`;
    case 'object':
      return objectText(schema);
    case undefined:
      return 'unknown';
    default:
      throw new Error(`no type for the schema ${JSON.stringify(schema)}`);
  }
}

function objectText({ properties, required = [], additionalProperties }) {
  if (properties === undefined || Object.keys(properties).length === 0) {
    const value = typeof additionalProperties === 'object' ? typeText(additionalProperties) : 'unknown';
    return `Readonly<Record<string, ${value}>>`;
  }
  const fields = Object.entries(properties).map(([name, field]) => {
    const comment = field.description === undefined ? '' : commentOf(field.description);
    const key = /^[A-Za-z_]\w*$/.test(name) ? name : `'${name}'`;
    const type = typeText(field);
    // What is unknown may be undefined too.
    return required.includes(name)
      ? `${comment}readonly ${key}: ${type};`
      : `${comment}readonly ${key}?: ${type}${type === 'unknown' ? '' : ' | undefined'};`;
  });
  return `{\n${fields.join('\n')}\n}`;
}

function literal(value) {
  return typeof value === 'string' ? `'${value.replaceAll("'", "\\'")}'` : String(value);
}

function inUnion(type) {
  return type.includes(' & ') || type.includes(' | ') ? `(${type})` : type;
}

const commentColumns = 100;

/** A doc comment, wrapped where it is long. @param {string} text */
function commentOf(text) {
  if (text.length <= commentColumns) return `/** ${text} */\n`;
  const lines = [''];
  for (const word of text.split(' ')) {
    const last = lines.at(-1) ?? '';
    if (last !== '' && last.length + word.length >= commentColumns) lines.push(word);
    else lines[lines.length - 1] = last === '' ? word : `${last} ${word}`;
  }
  return `/**\n${lines.map((line) => ` * ${line}\n`).join('')} */\n`;
}
