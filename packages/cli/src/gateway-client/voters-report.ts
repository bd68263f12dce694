import { z } from 'zod';
import { CommandError, exitCodes } from '../errors.ts';
import type { GatewayAddress } from './gateway-address.ts';

/** The answer of `GET /api/v1/cluster/voters`. */
export interface VotersReport {
  readonly voters: readonly Voter[];
  /** Voters that must be alive to elect a leader. */
  readonly quorum: number;
  readonly alive: number;
}

export interface Voter {
  readonly node: string;
  /** What the gateway hears of the voter: `alive` · `unreachable` · `left` · `unheard`. */
  readonly evidence: string;
  readonly evidenceAgeMs?: number | undefined;
}

const reportSchema: z.ZodType<VotersReport> = z.object({
  voters: z.array(z.object({ node: z.string(), evidence: z.string(), evidenceAgeMs: z.number().optional() })),
  quorum: z.number(),
  alive: z.number(),
});

/** @throws CommandError `gateway-unreachable` for an answer that does not hold the voters */
export function readVoters(answer: unknown, { url, origin }: GatewayAddress): VotersReport {
  const parsed = reportSchema.safeParse(answer);
  if (parsed.success) return parsed.data;
  throw new CommandError(
    'gateway-unreachable',
    exitCodes.missing,
    `${url} (${origin}) answers, but not with the voters of a Drover cluster`,
    { fix: 'name a gateway of this version with --url' },
  );
}
