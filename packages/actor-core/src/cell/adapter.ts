import type { AdapterOptions } from '../actor/ask-options.ts';
import type { ActorRef, TellOptions } from '../actor/actor-ref.ts';
import type { BlockedSender } from '../actor/blocked-sender.ts';
import { Endpoint } from '../actor/endpoint.ts';
import { adapterPath } from '../actor/endpoint-path.ts';
import { Envelope } from '../actor/envelope.ts';
import type { LocalActor, Recipient } from '../actor/local-actor.ts';
import { isControl } from '../actor/message-lane.ts';
import { traced, traceToSend } from '../actor/trace-context.ts';
import type { Watcher } from '../actor/watcher.ts';
import { optionNames, requireKnownOptions } from '../known-options.ts';

const adapterOptions = optionNames<AdapterOptions<never>>({ protocol: true });

/**
 * A ref of an actor in another protocol. Messages sent to it wait, translated, in the mailbox of the incarnation that
 * made the adapter, under the bound and in the order of that mailbox.
 */
export class Adapter<T, M> extends Endpoint<T> implements ActorRef<T>, Recipient {
  readonly props: AdapterOptions<never>;
  /** The actor that receives the translated messages. */
  readonly owner: LocalActor;
  readonly #translate: (message: T) => M;
  #isOver = false;

  constructor(owner: LocalActor, translate: (message: T) => M, options: AdapterOptions<T>) {
    super(owner.node);
    requireKnownOptions('adapt', options, adapterOptions);
    this.owner = owner;
    this.#translate = translate;
    this.props = options as AdapterOptions<never>;
  }

  protected override get path(): string {
    return adapterPath;
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

  deliver(item: unknown, control: boolean): boolean {
    const translated = this.#translated(item);
    return translated !== undefined && this.owner.deliver(translated.item, control);
  }

  deliverOrWait(item: unknown, sender: BlockedSender): void {
    const translated = this.#translated(item, sender);
    if (translated !== undefined) this.owner.deliverOrWait(translated.item, sender);
  }

  /** An adapter ends with the incarnation of its owner. */
  addWatcher(watcher: Watcher): void {
    this.owner.watches.addIncarnationWatcher(watcher);
  }

  removeWatcher(watcher: Watcher): void {
    this.owner.watches.removeIncarnationWatcher(watcher);
  }

  refuseFrom(): void {}

  nodeGone(): void {}

  close(): void {
    this.#isOver = true;
    this.unpublish();
  }

  /** A send never throws: a message that cannot be translated becomes a dead letter. */
  #translated(item: unknown, sender?: BlockedSender): { readonly item: unknown } | undefined {
    const envelope = item instanceof Envelope ? item : undefined;
    const waiting = sender ?? envelope?.ask;
    const original = envelope === undefined ? item : envelope.message;
    const { events, log } = this.node;
    if (this.#isOver) {
      events.deadLetter(this.address, 'no-such-actor', waiting, undefined, original);
      return undefined;
    }
    try {
      const message = this.#translate(original as T);
      if (envelope === undefined) return { item: message };
      return { item: new Envelope(message, envelope.ask, undefined, undefined, envelope.trace) };
    } catch (err) {
      log.warn({ actor: this.owner.path, err }, 'an adapter cannot translate a message');
      events.deadLetter(this.address, 'protocol-mismatch', waiting, undefined, original);
      return undefined;
    }
  }
}
