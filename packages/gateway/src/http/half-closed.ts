import type { Socket } from 'node:net';
import type { Clock, Timer } from '@drover/actor-core';
import type { OpenExchanges } from './open-exchanges.ts';

/**
 * Pauses between probes in milliseconds; the last one repeats. The first pause is long enough for a quick answer. At
 * least two probes are needed: the first write to a client that has disconnected succeeds, and the reset that it causes
 * makes the second write fail.
 */
const probeGapsMs = [25, 10, 50, 60, 100, 250, 500, 2_000, 5_000];

/**
 * Handles a client that has closed its sending half while answers are open. Either it still reads (`nc -N`, some
 * proxies) or it has disconnected; on the wire both look the same until the gateway writes bytes. So probe bytes are
 * written at intervals: `100 Continue` before the head of an answer, an empty line or a comment in a silent stream. A
 * client that still reads ignores these bytes; the operating system of a client that has ended resets the connection,
 * which ends its requests.
 *
 * HTTP/1.0 has no such bytes before the head. There the client counts as disconnected. Ollama itself treats every
 * client that closes its sending half in this way.
 */
export function watchHalfClosed(socket: Socket, exchanges: OpenExchanges, clock: Clock): void {
  let sent = 0;
  let timer: Timer | undefined;
  const wait = (): void => {
    const gapMs = probeGapsMs[Math.min(sent, probeGapsMs.length - 1)] ?? 0;
    sent += 1;
    timer = clock.setTimer(gapMs, probe);
  };
  const probe = (): void => {
    const open = exchanges.of(socket);
    const [front] = open;
    if (socket.destroyed || !front) return;
    if (front.probe()) wait();
    else for (const exchange of open) exchange.leave();
  };
  if (exchanges.of(socket).length === 0) return;
  socket.once('close', () => timer?.cancel());
  wait();
}
