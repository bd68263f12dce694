import { z } from 'zod';
import { CommandError, exitCodes } from '../errors.ts';
import type { GatewayAddress } from './gateway-address.ts';
import { getJson, requestGateway } from './gateway-api.ts';

/** The chain of the gateway that answers, and how much the cluster keeps. */
export interface AuditChainReport {
  readonly chain: string;
  readonly publicKey: string;
  readonly head?: string | undefined;
  readonly kept: {
    readonly bytes: number;
    readonly maxAgeMs: number;
    readonly maxBytes: number;
  };
}

const schema: z.ZodType<AuditChainReport> = z.object({
  chain: z.string(),
  publicKey: z.string(),
  head: z.string().optional(),
  kept: z.object({ bytes: z.number(), maxAgeMs: z.number(), maxBytes: z.number() }),
});

/** @throws CommandError as `getJson` */
export async function readAuditChain(gateway: GatewayAddress): Promise<AuditChainReport> {
  const parsed = schema.safeParse(await getJson(gateway, '/api/v1/audit/chain'));
  if (parsed.success) return parsed.data;
  throw new CommandError(
    'gateway-unreachable',
    exitCodes.missing,
    `${gateway.url} answers, but not about an audit chain`,
    { fix: 'name a gateway of this version with --url' },
  );
}

/** All records as they are stored, as pieces of text. @throws CommandError as `requestGateway` */
export async function* exportAudit(gateway: GatewayAddress, chain?: string): AsyncGenerator<string> {
  const query = chain === undefined ? '' : `?${new URLSearchParams({ chain }).toString()}`;
  const response = await requestGateway(gateway, `/api/v1/audit/export${query}`, {});
  const decoder = new TextDecoder();
  try {
    for await (const chunk of response.body ?? []) yield decoder.decode(chunk, { stream: true });
  } catch (error) {
    throw new CommandError(
      'gateway-unreachable',
      exitCodes.missing,
      `${gateway.url} ended the export before its end`,
      { fix: 'repeat it', cause: error },
    );
  }
  yield decoder.decode();
}
