import type { Principal } from './principal.ts';
import { hasRight, type Right, rolesWith } from './rights.ts';

/** What a caller wants to do. */
export interface WantedRoute {
  readonly method: string;
  readonly path: string;
  /** Undefined for a path or method that no route has. */
  readonly right: Right | undefined;
}

/** Whether a caller may do it. `reason` states which rule decided, as one clause. */
export interface Permission {
  readonly isAllowed: boolean;
  readonly rule: 'open' | 'role' | 'routes' | 'models' | 'no-route';
  readonly reason: string;
}

/** Decides whether a principal may use a route. Pure. */
export function decideRoute(principal: Principal, { method, path, right }: WantedRoute): Permission {
  if (right === 'open') return { isAllowed: true, rule: 'open', reason: 'the route asks for no key' };
  if (right === undefined)
    return { isAllowed: true, rule: 'no-route', reason: 'there is no such route, which every key may learn' };
  const roles = principal.roles.join(', ') || 'none';
  if (!hasRight(principal.roles, right))
    return {
      isAllowed: false,
      rule: 'role',
      reason: `the route needs the role ${rolesWith(right).join(' or ')}, and the key has ${roles}`,
    };
  if (!principal.routes.some((route) => coversRoute(route, method, path)) && principal.routes.length > 0)
    return {
      isAllowed: false,
      rule: 'routes',
      reason: `the key is only for the routes ${principal.routes.join(', ')}`,
    };
  return { isAllowed: true, rule: 'role', reason: `the role ${roles} has the right "${right}"` };
}

/** Decides whether a principal may use a model, by the name that Ollama shows (`llama3.2:latest`). Pure. */
export function decideModel(principal: Principal, model: string): Permission {
  if (mayUseModel(principal, model))
    return { isAllowed: true, rule: 'models', reason: `the key may use the model ${model}` };
  const reason = `the key is only for the models ${principal.models.join(', ')}`;
  return { isAllowed: false, rule: 'models', reason };
}

/**
 * Whether a principal may use a model. A pattern without a tag means every tag; Ollama ignores the case of names, so
 * this does too.
 */
export function mayUseModel({ models }: Pick<Principal, 'models'>, model: string): boolean {
  if (models.length === 0) return true;
  const name = model.toLowerCase();
  const untagged = name.slice(0, tagStart(name));
  return models.some((pattern) => {
    const wanted = pattern.toLowerCase();
    return matchesPattern(wanted, tagStart(wanted) < wanted.length || wanted.endsWith('*') ? name : untagged);
  });
}

/** Where the tag begins, colon included; the length for a name without one. A colon before a slash is a port. */
function tagStart(name: string): number {
  const colon = name.lastIndexOf(':');
  return colon > name.lastIndexOf('/') ? colon : name.length;
}

function coversRoute(pattern: string, method: string, path: string): boolean {
  const space = pattern.indexOf(' ');
  if (space >= 0 && pattern.slice(0, space) !== method) return false;
  return matchesPattern(pattern.slice(space + 1), path);
}

/**
 * Whether a text matches a pattern, in which each `*` stands for any text. Takes a time that grows with the product of
 * both lengths at most: a pattern cannot stall the gateway.
 */
export function matchesPattern(pattern: string, text: string): boolean {
  const parts = pattern.split('*');
  const [first = ''] = parts;
  if (parts.length === 1) return pattern === text;
  const last = parts.at(-1) ?? '';
  if (!text.startsWith(first) || text.length < first.length + last.length) return false;
  let from = first.length;
  for (const part of parts.slice(1, -1)) {
    const at = text.indexOf(part, from);
    if (at < 0) return false;
    from = at + part.length;
  }
  return text.length - last.length >= from && text.endsWith(last);
}
