import type { Transport, TransportMessage } from '../../transport/transport.ts';

/**
 * The same transport; `saw` gets each message right after the subscriber has handled it, `sends` each message that is
 * published.
 */
export function tappedTransport(
  transport: Transport,
  saw: (message: TransportMessage) => void,
  sends: (subject: string, payload: Uint8Array) => void,
): Transport {
  return {
    get connected() {
      return transport.connected;
    },
    get maxPayloadBytes() {
      return transport.maxPayloadBytes;
    },
    publish: (subject, payload) => {
      sends(subject, payload);
      return transport.publish(subject, payload);
    },
    subscribe: (subject, handler, options) =>
      transport.subscribe(
        subject,
        (message) => {
          handler(message);
          saw(message);
        },
        options,
      ),
    request: (subject, payload, options) => transport.request(subject, payload, options),
    onConnectionChange: (listener) => transport.onConnectionChange(listener),
    flush: (options) => transport.flush(options),
    close: () => transport.close(),
  };
}
