import type { Logger } from '../logger.ts';
import { optionNames, requireKnownOptions } from '../known-options.ts';

const subscribeOptions = optionNames<{ readonly signal?: AbortSignal }>({ signal: true });

/** Events within one process, by type. Listeners are called synchronously, in the order of their subscription. */
export interface EventStream<E extends { readonly type: string }> {
  /** Calls every listener of the event's type, then those of all types, before it returns. */
  publish(event: E): void;
  /**
   * Listens to one type, or with `*` to all. The subscription ends with the returned function or with `signal`. An
   * actor passes its own signal and forwards the events to itself as messages.
   */
  subscribe<T extends E['type'] | '*'>(
    type: T,
    listener: (event: T extends '*' ? E : Extract<E, { readonly type: T }>) => void,
    options?: { readonly signal?: AbortSignal },
  ): () => void;
}

/** Creates an event stream. A listener that throws is logged, and affects neither the publisher nor other listeners. */
export function createEventStream<E extends { readonly type: string }>(log: Logger): EventStream<E> {
  const listeners = new Map<string, Set<(event: E) => void>>();
  const tell = (of: string, event: E) => {
    for (const listener of listeners.get(of) ?? []) {
      try {
        listener(event);
      } catch (err) {
        log.error({ err, event: event.type }, 'a listener of the event stream failed');
      }
    }
  };
  return {
    publish(event) {
      tell(event.type, event);
      tell('*', event);
    },
    subscribe(type, listener, options) {
      if (options !== undefined) requireKnownOptions('subscribe', options, subscribeOptions);
      if (options?.signal?.aborted === true) return () => undefined;
      const own = (event: E) => (listener as (event: E) => void)(event);
      const of = listeners.get(type) ?? new Set();
      listeners.set(type, of.add(own));
      const unsubscribe = () => {
        options?.signal?.removeEventListener('abort', unsubscribe);
        of.delete(own);
        if (of.size === 0 && listeners.get(type) === of) listeners.delete(type);
      };
      options?.signal?.addEventListener('abort', unsubscribe, { once: true });
      return unsubscribe;
    },
  };
}
