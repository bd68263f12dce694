import { z } from 'zod';
import type { GatewayAddress } from '../gateway-client/gateway-address.ts';
import { sendJson } from '../gateway-client/gateway-api.ts';
import { errorLine } from '../errors.ts';
import { printable } from '../output/figures.ts';
import type { StatusReport } from '../gateway-client/status-report.ts';
import { bad, type Check, good } from './check.ts';

const proofSchema = z.object({
  ok: z.boolean(),
  how: z.string(),
  tookMs: z.number(),
  detail: z.string(),
});

/** Longer than the timeout of the gateway for a host, so that the gateway can report a host that does not answer. */
const timeoutMs = 25_000;
const deepTimeoutMs = 125_000;
const maxNamed = 4;

/**
 * Requests one token from each ready Ollama; the check `hosts` reports those that are not ready. Never throws: a
 * failure is reported as a fault.
 */
export async function checkTokens(
  address: GatewayAddress,
  report: StatusReport,
  isDeep: boolean,
): Promise<Check> {
  const requests = report.nodes
    .filter(({ state }) => state === 'alive')
    .flatMap(({ id, instances }) =>
      (instances ?? [])
        .filter(({ state, name }) => state === 'ready' && name !== undefined)
        .map(({ name }) => ({ node: id, instance: name as string, load: isDeep })),
    );
  const proofs = await Promise.all(requests.map((request) => prove(address, request)));
  const faults = proofs.filter(({ ok }) => !ok).map(({ text }) => text);
  if (faults.length > 0) {
    const rest = faults.length > maxNamed ? ` and ${faults.length - maxNamed} more` : '';
    return bad('tokens', printable(`${faults.slice(0, maxNamed).join('; ')}${rest}`));
  }
  const tokens = proofs.filter(({ how }) => how === 'token').length;
  const listed = proofs.length - tokens;
  const others =
    listed > 0 ? `, ${listed} without a loaded model answered with the list of loaded models` : '';
  return good('tokens', `${tokens} of ${proofs.length} Ollamas answered a token${others}`);
}

async function prove(
  address: GatewayAddress,
  request: { readonly node: string; readonly instance: string; readonly load: boolean },
): Promise<{ readonly ok: boolean; readonly how: string; readonly text: string }> {
  const where = `${request.instance} on ${request.node}`;
  try {
    const answer = await sendJson(
      address,
      { method: 'POST', path: '/api/v1/proofs/host', body: request },
      request.load ? deepTimeoutMs : timeoutMs,
    );
    const proof = proofSchema.parse(answer);
    return { ok: proof.ok, how: proof.how, text: `${where}: ${proof.detail} (${proof.tookMs} ms)` };
  } catch (error) {
    return { ok: false, how: 'none', text: `${where}: ${errorLine(error).replace(/^drover: /, '')}` };
  }
}
