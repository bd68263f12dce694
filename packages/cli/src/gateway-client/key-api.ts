import type { LimitChanges, Limits } from '@drover/gateway/keys';
import { z } from 'zod';
import { CommandError, exitCodes } from '../errors.ts';
import type { GatewayAddress } from './gateway-address.ts';
import { getJson, sendJson } from './gateway-api.ts';

/** A key as a gateway shows it. */
export interface KeyView {
  readonly id: string;
  readonly name: string;
  readonly state: string;
  readonly roles: readonly string[];
  readonly tenant: string;
  readonly models: readonly string[];
  readonly routes: readonly string[];
  readonly limits?: Limits | undefined;
  readonly createdAt: string;
  /** When it got its present secret, where that was not at its creation. */
  readonly rotatedAt?: string | undefined;
  readonly expiresAt?: string | undefined;
  readonly revokedAt?: string | undefined;
  readonly oldSecretUntil?: string | undefined;
}

/** A key with its text, which a gateway shows once. */
export interface IssuedKeyView extends KeyView {
  readonly key: string;
}

const viewShape = {
  id: z.string(),
  name: z.string(),
  state: z.string(),
  roles: z.array(z.string()),
  tenant: z.string(),
  models: z.array(z.string()),
  routes: z.array(z.string()),
  limits: z
    .object({
      requestsPerMinute: z.number().optional(),
      tokensPerMinute: z.number().optional(),
      concurrentRequests: z.number().optional(),
      tokensPerDay: z.number().optional(),
      tokensPerMonth: z.number().optional(),
    })
    .optional(),
  createdAt: z.string(),
  rotatedAt: z.string().optional(),
  expiresAt: z.string().optional(),
  revokedAt: z.string().optional(),
  oldSecretUntil: z.string().optional(),
};
const viewSchema: z.ZodType<KeyView> = z.object(viewShape);
const issuedSchema: z.ZodType<IssuedKeyView> = z.object({ ...viewShape, key: z.string() });
const listSchema = z.object({ keys: z.array(viewSchema) });

/** Whether a key may do something, and every rule that decided. */
export interface Explanation {
  readonly allowed: boolean;
  readonly key: {
    readonly id: string;
    readonly name: string;
    readonly tenant: string;
    readonly roles: readonly string[];
  };
  readonly method: string;
  readonly route: string;
  readonly right: string | null;
  readonly steps: readonly { readonly check: string; readonly ok: boolean; readonly reason: string }[];
}

const explanationSchema: z.ZodType<Explanation> = z.object({
  allowed: z.boolean(),
  key: z.object({ id: z.string(), name: z.string(), tenant: z.string(), roles: z.array(z.string()) }),
  method: z.string(),
  route: z.string(),
  right: z.string().nullable(),
  steps: z.array(z.object({ check: z.string(), ok: z.boolean(), reason: z.string() })),
});

/** @throws CommandError as `getJson` */
export async function listKeys(gateway: GatewayAddress): Promise<readonly KeyView[]> {
  return read(gateway, listSchema, await getJson(gateway, '/api/v1/keys')).keys;
}

/** @throws CommandError as `getJson` */
export async function createKeyAt(gateway: GatewayAddress, spec: object): Promise<IssuedKeyView> {
  const request = { method: 'POST', path: '/api/v1/keys', body: spec } as const;
  return read(gateway, issuedSchema, await sendJson(gateway, request));
}

/** @throws CommandError as `getJson` */
export async function rotateKeyAt(
  gateway: GatewayAddress,
  key: string,
  graceMs: number,
): Promise<IssuedKeyView> {
  const path = `/api/v1/keys/${encodeURIComponent(key)}/rotate`;
  return read(gateway, issuedSchema, await sendJson(gateway, { method: 'POST', path, body: { graceMs } }));
}

/** @throws CommandError as `getJson` */
export async function limitKeyAt(
  gateway: GatewayAddress,
  key: string,
  changes: LimitChanges,
): Promise<KeyView> {
  const path = `/api/v1/keys/${encodeURIComponent(key)}`;
  return read(gateway, viewSchema, await sendJson(gateway, { method: 'PATCH', path, body: changes }));
}

/** @throws CommandError as `getJson` */
export async function revokeKeyAt(gateway: GatewayAddress, key: string): Promise<KeyView> {
  const path = `/api/v1/keys/${encodeURIComponent(key)}`;
  return read(gateway, viewSchema, await sendJson(gateway, { method: 'DELETE', path }));
}

/** @throws CommandError as `getJson` */
export async function explainAt(
  gateway: GatewayAddress,
  asked: { readonly key: string; readonly method: string; readonly route: string; readonly model?: string },
): Promise<Explanation> {
  const query = new URLSearchParams(asked);
  return read(gateway, explanationSchema, await getJson(gateway, `/api/v1/explain?${query.toString()}`));
}

/** @throws CommandError as `getJson` */
export async function explainTokenAt(
  gateway: GatewayAddress,
  asked: { readonly token: string; readonly method: string; readonly route: string; readonly model?: string },
): Promise<Explanation> {
  const request = { method: 'POST', path: '/api/v1/explain', body: asked } as const;
  return read(gateway, explanationSchema, await sendJson(gateway, request));
}

function read<T>({ url }: GatewayAddress, schema: z.ZodType<T>, answer: unknown): T {
  const parsed = schema.safeParse(answer);
  if (parsed.success) return parsed.data;
  throw new CommandError('gateway-unreachable', exitCodes.missing, `${url} answers, but not about keys`, {
    fix: 'name a gateway of this version with --url',
  });
}
