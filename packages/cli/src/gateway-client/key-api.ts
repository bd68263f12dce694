import {
  type AccessKey,
  accessKeyText,
  digestOfSecret,
  type LimitChanges,
  type Limits,
  newAccessKey,
} from '@drover/gateway/keys';
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

/** A key with its text, which is shown once. */
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

/**
 * Has the gateway take a key that was made here: its secret does not leave this machine, and no lost answer can lose
 * it.
 *
 * @throws CommandError as `getJson`
 */
export async function createKeyAt(
  gateway: GatewayAddress,
  spec: object,
  key: AccessKey = newAccessKey(),
): Promise<IssuedKeyView> {
  const body = { ...spec, id: key.id, digest: digestOfSecret(key.secret) };
  const send = { method: 'POST', path: '/api/v1/keys', body } as const;
  return { ...(await change(gateway, send, key)), key: accessKeyText(key) };
}

/** Gives a key a secret that was made here, as `createKeyAt`. @throws CommandError as `getJson` */
export async function rotateKeyAt(
  gateway: GatewayAddress,
  idOrName: string,
  graceMs: number,
): Promise<IssuedKeyView> {
  const named = (await listKeys(gateway)).filter(({ id, name }) => id === idOrName || name === idOrName);
  // The gateway tells what is wrong with another name.
  const key = newAccessKey(named.length === 1 ? named[0]?.id : undefined);
  const path = `/api/v1/keys/${encodeURIComponent(idOrName)}/rotate`;
  const body = { graceMs, digest: digestOfSecret(key.secret) };
  return { ...(await change(gateway, { method: 'POST', path, body }, key)), key: accessKeyText(key) };
}

/** A gateway waits for its store and for its audit log, before and after the change. */
const changeMs = 15_000;

/**
 * Sends a change that may be repeated, and repeats it once where it is not known what became of it. The change may
 * have ended the key that this command uses: then the new key gets the answer.
 */
async function change(
  gateway: GatewayAddress,
  request: Parameters<typeof sendJson>[1],
  key: AccessKey,
): Promise<KeyView> {
  const attempt = async (as: GatewayAddress): Promise<KeyView> =>
    read(as, viewSchema, await sendJson(as, request, changeMs));
  try {
    return await attempt(gateway);
  } catch (error) {
    if (!isUnknown(error)) throw error;
  }
  try {
    return await attempt(gateway);
  } catch (error) {
    if (error instanceof CommandError && error.code === 'key-missing')
      return attempt({ ...gateway, key: accessKeyText(key) });
    throw isUnknown(error) ? unknownOutcome(gateway, key, error) : error;
  }
}

/** Whether the gateway may have made the change: it gave no answer, or does not know what became of it. */
function isUnknown(error: unknown): error is CommandError {
  return (
    error instanceof CommandError &&
    error.exitCode === exitCodes.missing &&
    error.code !== 'key-missing' &&
    error.code !== 'bad-configuration'
  );
}

function unknownOutcome({ url }: GatewayAddress, { id }: AccessKey, cause: CommandError): CommandError {
  const message = `it is not known whether ${url} took the key ${id}: ${cause.message}`;
  return new CommandError('gateway-unreachable', exitCodes.missing, message, {
    fix: `"drover key ls" shows it if it did; then "drover key revoke ${id}", and repeat the command`,
    cause,
  });
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
