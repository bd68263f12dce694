import type { ActorAddress } from '../actor/actor-ref.ts';
import type { Refusable } from '../actor/envelope.ts';
import type { Scheduler } from '../scheduler.ts';
import { buildFrame } from './frame-codec.ts';

/** Bounds of one frame; a single larger message goes alone. */
const maxFrameBytes = 64 * 1024;
const maxFrameMessages = 256;

export interface OutboxOptions {
  readonly subject: string;
  readonly header: Uint8Array;
  readonly scheduler: Scheduler;
  publish(subject: string, frame: Uint8Array): boolean;
  /** The frame that carried this message did not leave. */
  onLost(to: ActorAddress | undefined, ask: Refusable | undefined): void;
}

/** Messages to one lane of one node, gathered into frames: by bytes, by count, and at the end of the tick. */
export class Outbox {
  private readonly options: OutboxOptions;
  private messages: Uint8Array[] = [];
  private recipients: (ActorAddress | undefined)[] = [];
  private asks: (Refusable | undefined)[] = [];
  private bytes = 0;
  private scheduled = false;

  constructor(options: OutboxOptions) {
    this.options = options;
  }

  add(message: Uint8Array, to: ActorAddress | undefined, ask: Refusable | undefined): void {
    if (this.bytes + message.length > maxFrameBytes && this.messages.length > 0) this.flush();
    this.messages.push(message);
    this.recipients.push(to);
    this.asks.push(ask);
    this.bytes += message.length;
    if (this.bytes >= maxFrameBytes || this.messages.length >= maxFrameMessages) {
      this.flush();
    } else if (!this.scheduled) {
      this.scheduled = true;
      this.options.scheduler.schedule(this.tick);
    }
  }

  flush(): void {
    if (this.messages.length === 0) return;
    const { messages, recipients, asks, bytes, options } = this;
    this.messages = [];
    this.recipients = [];
    this.asks = [];
    this.bytes = 0;
    if (options.publish(options.subject, buildFrame(options.header, messages, bytes))) return;
    for (let i = 0; i < recipients.length; i++) options.onLost(recipients[i], asks[i]);
  }

  private readonly tick = (): void => {
    this.scheduled = false;
    this.flush();
  };
}
