import { z } from 'zod';
import { CommandError, exitCodes } from '../errors.ts';
import type { GatewayAddress } from './gateway-address.ts';

/** The answer of `GET /api/v1/cluster/members`: the fields that the commands use. */
export interface ClusterReport {
  readonly epoch: number;
  readonly control: { readonly leader?: string | undefined; readonly state: string };
  readonly members: readonly ClusterMember[];
}

export interface ClusterMember {
  readonly id: string;
  readonly incarnation: number;
  readonly state: string;
  readonly roles: readonly string[];
  readonly version?: string | undefined;
  readonly zone?: string | undefined;
  /** What the gateway hears of the member. */
  readonly evidence: string;
  readonly evidenceAgeMs?: number | undefined;
}

const reportSchema: z.ZodType<ClusterReport> = z.object({
  epoch: z.number(),
  control: z.object({ leader: z.string().optional(), state: z.string() }),
  members: z.array(
    z.object({
      id: z.string(),
      incarnation: z.number(),
      state: z.string(),
      roles: z.array(z.string()),
      version: z.string().optional(),
      zone: z.string().optional(),
      evidence: z.string(),
      evidenceAgeMs: z.number().optional(),
    }),
  ),
});

/** @throws CommandError `gateway-unreachable` for an answer that is no cluster report */
export function readClusterReport(answer: unknown, { url, origin }: GatewayAddress): ClusterReport {
  const parsed = reportSchema.safeParse(answer);
  if (parsed.success) return parsed.data;
  throw new CommandError(
    'gateway-unreachable',
    exitCodes.missing,
    `${url} (${origin}) answers, but not with the members of a Drover cluster`,
    { fix: 'name a gateway of this version with --url' },
  );
}
