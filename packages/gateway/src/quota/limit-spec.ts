import { InvalidArgumentError } from '@drover/actor-core';

/** How much a key or a tenant may ask of models. What is left out is not limited. */
export interface Limits {
  /** Requests in any minute. */
  readonly requestsPerMinute?: number | undefined;
  /** Tokens of prompts and answers in any minute. */
  readonly tokensPerMinute?: number | undefined;
  /** Requests at the same time. */
  readonly concurrentRequests?: number | undefined;
  /** Tokens on one day of UTC. Only for keys. */
  readonly tokensPerDay?: number | undefined;
  /** Tokens in one month of UTC. Only for keys. */
  readonly tokensPerMonth?: number | undefined;
}

export const limitNames = [
  'requestsPerMinute',
  'tokensPerMinute',
  'concurrentRequests',
  'tokensPerDay',
  'tokensPerMonth',
] as const;

/** Largest value of a limit. */
export const maxLimit = 1_000_000_000_000;

/** The limits that are stated. @throws InvalidArgumentError naming the limit */
export function statedLimits(given: Limits): Limits | undefined {
  const stated = limitNames.filter((name) => given[name] !== undefined);
  for (const name of stated) {
    const value = given[name];
    if (!(Number.isSafeInteger(value) && Number(value) >= 1 && Number(value) <= maxLimit))
      throw new InvalidArgumentError(name, `must be a whole number from 1 to ${maxLimit} (got ${value})`);
  }
  return stated.length === 0 ? undefined : Object.fromEntries(stated.map((name) => [name, given[name]]));
}

/** The limits of one tenant. */
export interface TenantLimits {
  /** `*`: each tenant that has no limits of its own. */
  readonly tenant: string;
  readonly limits: Limits;
}

const shortNames: Readonly<Record<string, keyof Limits>> = {
  requests: 'requestsPerMinute',
  tokens: 'tokensPerMinute',
  concurrent: 'concurrentRequests',
};

/** Reads `requests:600,tokens:100000,concurrent:8`, each part at most once; undefined for another text. */
export function readLimits(text: string): Limits | undefined {
  const limits: Partial<Record<keyof Limits, number>> = {};
  for (const part of text.split(',')) {
    const [, short = '', value = ''] = /^\s*([a-z]+):(\d{1,15})\s*$/.exec(part) ?? [];
    const name = shortNames[short];
    if (name === undefined || limits[name] !== undefined || Number(value) < 1 || Number(value) > maxLimit)
      return undefined;
    limits[name] = Number(value);
  }
  return limits;
}

/**
 * Reads `TENANT=requests:600,tokens:100000,concurrent:8`, each part at most once.
 *
 * @param field name of the setting, for the error
 * @throws InvalidArgumentError for another text
 */
export function readTenantLimits(field: string, text: string): TenantLimits {
  const wrong = (): never => {
    throw new InvalidArgumentError(
      field,
      `must be TENANT=requests:N,tokens:N,concurrent:N with one or more of the three (got ${text})`,
    );
  };
  const [, tenant = wrong(), parts = ''] = /^(\*|[a-z0-9][a-z0-9_-]{0,63})=(.+)$/.exec(text.trim()) ?? [];
  return { tenant, limits: readLimits(parts) ?? wrong() };
}
