import type { Transport, TransportMessage } from '../../transport/transport.ts';

/** The same transport; `saw` gets each message right after the subscriber has handled it. */
export function tappedTransport(transport: Transport, saw: (message: TransportMessage) => void): Transport {
  return {
    get connected() {
      return transport.connected;
    },
    get maxPayloadBytes() {
      return transport.maxPayloadBytes;
    },
    publish: (subject, payload) => transport.publish(subject, payload),
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
