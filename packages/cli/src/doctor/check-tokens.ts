import { z } from 'zod';
import type { GatewayAddress } from '../commands/gateway-address.ts';
import { postJson } from '../commands/gateway-api.ts';
import { errorLine } from '../errors.ts';
import { printable } from '../output/figures.ts';
import type { StatusReport } from '../output/status-report.ts';
import { bad, type Check, good } from './check.ts';

const proofSchema = z.object({
  ok: z.boolean(),
  how: z.string(),
  tookMs: z.number(),
  detail: z.string(),
});

/** Longer than the gateway's own limit for a host, so that a host that does not answer is reported as such. */
const timeoutMs = 25_000;
const deepTimeoutMs = 125_000;
const maxNamed = 4;

/** Requests one token from each ready Ollama; the check `hosts` reports those that are not ready. Never throws. */
export async function checkTokens(
  address: GatewayAddress,
  report: StatusReport,
  isDeep: boolean,
): Promise<Check> {
  const wishes = report.nodes
    .filter(({ state }) => state === 'alive')
    .flatMap(({ id, instances }) =>
      (instances ?? [])
        .filter(({ state, name }) => state === 'ready' && name !== undefined)
        .map(({ name }) => ({ node: id, instance: name as string, load: isDeep })),
    );
  const proofs = await Promise.all(wishes.map((wish) => prove(address, wish)));
  const faults = proofs.filter(({ ok }) => !ok).map(({ text }) => text);
  if (faults.length > 0) {
    const rest = faults.length > maxNamed ? ` and ${faults.length - maxNamed} more` : '';
    return bad('tokens', printable(`${faults.slice(0, maxNamed).join('; ')}${rest}`));
  }
  const tokens = proofs.filter(({ how }) => how === 'token').length;
  const listed = proofs.length - tokens;
  const others = listed > 0 ? `, ${listed} with no model loaded said what they run` : '';
  return good('tokens', `${tokens} of ${proofs.length} Ollamas answered a token${others}`);
}

async function prove(
  address: GatewayAddress,
  wish: { readonly node: string; readonly instance: string; readonly load: boolean },
): Promise<{ readonly ok: boolean; readonly how: string; readonly text: string }> {
  const where = `${wish.instance} on ${wish.node}`;
  try {
    const answer = await postJson(
      address,
      '/api/v1/proofs/host',
      wish,
      wish.load ? deepTimeoutMs : timeoutMs,
    );
    const proof = proofSchema.parse(answer);
    return { ok: proof.ok, how: proof.how, text: `${where}: ${proof.detail} (${proof.tookMs} ms)` };
  } catch (error) {
    return { ok: false, how: 'none', text: `${where}: ${errorLine(error).replace(/^drover: /, '')}` };
  }
}
