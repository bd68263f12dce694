import { z } from 'zod';
import type { GatewayAddress } from '../gateway-client/gateway-address.ts';
import { sendJson } from '../gateway-client/gateway-api.ts';
import { errorLine } from '../errors.ts';
import { agentsHelp } from './help/agents-help.ts';
import { bad, type Check, good } from './check.ts';

/** Result of the leader's proof, as the gateway reports it. */
export interface StoreProof {
  readonly ok: boolean;
  readonly code?: string | undefined;
  readonly message?: string | undefined;
  readonly node?: string | undefined;
  readonly fence?: number | undefined;
  readonly writeMs?: number | undefined;
  readonly readMs?: number | undefined;
  readonly usedBytes?: number | undefined;
  readonly limitBytes?: number | undefined;
  readonly lostAt?: string | undefined;
}

const proofSchema: z.ZodType<StoreProof> = z.object({
  ok: z.boolean(),
  code: z.string().optional(),
  message: z.string().optional(),
  node: z.string().optional(),
  fence: z.number().optional(),
  writeMs: z.number().optional(),
  readMs: z.number().optional(),
  usedBytes: z.number().optional(),
  limitBytes: z.number().optional(),
  lostAt: z.string().optional(),
});

const timeoutMs = 12_000;
/** Share of the storage limit of the account above which the usage is a fault. */
const nearlyFull = 0.9;

/** Asks the leader to perform a fenced write and to read it back. Never throws: a failure is reported as a fault. */
export async function checkStore(address: GatewayAddress): Promise<Check> {
  try {
    return judgeStore(
      proofSchema.parse(
        await sendJson(address, { method: 'POST', path: '/api/v1/proofs/store', body: {} }, timeoutMs),
      ),
    );
  } catch (error) {
    return bad('store', errorLine(error).replace(/^drover: /, ''), 'restart the gateway with this version');
  }
}

/** Converts the result of the proof to a check. Pure. */
export function judgeStore(proof: StoreProof): Check {
  const {
    ok,
    code = 'no-leader',
    message = '',
    node = '',
    fence,
    writeMs,
    readMs,
    usedBytes,
    limitBytes,
    lostAt,
  } = proof;
  if (!ok) {
    const help = Object.hasOwn(agentsHelp, code)
      ? agentsHelp[code as keyof typeof agentsHelp].fix
      : undefined;
    return bad('store', `${code}: ${message}`, help);
  }
  const usage = usedBytes === undefined ? '' : `, ${mebibytes(usedBytes)}${ofLimit(limitBytes)} used`;
  const detail = `${node} wrote under fence ${fence} in ${writeMs} ms and read it back in ${readMs} ms${usage}`;
  if (lostAt !== undefined)
    return bad(
      'store',
      `data-lost: the store was deleted, replaced or rolled back, which ${node} found at ${lostAt}: records from before may be gone; now ${detail}`,
      'stop the cluster and restore the data folder from a copy; without one restart the agent hosts to end this report',
    );
  if (usedBytes !== undefined && limitBytes !== undefined && usedBytes > nearlyFull * limitBytes)
    return bad(
      'store',
      `JetStream is nearly full: ${detail}`,
      'raise the limit of file storage of the account',
    );
  return good('store', detail);
}

function ofLimit(limitBytes: number | undefined): string {
  return limitBytes === undefined ? '' : ` of ${mebibytes(limitBytes)}`;
}

function mebibytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}
