import type { ActorAddress } from '../actor/actor-ref.ts';
import type { Refusable } from '../actor/envelope.ts';
import type { Clock, Timer } from '../clock.ts';
import type { Scheduler } from '../scheduler.ts';
import type { EncodedMessage } from './frame-codec.ts';
import { SendPace } from './send-pace.ts';

/**
 * Bounds of one frame; a larger message gets a frame of its own. Larger frames save hardly anything per message, and
 * the receiver would wait longer for the first message.
 */
const maxFrameBytes = 32 * 1024;
const maxFrameMessages = 64;

/** Longest wait of a message that may wait for others. */
const gatherMs = 2;

/** Reused buffers in which frames are built, for all outboxes. */
const spare: Buffer[] = [];
const maxSpare = 16;

export interface OutboxOptions {
  readonly subject: string;
  readonly header: Uint8Array;
  readonly scheduler: Scheduler;
  readonly clock: Clock;
  publish(subject: string, frame: Uint8Array): boolean;
  /** The frame with this message was not sent. */
  onLost(to: ActorAddress | undefined, ask: Refusable | undefined): void;
}

interface Frame {
  readonly bytes: Uint8Array;
  readonly recipients: readonly (ActorAddress | undefined)[];
  readonly asks: readonly (Refusable | undefined)[];
}

/**
 * Gathers the messages to one lane of one node into frames, which are sent by bytes, by count, or at the end of the
 * tick. While many messages leave that may wait, a frame of only such messages is sent after `gatherMs`.
 */
export class Outbox {
  readonly #options: OutboxOptions;
  #buffer: Buffer | undefined = undefined;
  #bytes = 0;
  #recipients: (ActorAddress | undefined)[] = [];
  #asks: (Refusable | undefined)[] = [];
  #scheduled = false;
  /** Runs while all gathered messages may wait. */
  #timer: Timer | undefined = undefined;
  readonly #pace = new SendPace();

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  add(
    message: EncodedMessage,
    to: ActorAddress | undefined,
    ask: Refusable | undefined,
    mayWait = false,
  ): void {
    const { start, end } = message;
    const { header } = this.#options;
    const isFull = this.#bytes + end - start > maxFrameBytes;
    // The handler of a lost frame may send another message, so this message is copied before a frame is sent.
    const full = isFull ? this.#take() : undefined;
    if (header.length + end - start > maxFrameBytes) {
      const alone = Buffer.concat([header, message.subarray(start, end)]);
      if (full !== undefined) this.#publish(full);
      return this.#publish({ bytes: alone, recipients: [to], asks: [ask] });
    }
    const buffer = (this.#buffer ??= this.#begin());
    message.copy(buffer, this.#bytes, start, end);
    this.#bytes += end - start;
    this.#recipients.push(to);
    this.#asks.push(ask);
    if (full !== undefined) this.#publish(full);
    if (this.#recipients.length >= maxFrameMessages) this.flush();
    else this.#sendLater(mayWait);
  }

  #sendLater(mayWait: boolean): void {
    const { clock, scheduler } = this.#options;
    const gathers = mayWait && this.#pace.note(clock.now());
    if (this.#scheduled) return;
    if (gathers) {
      this.#timer ??= clock.setTimer(gatherMs, this.#timeIsUp);
      return;
    }
    this.#scheduled = true;
    if (scheduler.scheduleSend === undefined) scheduler.schedule(this.#tick);
    else scheduler.scheduleSend(this.#tick);
  }

  get isEmpty(): boolean {
    return this.#buffer === undefined;
  }

  flush(): void {
    const frame = this.#take();
    if (frame !== undefined) this.#publish(frame);
  }

  #begin(): Buffer {
    const { header } = this.#options;
    const buffer = spare.pop() ?? Buffer.allocUnsafeSlow(maxFrameBytes);
    buffer.set(header, 0);
    this.#bytes = header.length;
    return buffer;
  }

  #take(): Frame | undefined {
    const buffer = this.#buffer;
    const bytes = this.#bytes;
    const recipients = this.#recipients;
    const asks = this.#asks;
    if (buffer === undefined) return undefined;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#buffer = undefined;
    this.#bytes = 0;
    this.#recipients = [];
    this.#asks = [];
    const frame = Uint8Array.prototype.slice.call(buffer, 0, bytes);
    if (spare.length < maxSpare) spare.push(buffer);
    return { bytes: frame, recipients, asks };
  }

  #publish({ bytes, recipients, asks }: Frame): void {
    const options = this.#options;
    if (options.publish(options.subject, bytes)) return;
    for (let i = 0; i < recipients.length; i++) options.onLost(recipients[i], asks[i]);
  }

  readonly #tick = (): void => {
    this.#scheduled = false;
    this.flush();
  };

  readonly #timeIsUp = (): void => {
    this.#timer = undefined;
    this.flush();
  };
}
