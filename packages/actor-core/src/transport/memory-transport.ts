import type { Clock } from '../clock.ts';
import { Deadlines } from '../clock/deadlines.ts';
import { MessageTooLargeError, TransportDisconnectedError } from '../errors.ts';
import type { Random } from '../random.ts';
import type { Scheduler } from '../scheduler.ts';
import { PendingRequest } from './pending-request.ts';
import { subjectMatches } from './subject-match.ts';
import type { SubscribeOptions, Transport, TransportMessage, TransportSubscription } from './transport.ts';
import { requireSubscribeOptions } from './transport.ts';

/** Time, randomness and limits of a bus in memory. */
export interface MemoryHubOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** Runs the deliveries: one task per message and receiver, in publish order. */
  readonly scheduler: Scheduler;
  /** @default 1 MiB */
  readonly maxPayloadBytes?: number;
}

/** Outcome of one delivery, chosen by the fault function of a hub. */
export type Delivery = 'deliver' | 'drop' | 'duplicate' | { readonly delayMs: number };

/** One message to one receiver, as a fault function sees it. */
export interface Passage {
  readonly from: string;
  readonly to: string;
  readonly subject: string;
}

const mostSubjectsKnown = 1_000;

interface Registration {
  readonly transport: MemoryTransport;
  readonly pattern: string;
  readonly queue: string | undefined;
  readonly handler: (message: TransportMessage) => void;
}

/** Core NATS in memory: wildcards, queue groups, no-responders; with faults on demand. */
export class MemoryHub {
  readonly clock: Clock;
  readonly random: Random;
  readonly scheduler: Scheduler;
  readonly maxPayloadBytes: number;
  /** Decides the outcome of every delivery between nodes. @default everything is delivered */
  fault: ((passage: Passage) => Delivery) | undefined = undefined;
  /** Subscriptions without wildcards, by their subject, in the order in which they were made. */
  readonly #exact = new Map<string, readonly Registration[]>();
  #patterns: readonly Registration[] = [];
  readonly #registered = new Set<Registration>();
  /** Subscriptions per subject, cached until one of them changes: simulations need them for every message. */
  readonly #listening = new Map<string, readonly Registration[]>();
  readonly #transports = new Set<MemoryTransport>();

  constructor(options: MemoryHubOptions) {
    this.clock = options.clock;
    this.random = options.random;
    this.scheduler = options.scheduler;
    this.maxPayloadBytes = options.maxPayloadBytes ?? 1024 * 1024;
  }

  /** Connects a node; its deliveries run on `scheduler`, its timeouts on `clock`. @default those of the hub */
  connect(node: string, scheduler: Scheduler = this.scheduler, clock: Clock = this.clock): MemoryTransport {
    const transport = new MemoryTransport(this, node, scheduler, clock);
    this.#transports.add(transport);
    return transport;
  }

  /** The connections that are not closed. */
  get transports(): readonly MemoryTransport[] {
    return [...this.#transports];
  }

  /** A connection was closed for good. @internal */
  forget(transport: MemoryTransport): void {
    this.#transports.delete(transport);
  }

  /** Disconnects every node, as a stopped NATS server does. */
  disconnectAll(): void {
    for (const transport of this.#transports) transport.disconnect();
  }

  /** Reconnects every disconnected node. */
  reconnectAll(): void {
    for (const transport of this.#transports) transport.reconnect();
  }

  /** A transport of this hub subscribes. @internal */
  register(registration: Registration): void {
    this.#registered.add(registration);
    this.#change(registration, (those) => [...those, registration]);
  }

  /** A transport of this hub unsubscribes. @internal */
  unregister(registration: Registration): void {
    this.#registered.delete(registration);
    this.#change(registration, (those) => those.filter((other) => other !== registration));
  }

  #change(
    { pattern }: Registration,
    change: (those: readonly Registration[]) => readonly Registration[],
  ): void {
    if (hasWildcard(pattern)) {
      this.#patterns = change(this.#patterns);
      this.#listening.clear();
      return;
    }
    const changed = change(this.#exact.get(pattern) ?? []);
    if (changed.length === 0) this.#exact.delete(pattern);
    else this.#exact.set(pattern, changed);
    this.#listening.delete(pattern);
  }

  /** Delivers the message to every subscriber, and to one subscriber of each queue group. Returns their number. */
  route(
    from: MemoryTransport,
    subject: string,
    payload: Uint8Array,
    respond: TransportMessage['respond'],
  ): number {
    const receivers = this.#receivers(subject);
    if (receivers.length === 0) return 0;
    // One copy for all receivers, which do not change it.
    const message: TransportMessage = { subject, payload: payload.slice(), respond };
    for (const receiver of receivers) {
      const fate = this.fault?.({ from: from.node, to: receiver.transport.node, subject }) ?? 'deliver';
      const hand = () => receiver.transport.enqueue(() => this.#deliver(receiver, message));
      if (fate === 'drop') continue;
      if (typeof fate === 'object') {
        this.clock.setTimer(fate.delayMs, hand);
        continue;
      }
      hand();
      if (fate === 'duplicate') hand();
    }
    return receivers.length;
  }

  #deliver(receiver: Registration, message: TransportMessage): void {
    // Unsubscribed or disconnected while the message was in flight.
    if (receiver.transport.connected && this.#registered.has(receiver)) receiver.handler(message);
  }

  #listeners(subject: string): readonly Registration[] {
    const known = this.#listening.get(subject);
    if (known !== undefined) return known;
    const found = [
      ...(this.#exact.get(subject) ?? []),
      ...this.#patterns.filter(({ pattern }) => subjectMatches(pattern, subject)),
    ];
    if (this.#listening.size >= mostSubjectsKnown) this.#listening.clear();
    this.#listening.set(subject, found);
    return found;
  }

  #receivers(subject: string): readonly Registration[] {
    const listeners = this.#listeners(subject);
    if (listeners.every(isReachedAlone)) return listeners;
    const receivers: Registration[] = [];
    let groups: Map<string, Registration[]> | undefined;
    for (const registration of listeners) {
      const { transport, queue } = registration;
      if (!transport.connected) continue;
      if (queue === undefined) receivers.push(registration);
      else {
        groups ??= new Map();
        const members = groups.get(queue);
        if (members === undefined) groups.set(queue, [registration]);
        else members.push(registration);
      }
    }
    for (const members of groups?.values() ?? [])
      receivers.push(members[Math.floor(this.random.next() * members.length)] as Registration);
    return receivers;
  }
}

/** Connected, and in no queue group. */
function isReachedAlone({ transport, queue }: Registration): boolean {
  return queue === undefined && transport.connected;
}

function hasWildcard(pattern: string): boolean {
  return pattern.includes('*') || pattern.includes('>');
}

/** The connection of one node to a `MemoryHub`. */
export class MemoryTransport implements Transport {
  connected = true;
  readonly node: string;
  readonly #hub: MemoryHub;
  readonly #scheduler: Scheduler;
  readonly #deadlines: Deadlines;
  readonly #listeners = new Set<(connected: boolean) => void>();
  readonly #own = new Set<Registration>();
  readonly #inbound: (() => void)[] = [];
  #closed = false;

  constructor(hub: MemoryHub, node: string, scheduler: Scheduler, clock: Clock = hub.clock) {
    this.#hub = hub;
    this.node = node;
    this.#scheduler = scheduler;
    this.#deadlines = new Deadlines(clock);
  }

  /** Whether it was closed for good. */
  get isClosed(): boolean {
    return this.#closed;
  }

  get maxPayloadBytes(): number {
    return this.#hub.maxPayloadBytes;
  }

  publish(subject: string, payload: Uint8Array): boolean {
    if (!this.connected || payload.length > this.maxPayloadBytes) return false;
    this.#hub.route(this, subject, payload, undefined);
    return true;
  }

  subscribe(
    subject: string,
    handler: (message: TransportMessage) => void,
    options?: SubscribeOptions,
  ): TransportSubscription {
    requireSubscribeOptions(options);
    const registration: Registration = { transport: this, pattern: subject, queue: options?.queue, handler };
    this.#own.add(registration);
    this.#hub.register(registration);
    return {
      unsubscribe: () => {
        this.#own.delete(registration);
        this.#hub.unregister(registration);
      },
    };
  }

  request(subject: string, payload: Uint8Array, options: { timeoutMs: number }): Promise<Uint8Array> {
    if (!this.connected) return Promise.reject(new TransportDisconnectedError());
    if (payload.length > this.maxPayloadBytes)
      return Promise.reject(new MessageTooLargeError(subject, payload.length, this.maxPayloadBytes));
    return new Promise((resolve, reject) => {
      let answered = false;
      const request = new PendingRequest(
        subject,
        options.timeoutMs,
        (reply) => resolve(reply.payload),
        reject,
        () => {
          answered = true;
        },
      );
      const answer = (reply: Uint8Array, nobodyThere: boolean) =>
        this.#scheduler.schedule(() => {
          if (!answered && this.connected) request.answer(reply, nobodyThere);
        });
      this.#deadlines.add(request, options.timeoutMs);
      const receivers = this.#hub.route(this, subject, payload, (reply) => answer(reply.slice(), false));
      if (receivers === 0) answer(new Uint8Array(0), true);
    });
  }

  onConnectionChange(listener: (connected: boolean) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  flush(_options: { timeoutMs: number }): Promise<void> {
    return this.connected ? Promise.resolve() : Promise.reject(new TransportDisconnectedError());
  }

  close(): Promise<void> {
    this.#closed = true;
    for (const registration of this.#own) this.#hub.unregister(registration);
    this.#own.clear();
    this.#hub.forget(this);
    this.#deadlines.expireAll();
    this.#setConnected(false);
    return Promise.resolve();
  }

  /** Disconnects this node from the hub: it receives nothing and sends nothing. */
  disconnect(): void {
    this.#setConnected(false);
  }

  /** Ends `disconnect`. Messages of the time in between are lost. */
  reconnect(): void {
    if (!this.#closed) this.#setConnected(true);
  }

  /** Keeps deliveries to one connection in the order of sending, whatever order the scheduler picks. */
  enqueue(deliver: () => void): void {
    this.#inbound.push(deliver);
    this.#scheduler.schedule(() => this.#inbound.shift()?.());
  }

  #setConnected(connected: boolean): void {
    if (this.connected === connected) return;
    this.connected = connected;
    for (const listener of this.#listeners) listener(connected);
  }
}
