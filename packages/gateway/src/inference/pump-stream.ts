import type { FleetCall } from '@drover/fleet';
import type { AnswerFormat } from './answer-format.ts';
import type { AnswerMeter } from './answer-meter.ts';
import { RequestFailure } from '../errors.ts';
import { commentWhileSilent } from '../http/stream-comments.ts';
import type { AnswerSink } from '../keeping/answer-sink.ts';
import type { Outcome } from '../observe/request-metrics.ts';
import { continuedByTrailer } from './continuation-header.ts';
import type { GatewayServices } from '../services.ts';

/**
 * Writes a running stream to its client. While the socket is full, no line is pulled: a slow reader uses only the
 * memory of its socket and of one batch, and does not slow down other streams.
 *
 * @throws FleetError or RequestFailure if the stream fails
 */
export async function pumpStream(
  services: GatewayServices,
  exchange: AnswerSink,
  call: FleetCall,
  { answer, meter }: { readonly answer: AnswerFormat; readonly meter: AnswerMeter },
  labels: { readonly route: string; readonly model: string },
): Promise<Outcome> {
  const { metrics, node } = services;
  metrics.streamBegan();
  const stopComments = commentWhileSilent(exchange, node.clock, services.config.streamCommentMs);
  try {
    const betweenTokens = metrics.betweenTokens(labels.route, labels.model);
    let lastMs: number | undefined;
    await call.forEachBatch((lines) => {
      meter.addLines(lines);
      // The abort of its signal ends the call of a client that has gone.
      if (exchange.isGone) return undefined;
      if (exchange.interruption) throw exchange.interruption;
      const text = translate(answer, lines);
      const nowMs = node.clock.now();
      if (lastMs === undefined) {
        exchange.setHeader('Cache-Control', 'no-cache');
        exchange.setHeader('X-Accel-Buffering', 'no');
        exchange.begin(200, answer.streamType, answer.filler);
        exchange.facts.firstByteMs = nowMs - exchange.startedAtMs;
        metrics.firstToken(labels.route, labels.model, exchange.facts.firstByteMs / 1_000);
      } else betweenTokens((nowMs - lastMs) / 1_000);
      lastMs = nowMs;
      return text === '' || exchange.write(text) ? undefined : exchange.drained();
    });
    if (exchange.isGone) return 'client-gone';
    if (lastMs === undefined) exchange.begin(200, answer.streamType, answer.filler);
    if (call.continuedBy.length > 0) exchange.setTrailer(continuedByTrailer, call.continuedBy.join(','));
    exchange.end();
    return 'ok';
  } finally {
    stopComments();
    metrics.streamEnded();
  }
}

function translate(answer: AnswerFormat, lines: readonly string[]): string {
  try {
    return answer.lines(lines);
  } catch (cause) {
    throw new RequestFailure(502, 'bad-upstream', "the host's stream had a line that is not JSON", { cause });
  }
}
