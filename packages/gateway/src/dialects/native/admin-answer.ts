import type { AdminOperation } from '@drover/fleet';
import type { AdminVerdict } from '../../admin/admin-outcome.ts';
import { type AdminRequest, runAdmin } from '../../admin/run-admin.ts';
import { RequestFailure } from '../../errors.ts';
import { goJson } from '../../go-compat/go-text.ts';
import type { Exchange } from '../../http/exchange.ts';
import type { Reply } from '../../http/reply.ts';
import type { GatewayServices } from '../../services.ts';
import { LineWriter } from './line-writer.ts';
import { nativeError } from './native-error.ts';

/** Content type of the whole answer of a route that can stream, and of its errors. */
const wholeType = 'application/json';

/** First line of the operations that Ollama begins with the same words whatever follows. */
const firstStatus: Readonly<Partial<Record<AdminOperation, string>>> = {
  pull: 'pulling manifest',
  push: 'retrieving manifest',
};

/** Runs an operation and answers with one line for each step, as Ollama does. */
export async function answerLines(
  services: GatewayServices,
  exchange: Exchange,
  wanted: AdminRequest,
): Promise<void> {
  const lines = new LineWriter(exchange, services.node.clock);
  const first = firstStatus[wanted.operation];
  try {
    const verdict = await runAdmin(services, exchange, wanted, {
      onSubmitted: () => {
        if (first !== undefined) lines.write({ status: first });
      },
      onStep: (step) => {
        if (step.status !== first) lines.write(step);
      },
      onQuiet: () => lines.keepAlive(),
    });
    if (verdict === undefined) throw stopping();
    if (verdict.kind === 'failed' && !exchange.isStarted && verdict.status !== undefined)
      return exchange.reply(nativeError(verdict.status, verdict.error));
    lines.write(verdict.kind === 'failed' ? { error: verdict.error } : { status: 'success' });
  } catch (error) {
    if (!exchange.isStarted || !(error instanceof RequestFailure)) throw error;
    lines.write({ error: error.message });
  }
  lines.end();
}

/** Runs an operation and answers with its last line alone, as Ollama does for `"stream":false`. */
export async function answerLastLine(
  services: GatewayServices,
  exchange: Exchange,
  wanted: AdminRequest,
): Promise<void> {
  const body = goJson({ status: 'success' });
  await answerAtEnd(services, exchange, wanted, { contentType: wholeType, body }, wholeType);
}

/** Runs an operation and answers with an empty body. */
export async function answerEmpty(
  services: GatewayServices,
  exchange: Exchange,
  wanted: AdminRequest,
): Promise<void> {
  await answerAtEnd(services, exchange, wanted, { contentType: '', body: '' });
}

async function answerAtEnd(
  services: GatewayServices,
  exchange: Exchange,
  wanted: AdminRequest,
  success: Omit<Reply, 'status'>,
  errorType?: string,
): Promise<void> {
  const verdict = await runAdmin(services, exchange, wanted);
  if (verdict === undefined) throw stopping();
  exchange.reply(verdict.kind === 'failed' ? failed(verdict, errorType) : { status: 200, ...success });
}

function failed(
  { error, status = 500 }: Extract<AdminVerdict, { kind: 'failed' }>,
  contentType: string | undefined,
): Reply {
  const reply = nativeError(status, error);
  return contentType === undefined ? reply : { ...reply, contentType };
}

function stopping(): RequestFailure {
  const message = 'the gateway is stopping; the jobs go on';
  return new RequestFailure(503, 'gateway-stopping', message, { retryAfterMs: 1_000 });
}
