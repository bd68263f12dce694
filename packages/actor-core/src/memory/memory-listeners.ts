import type { Logger } from '../logger.ts';
import type { MemoryEvent } from './memory-event.ts';
import { scopePrefix } from './scope.ts';

type Listener = (event: MemoryEvent) => void;

/** Listeners of one scope: their events reach no other scope. */
export class MemoryListeners {
  readonly #log: Logger;
  readonly #all = new Set<Listener>();
  readonly #byScope = new Map<string, Set<Listener>>();

  constructor(log: Logger) {
    this.#log = log;
  }

  addToAll(listener: Listener): () => void {
    return add(this.#all, listener);
  }

  /** @param prefix as `scopePrefix` builds it */
  addTo(prefix: string, listener: Listener): () => void {
    const listeners = this.#byScope.get(prefix) ?? new Set<Listener>();
    this.#byScope.set(prefix, listeners);
    const remove = add(listeners, listener);
    return () => {
      remove();
      if (listeners.size === 0 && this.#byScope.get(prefix) === listeners) this.#byScope.delete(prefix);
    };
  }

  /** Whether an event of that scope has listeners; saves the making of one. */
  isHeard(prefix: string): boolean {
    return this.#all.size > 0 || this.#byScope.has(prefix);
  }

  tell(event: MemoryEvent): void {
    this.#tellAll(this.#all, event);
    if (event.type === 'reset')
      for (const listeners of this.#byScope.values()) this.#tellAll(listeners, event);
    else this.#tellAll(this.#byScope.get(scopePrefix(event.tenant, event.scope)), event);
  }

  clear(): void {
    this.#all.clear();
    this.#byScope.clear();
  }

  /** A listener that throws must not end the watch that calls it. */
  #tellAll(listeners: ReadonlySet<Listener> | undefined, event: MemoryEvent): void {
    for (const listener of listeners ?? []) {
      try {
        listener(event);
      } catch (error) {
        this.#log.error({ err: error, event: event.type }, 'a listener of memory failed');
      }
    }
  }
}

function add(listeners: Set<Listener>, listener: Listener): () => void {
  const own: Listener = (event) => listener(event);
  listeners.add(own);
  return () => void listeners.delete(own);
}
