import type { OperationDoc, OperationGroup } from './operation.ts';

/**
 * A page without scripts that lists the operations, for people. Pure. A page library that renders the document brings
 * more than a hundred packages, or reports its use to others (decision 0060).
 */
export function docsPage(
  version: string,
  groups: readonly OperationGroup[],
  schemaOf: (route: string) => { readonly body?: string; readonly answers: Readonly<Record<string, string>> },
): string {
  const links = groups.map(({ name }) => `<a href="#${escape(name)}">${escape(name)}</a>`).join(' ');
  const sections = groups.map((group) => sectionOf(group, schemaOf)).join('');
  return (
    '<!doctype html><html lang="en"><head><meta charset="utf-8">' +
    '<meta name="viewport" content="width=device-width,initial-scale=1">' +
    `<title>Drover ${escape(version)}: routes</title><style>${style}</style></head><body>` +
    `<header><h1>Drover ${escape(version)}</h1><p>Routes of the gateway beside those of Ollama, OpenAI and Anthropic. ` +
    `For programs: <a href="/openapi.json">openapi.json</a>.</p><nav>${links}</nav></header>` +
    `<main>${sections}</main></body></html>`
  );
}

const style =
  ':root{color-scheme:light dark;font:15px/1.5 system-ui,sans-serif}body{max-width:60rem;margin:2rem auto;padding:0 1rem}' +
  'code,pre,summary b{font-family:ui-monospace,monospace}nav a{margin-right:1rem}details{border-top:1px solid #8884;padding:.4rem 0}' +
  'summary{cursor:pointer}summary b{display:inline-block;min-width:4.5rem}summary span{opacity:.75}' +
  'pre{overflow:auto;background:#8881;padding:.6rem;border-radius:4px}td{padding:.1rem 1rem .1rem 0;vertical-align:top}h4{margin:.8rem 0 .2rem}';

type SchemaOf = Parameters<typeof docsPage>[2];

function sectionOf({ name, description, operations }: OperationGroup, schemaOf: SchemaOf): string {
  const items = Object.entries(operations)
    .map(([route, operation]) => operationOf(route, operation, schemaOf(route)))
    .join('');
  return `<section id="${escape(name)}"><h2>${escape(name)}</h2><p>${text(description)}</p>${items}</section>`;
}

function operationOf(route: string, operation: OperationDoc, schemas: ReturnType<SchemaOf>): string {
  const [method = '', path = ''] = route.split(' ');
  const { summary, detail, query, headers, answers, errors = {} } = operation;
  const fields = { ...query?.shape, ...headers?.shape };
  const rows = Object.entries(fields).map(
    ([field, schema]) =>
      `<tr><td><code>${escape(field)}</code></td><td>${text((schema as { description?: string }).description ?? '')}</td></tr>`,
  );
  const results = [
    ...Object.entries(answers).map(([status, { description }]) => {
      const schema = schemas.answers[status];
      const shown = schema === undefined ? '' : `<pre>${escape(schema)}</pre>`;
      return `<tr><td>${status}</td><td>${text(description)}${shown}</td></tr>`;
    }),
    ...Object.entries(errors).map(
      ([status, codes]) =>
        `<tr><td>${status}</td><td>${codes.map((code) => `<code>${escape(code)}</code>`).join(', ')}</td></tr>`,
    ),
  ];
  return (
    `<details><summary><b>${escape(method)}</b> <code>${escape(path)}</code> <span>${text(summary)}</span></summary>` +
    (detail === undefined ? '' : `<p>${text(detail)}</p>`) +
    (rows.length === 0 ? '' : `<h4>Parameters</h4><table>${rows.join('')}</table>`) +
    (schemas.body === undefined ? '' : `<h4>Body</h4><pre>${escape(schemas.body)}</pre>`) +
    `<h4>Answers</h4><table>${results.join('')}</table></details>`
  );
}

/** Text whose parts between backquotes are code. */
function text(words: string): string {
  return escape(words).replaceAll(/`([^`]+)`/g, '<code>$1</code>');
}

function escape(words: string): string {
  return words
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
