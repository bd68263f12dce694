import { OllamaError } from '../errors.ts';

/** Values for a template; `Messages` is a list of such values. */
export interface TemplateScope {
  readonly [name: string]: string | boolean | readonly TemplateScope[];
}

type Node =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'value'; readonly name: string }
  | {
      readonly kind: 'if';
      readonly not: boolean;
      readonly name: string;
      readonly yes: Node[];
      readonly no: Node[];
    }
  | { readonly kind: 'range'; readonly name: string; readonly body: Node[] };

const ACTION = /(\{\{-?)\s*(.*?)\s*(-?\}\})/gs;

/**
 * Renders the part of Go's template language that the simulated models use: values, `if` with `not` and `else`,
 * `range`, and trim markers. Names are searched from the innermost scope outwards.
 *
 * @throws OllamaError 500 with Go's text for an unclosed action
 */
export function renderTemplate(template: string, scope: TemplateScope): string {
  const nodes = parse(template);
  const out: string[] = [];
  renderNodes(nodes, [scope], out);
  return out.join('');
}

function renderNodes(nodes: readonly Node[], scopes: readonly TemplateScope[], out: string[]): void {
  for (const node of nodes) {
    if (node.kind === 'text') out.push(node.text);
    else if (node.kind === 'value') out.push(textOf(lookUp(scopes, node.name)));
    else if (node.kind === 'if') {
      const value = lookUp(scopes, node.name);
      const holds = Array.isArray(value) ? value.length > 0 : Boolean(value);
      renderNodes(holds === node.not ? node.no : node.yes, scopes, out);
    } else {
      const list = lookUp(scopes, node.name);
      if (Array.isArray(list)) for (const item of list) renderNodes(node.body, [...scopes, item], out);
    }
  }
}

function textOf(value: TemplateScope[string] | undefined): string {
  return typeof value === 'string' ? value : typeof value === 'boolean' ? String(value) : '';
}

function lookUp(scopes: readonly TemplateScope[], name: string): TemplateScope[string] | undefined {
  for (let i = scopes.length - 1; i >= 0; i--) {
    const value = scopes[i]?.[name];
    if (value !== undefined) return value;
  }
  return undefined;
}

function parse(template: string): Node[] {
  const rest = template.replaceAll(ACTION, '');
  if (rest.includes('{{')) {
    const line = template.slice(0, template.lastIndexOf('{{')).split('\n').length;
    throw new OllamaError(500, `template: :${line}: unclosed action`);
  }
  const root: Node[] = [];
  const open: { into: Node[]; node: Node | null }[] = [{ into: root, node: null }];
  let at = 0;
  let trimNext = false;
  for (const match of template.matchAll(ACTION)) {
    const [whole, left = '', action = '', right = ''] = match;
    let text = template.slice(at, match.index);
    if (trimNext) text = text.trimStart();
    if (left === '{{-') text = text.trimEnd();
    trimNext = right === '-}}';
    at = match.index + whole.length;
    const current = open.at(-1);
    if (!current) throw new OllamaError(500, 'template: :1: unexpected {{end}}');
    if (text !== '') current.into.push({ kind: 'text', text });
    enter(action, current, open);
  }
  const tail = trimNext ? template.slice(at).trimStart() : template.slice(at);
  if (tail !== '') root.push({ kind: 'text', text: tail });
  return root;
}

function enter(
  action: string,
  current: { into: Node[]; node: Node | null },
  open: { into: Node[]; node: Node | null }[],
): void {
  const [, verb, not, name = ''] = /^(if|range|else|end)?\s*(not)?\s*\$?\.?([\w.$]*)$/.exec(action) ?? [];
  if (verb === 'end') open.pop();
  else if (verb === 'else' && current.node?.kind === 'if') current.into = current.node.no;
  else if (verb === 'if') {
    const node: Node = { kind: 'if', not: not !== undefined, name, yes: [], no: [] };
    current.into.push(node);
    open.push({ into: node.yes, node });
  } else if (verb === 'range') {
    const node: Node = { kind: 'range', name, body: [] };
    current.into.push(node);
    open.push({ into: node.body, node });
  } else if (name !== '') current.into.push({ kind: 'value', name });
}
