import { isControl } from '../remoting/message-lanes.ts';
import type { z } from 'zod';
import type { ActorCell } from './cell.ts';
import type { ActorRef, TellOptions } from '../actor/actor-ref.ts';
import { Endpoint } from '../actor/endpoint.ts';
import { Envelope } from '../actor/envelope.ts';
import { traced, traceToSend } from '../actor/trace-context.ts';
import type { AwaitingSender } from '../mailbox/blocked-senders.ts';
import type { Watcher } from './watch.ts';
import { optionNames, requireKnownOptions } from '../known-options.ts';

const adapterOptions = optionNames<AdapterOptions<never>>({ protocol: true });

/** Path under which adapters are reached; the uid says which one. */
export const adapterPath = '$adapter';

/** Who may reach an adapter. */
export interface AdapterOptions<T> {
  /** What may reach it from other nodes, as `Props.protocol`; without one they cannot reach it. */
  readonly protocol?: z.ZodType<T> | undefined;
}

/**
 * A ref in somebody else's protocol: what is told to it waits, translated, in the mailbox of the incarnation that made
 * it, under that mailbox's bound and order.
 */
export class Adapter<T, M> extends Endpoint<T> implements ActorRef<T> {
  readonly props: AdapterOptions<never>;
  readonly #cell: ActorCell<M>;
  readonly #translate: (message: T) => M;
  #isOver = false;

  constructor(cell: ActorCell<M>, translate: (message: T) => M, options: AdapterOptions<T>) {
    super(cell.runtime);
    requireKnownOptions('adapt', options, adapterOptions);
    this.#cell = cell;
    this.#translate = translate;
    this.props = options as AdapterOptions<never>;
  }

  protected override get path(): string {
    return adapterPath;
  }

  /** The actor that receives the adapted messages. */
  get owner(): ActorCell {
    return this.#cell as unknown as ActorCell;
  }

  /** True when the incarnation of the owner has ended. */
  get ended(): boolean {
    return this.#isOver;
  }

  get uid(): number {
    return this.address.uid;
  }

  tell(message: T, options?: TellOptions): void {
    this.deliver(traced(message, traceToSend(options)), isControl(options?.lane));
  }

  /** As `ActorCell.deliver`. */
  deliver(item: unknown, control: boolean): boolean {
    const translated = this.#translated(item);
    return translated !== undefined && this.#cell.deliver(translated.item, control);
  }

  /** As `ActorCell.deliverOrWait`. */
  deliverOrWait(item: unknown, sender: AwaitingSender): void {
    const translated = this.#translated(item, sender);
    if (translated !== undefined) this.#cell.deliverOrWait(translated.item, sender);
  }

  /** It ends with its incarnation. */
  addWatcher(watcher: Watcher): void {
    this.#cell.watches.addIncarnationWatcher(watcher);
  }

  removeWatcher(watcher: Watcher): void {
    this.#cell.watches.removeIncarnationWatcher(watcher);
  }

  refuseFrom(): void {}

  nodeGone(): void {}

  close(): void {
    this.#isOver = true;
    this.unpublish();
  }

  /** A send never throws: what cannot be translated is a dead letter. */
  #translated(item: unknown, sender?: AwaitingSender): { readonly item: unknown } | undefined {
    const envelope = item instanceof Envelope ? item : undefined;
    const waiting = sender ?? envelope?.ask;
    const told = envelope === undefined ? item : envelope.message;
    if (this.#isOver) {
      this.runtime.deadLetter(this.address, 'no-such-actor', waiting, undefined, told);
      return undefined;
    }
    try {
      const message = this.#translate(told as T);
      if (envelope === undefined) return { item: message };
      return { item: new Envelope(message, envelope.ask, undefined, undefined, envelope.trace) };
    } catch (err) {
      this.runtime.log.warn({ actor: this.#cell.path, err }, 'an adapter cannot translate what it was told');
      this.runtime.deadLetter(this.address, 'protocol-mismatch', waiting, undefined, told);
      return undefined;
    }
  }
}
