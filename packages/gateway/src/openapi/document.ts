import { z } from 'zod';
import type { AnswerDoc, BodyDoc, OperationDoc, OperationGroup } from './operation.ts';

/** A JSON object of the document. */
type Json = { [field: string]: unknown };

export interface DocumentFacts {
  readonly version: string;
  readonly groups: readonly OperationGroup[];
  /** Descriptions of path parameters by name. */
  readonly parameters: Readonly<Record<string, string>>;
  /** Errors that every operation may answer, by status. */
  readonly errors: Readonly<Record<number, string>>;
  /** Errors that every operation with a body may answer too, by status. */
  readonly bodyErrors: Readonly<Record<number, string>>;
  /** Form of the body of an error. */
  readonly errorSchema: z.ZodType;
}

const jsonType = 'application/json';
const schemaPrefix = '#/components/schemas/';

/**
 * The OpenAPI 3.1 document of the routes. Pure. Schemas with an `id` in their metadata stand once, under
 * `components/schemas`.
 *
 * @throws Error if two schemas have one id
 */
export function openApiDocument(facts: DocumentFacts): Json {
  const schemas = new Schemas();
  const paths: Record<string, Json> = {};
  for (const { name, operations } of facts.groups)
    for (const [route, operation] of Object.entries(operations)) {
      const [method = '', path = ''] = route.split(' ');
      (paths[path] ??= {})[method.toLowerCase()] = operationJson(
        { name, method, path, operation },
        facts,
        schemas,
      );
    }
  const error = schemas.of(facts.errorSchema, 'output');
  const responses = Object.fromEntries(
    Object.entries({ ...facts.errors, ...facts.bodyErrors }).map(([status, description]) => [
      `Error${status}`,
      { description, content: { [jsonType]: { schema: error } } },
    ]),
  );
  return {
    openapi: '3.1.0',
    info: {
      title: 'Drover',
      version: facts.version,
      description: 'Routes of the gateway beside those of Ollama, OpenAI and Anthropic.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    tags: facts.groups.map(({ name, description }) => ({ name, description })),
    // Until the first key is made, a caller on this machine needs none.
    security: [{}, { bearer: [] }, { apiKey: [] }],
    paths,
    components: {
      schemas: schemas.all(),
      responses,
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer' },
        apiKey: { type: 'apiKey', in: 'header', name: 'x-api-key' },
      },
    },
  };
}

interface Placed {
  readonly name: string;
  readonly method: string;
  readonly path: string;
  readonly operation: OperationDoc;
}

function operationJson(
  { name, method, path, operation }: Placed,
  facts: DocumentFacts,
  schemas: Schemas,
): Json {
  const { summary, detail, query, headers, body, answers, errors = {} } = operation;
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, parameter = '']) => ({
    name: parameter,
    in: 'path',
    required: true,
    description: facts.parameters[parameter],
    schema: { type: 'string' },
  }));
  const parameters = [
    ...inPath,
    ...parametersOf(query, 'query', schemas),
    ...parametersOf(headers, 'header', schemas),
  ];
  const shared = body === undefined ? facts.errors : { ...facts.errors, ...facts.bodyErrors };
  const common = Object.keys(shared).map((status) => [
    status,
    { $ref: `#/components/responses/Error${status}` },
  ]);
  const own = Object.entries(errors).map(([status, codes]) => [
    status,
    errorJson(codes, schemas.of(facts.errorSchema, 'output')),
  ]);
  return {
    operationId: operationId(method, path),
    tags: [name],
    summary,
    ...(detail !== undefined && { description: detail }),
    ...(parameters.length > 0 && { parameters }),
    ...(body !== undefined && { requestBody: bodyJson(body, schemas) }),
    responses: Object.fromEntries([
      ...common,
      ...Object.entries(answers).map(([status, answer]) => [status, answerJson(answer, schemas)]),
      ...own,
    ]),
  };
}

/** `POST /api/v1/agents/{id}/task` → `postAgentsByIdTask`. */
function operationId(method: string, path: string): string {
  const words = path
    .replace(/^\/api\/v1/, '')
    .split('/')
    .filter((part) => part !== '')
    .map((part) => (part.startsWith('{') ? `by-${part.slice(1, -1)}` : part === '-' ? 'all' : part))
    .flatMap((part) => part.split(/[^A-Za-z0-9]+/));
  return method.toLowerCase() + words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
}

function parametersOf(schema: z.ZodObject | undefined, place: string, schemas: Schemas): Json[] {
  if (schema === undefined) return [];
  return Object.entries(schema.shape).map(([name, field]) => {
    const { description, ...json } = schemas.of(field as z.ZodType, 'input');
    const isRequired = !(field as z.ZodType).safeParse(undefined).success;
    return {
      name,
      in: place,
      ...(isRequired && { required: true }),
      ...(description !== undefined && { description }),
      schema: json,
    };
  });
}

function bodyJson({ contentType = jsonType, schema, isRequired = true }: BodyDoc, schemas: Schemas): Json {
  const content = schema === undefined ? {} : { schema: schemas.of(schema, 'input') };
  return { required: isRequired, content: { [contentType]: content } };
}

function answerJson({ description, schema, contentType, headers }: AnswerDoc, schemas: Schemas): Json {
  const type = contentType ?? (schema === undefined ? undefined : jsonType);
  const content = schema === undefined ? {} : { schema: schemas.of(schema, 'output') };
  return {
    description,
    ...(headers !== undefined && {
      headers: Object.fromEntries(
        Object.entries(headers).map(([name, meaning]) => [
          name,
          { description: meaning, schema: { type: 'string' } },
        ]),
      ),
    }),
    ...(type !== undefined && { content: { [type]: content } }),
  };
}

function errorJson(codes: readonly string[], schema: Json): Json {
  return { description: codes.map((code) => `\`${code}\``).join(', '), content: { [jsonType]: { schema } } };
}

/** Turns zod schemas into JSON Schema, and collects those that have an id. */
class Schemas {
  readonly #named: Record<string, string> = {};

  of(schema: z.ZodType, io: 'input' | 'output'): Json {
    const { $schema: _dialect, $defs = {}, ...json } = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
    for (const [id, definition] of Object.entries($defs)) this.#add(id, definition);
    const own = schema.meta()?.id;
    if (own === undefined) return moved(json);
    if (!Object.hasOwn($defs, own)) this.#add(own, json);
    return { $ref: schemaPrefix + own };
  }

  all(): Json {
    const entries = Object.entries(this.#named).map(([id, text]) => [id, JSON.parse(text) as Json] as const);
    return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)));
  }

  #add(id: string, json: Json): void {
    const { id: _id, ...rest } = moved(json);
    const text = JSON.stringify(rest);
    if ((this.#named[id] ?? text) !== text) throw new Error(`two schemas have the id ${id}`);
    this.#named[id] = text;
  }
}

/** References inside a schema point into the document. */
function moved(json: Json): Json {
  return JSON.parse(JSON.stringify(json).replaceAll('"#/$defs/', `"${schemaPrefix}`)) as Json;
}
