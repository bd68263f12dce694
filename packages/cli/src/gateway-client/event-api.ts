import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { CommandError, exitCodes } from '../errors.ts';
import type { GatewayAddress } from './gateway-address.ts';
import { requestGateway } from './gateway-api.ts';
import { readEvents } from './read-events.ts';

/** An event as the gateway sends it. */
export interface ReceivedEvent {
  readonly sequence?: number | undefined;
  readonly id: string;
  readonly type: string;
  readonly time: string;
  readonly source: string;
  readonly targets: readonly string[];
  readonly tenant?: string | undefined;
  readonly payload: Readonly<Record<string, unknown>>;
}

const eventSchema: z.ZodType<ReceivedEvent> = z.looseObject({
  sequence: z.number().optional(),
  id: z.string(),
  type: z.string(),
  time: z.string(),
  source: z.string(),
  targets: z.array(z.string()),
  tenant: z.string().optional(),
  payload: z.record(z.string(), z.unknown()),
});
const lostSchema = z.object({ type: z.literal('events-lost'), upTo: z.number() });

/** Which events are wanted. */
export interface EventWish {
  readonly since: string;
  readonly types: readonly string[];
  readonly targets: readonly string[];
  /** Go on with what happens from now on. */
  readonly follow: boolean;
}

const reconnectMs = 1_000;

/**
 * Reports events until the newest stored one, or, with `follow`, until the signal. A stream that breaks is opened again
 * after the last event, so that none is missed.
 *
 * @throws CommandError as `requestGateway`, for the first request
 */
export async function readClusterEvents(
  gateway: GatewayAddress,
  wish: EventWish,
  receiver: {
    readonly signal: AbortSignal;
    readonly onEvent: (event: ReceivedEvent) => void;
    /** Events that were stored before this one were removed before they could be read. */
    readonly onLost: (upTo: number) => void;
  },
): Promise<void> {
  const { signal } = receiver;
  let after: number | undefined;
  let isOpened = false;
  while (!signal.aborted) {
    try {
      const response = await requestGateway(gateway, pathOf(wish, after), { signal });
      isOpened = true;
      await readEvents(response, signal, (data) => {
        const event = eventSchema.safeParse(data);
        if (event.success) {
          after = event.data.sequence ?? after;
          return receiver.onEvent(event.data);
        }
        const lost = lostSchema.safeParse(data);
        if (lost.success) receiver.onLost(lost.data.upTo);
      });
      if (!wish.follow) return;
    } catch (error) {
      if (signal.aborted) return;
      if (!isOpened || !(error instanceof CommandError) || error.exitCode !== exitCodes.missing) throw error;
    }
    await delay(reconnectMs, undefined, { signal }).catch(() => undefined);
  }
}

function pathOf({ since, types, targets, follow }: EventWish, after: number | undefined): string {
  const query = new URLSearchParams({ follow: String(follow) });
  if (after === undefined) query.set('since', since);
  else query.set('after', String(after));
  if (types.length > 0) query.set('type', types.join(','));
  if (targets.length > 0) query.set('target', targets.join(','));
  return `/api/v1/events?${query.toString()}`;
}
