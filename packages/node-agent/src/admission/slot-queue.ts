import type { Admission, SlotQueueLimits, Step, Ticket } from './ticket.ts';

/**
 * State of a request. `receiving`: its body is incomplete · `waiting`: its body is at this instance · `reserved`: its
 * body is at another instance · `inside`: it has a slot.
 */
type State = 'receiving' | 'waiting' | 'reserved' | 'inside';

interface Entry {
  ticket: Ticket;
  state: State;
  bodyBytes: number;
  /**
   * True once the session has received the message that this request waits: from then on it may accept a slot at
   * another instance. Before, the session expects that the request is started here at any time.
   */
  announced: boolean;
  /**
   * `offered`: a slot is kept until the session answers · `held`: the session took the slot, and the body is arriving.
   */
  slot: 'none' | 'offered' | 'held';
  /** Number of the last offer. */
  offer: number;
  offerUntilMs: number;
  /** Instant before which no slot is offered to this ticket. */
  notBeforeMs: number;
  /** Instant at which a place without a body expires. */
  keptUntilMs: number;
}

/** Pause after a declined offer to the same ticket, or after an unanswered offer to the same node. */
const pauseMs = 1_000;

/**
 * At most `slots` requests inside Ollama, then a bounded queue, ordered by priority, then by age, across all gateways.
 * A request may wait in the queues of several instances; at most one of them has its body. A free slot goes to the
 * first request in the queue. If that request also waits elsewhere, the slot is offered to its session and held until
 * the session answers or `offerMs` have passed. `leave` removes a ticket; a second `leave` does nothing, so that a slot
 * can never be released twice. Pure bookkeeping: decisions are returned.
 */
export class SlotQueue {
  readonly #slots: number;
  readonly #limits: SlotQueueLimits;
  readonly #entries = new Map<string, Entry>();
  /** Tickets that are not inside, in queue order. */
  #line: Entry[] = [];
  /** Nodes that did not answer an offer, with the instant until which they get no other offer. */
  readonly #silent = new Map<string, number>();
  #inside = 0;
  #reserved = 0;
  #held = 0;
  #heldBytes = 0;
  #offers = 0;

  constructor(slots: number, limits: SlotQueueLimits) {
    this.#slots = slots;
    this.#limits = limits;
  }

  get busy(): number {
    return this.#inside;
  }

  /** Requests waiting here with their body, including bodies that are still arriving. */
  get queued(): number {
    return this.#entries.size - this.#inside - this.#reserved;
  }

  /** Free slots, excluding slots that are offered to a session or held for a body. */
  get free(): number {
    return Math.max(0, this.#slots - this.#inside - this.#held);
  }

  /** Admits a request with its body, in its reserved place if it has one; returns the reason when refused. */
  admit(ticket: Ticket, bodyBytes: number, nowMs: number): Admission {
    this.#silent.delete(ticket.owner);
    const reserved = this.#entries.get(ticket.id);
    if (reserved !== undefined && reserved.state !== 'reserved') return { kind: 'taken' };
    const reason = this.#whyFull(bodyBytes, reserved?.slot === 'offered');
    if (reason !== undefined) {
      this.leave(ticket.id);
      return { kind: 'full', reason };
    }
    const entry = reserved ?? this.#add(ticket, nowMs);
    if (reserved !== undefined) this.#reserved -= 1;
    if (entry.slot === 'offered') entry.slot = 'held';
    entry.ticket = { ...entry.ticket, places: ticket.places };
    entry.state = 'receiving';
    entry.announced = false;
    entry.bodyBytes = bodyBytes;
    this.#heldBytes += bodyBytes;
    return { kind: 'taken' };
  }

  /** The body of the request is complete: it may run. */
  ready(id: string): void {
    const entry = this.#entries.get(id);
    if (entry?.state === 'receiving') entry.state = 'waiting';
  }

  /**
   * Reserves or renews a place for a request whose body is elsewhere. For a request that is complete here, notes that
   * the session reserves places elsewhere from now on. False if there is no room.
   */
  reserve(ticket: Ticket, nowMs: number): boolean {
    this.#silent.delete(ticket.owner);
    const known = this.#entries.get(ticket.id);
    if (known === undefined && this.#reserved >= this.#limits.maxReserved) return false;
    if (known === undefined) {
      const entry = this.#add(ticket, nowMs);
      this.#reserved += 1;
      entry.announced = true;
      entry.keptUntilMs = nowMs + this.#limits.reservationMs;
    } else if (known.state !== 'inside') {
      if (known.ticket.places < 2 && ticket.places > 1) known.announced = false;
      known.ticket = { ...known.ticket, places: ticket.places };
      known.keptUntilMs = nowMs + this.#limits.reservationMs;
    }
    return true;
  }

  /** Decides the use of the free slots, in queue order. */
  fill(nowMs: number): readonly Step[] {
    const steps: Step[] = [];
    for (const entry of this.#line) {
      const { state, slot, announced, ticket } = entry;
      if (state === 'receiving') continue;
      if (slot === 'none' && this.free === 0) continue;
      const mustAsk = state === 'reserved' || (announced && ticket.places > 1);
      if (slot === 'held' || (slot === 'none' && !mustAsk)) {
        this.#enter(entry);
        steps.push({ kind: 'start', id: ticket.id });
      } else if (slot === 'none' && this.#mayBeAsked(entry, nowMs)) {
        steps.push({ kind: 'offer', id: ticket.id, offer: this.#offer(entry, nowMs) });
      }
    }
    return steps;
  }

  /** Tickets whose sessions have not yet been sent the message that they wait. Each ticket is returned once. */
  takeUnannounced(): readonly Ticket[] {
    const unannounced = this.#line.filter(({ state, announced }) => state === 'waiting' && !announced);
    for (const entry of unannounced) entry.announced = true;
    return unannounced.map(({ ticket }) => ticket);
  }

  /**
   * The session takes the offered slot. Returns true if the offer is still open: the request is then inside. Returns
   * false after the end of the offer: the request stays in the queue, and is later started without an offer.
   */
  claim(id: string, offer: number): boolean {
    const entry = this.#entries.get(id);
    if (entry === undefined || entry.state !== 'waiting') return false;
    this.#silent.delete(entry.ticket.owner);
    if (entry.slot === 'offered' && entry.offer === offer) {
      this.#enter(entry);
      return true;
    }
    this.#letGo(entry);
    entry.announced = false;
    entry.notBeforeMs = 0;
    return false;
  }

  /** The session declines the slot for now and keeps its place. */
  pass(id: string, offer: number, nowMs: number): void {
    const entry = this.#entries.get(id);
    if (entry === undefined || entry.slot !== 'offered' || entry.offer !== offer) return;
    this.#silent.delete(entry.ticket.owner);
    this.#letGo(entry);
    entry.notBeforeMs = nowMs + pauseMs;
  }

  /** Ends unanswered offers and places that were not renewed. */
  expire(nowMs: number): void {
    for (const entry of this.#line) {
      if (entry.slot === 'offered' && nowMs >= entry.offerUntilMs) {
        this.#letGo(entry);
        entry.notBeforeMs = nowMs + pauseMs;
        this.#silent.set(entry.ticket.owner, nowMs + pauseMs);
      }
      if (entry.state === 'reserved' && nowMs >= entry.keptUntilMs) this.leave(entry.ticket.id);
    }
    for (const [owner, untilMs] of this.#silent) if (nowMs >= untilMs) this.#silent.delete(owner);
  }

  /** Instant at which the next offer, or the next pause before an offer, ends; infinite if there is none. */
  dueAtMs(nowMs: number): number {
    let dueAtMs = Number.POSITIVE_INFINITY;
    for (const { slot, offerUntilMs, notBeforeMs, state, ticket } of this.#line) {
      if (slot === 'offered') dueAtMs = Math.min(dueAtMs, offerUntilMs);
      else if (state !== 'receiving') {
        const againAtMs = Math.max(notBeforeMs, this.#silent.get(ticket.owner) ?? 0);
        if (againAtMs > nowMs) dueAtMs = Math.min(dueAtMs, againAtMs);
      }
    }
    return dueAtMs;
  }

  /** Removes a ticket from its slot or the queue. False for an unknown ticket. */
  leave(id: string): boolean {
    const entry = this.#entries.get(id);
    if (entry === undefined) return false;
    this.#entries.delete(id);
    if (entry.state === 'inside') this.#inside -= 1;
    if (entry.state === 'reserved') this.#reserved -= 1;
    this.#letGo(entry);
    this.#line = this.#line.filter((other) => other !== entry);
    this.#heldBytes -= entry.bodyBytes;
    return true;
  }

  /** Removes all places without a body, since the instance accepts no new requests. */
  dropReserved(): void {
    for (const { state, ticket } of this.#line) if (state === 'reserved') this.leave(ticket.id);
  }

  isInside(id: string): boolean {
    return this.#entries.get(id)?.state === 'inside';
  }

  /** Holds a slot for the ticket until its body has arrived. */
  hasSlot(id: string): boolean {
    return this.#entries.get(id)?.slot === 'held';
  }

  isReserved(id: string): boolean {
    return this.#entries.get(id)?.state === 'reserved';
  }

  /** Tickets that may get a slot, in queue order; the first has position 1. */
  waiting(): readonly Ticket[] {
    return this.#line.filter(({ state }) => state !== 'receiving').map(({ ticket }) => ticket);
  }

  #mayBeAsked({ notBeforeMs, ticket }: Entry, nowMs: number): boolean {
    return nowMs >= notBeforeMs && nowMs >= (this.#silent.get(ticket.owner) ?? 0);
  }

  #offer(entry: Entry, nowMs: number): number {
    this.#offers += 1;
    this.#held += 1;
    entry.slot = 'offered';
    entry.offer = this.#offers;
    entry.offerUntilMs = nowMs + this.#limits.offerMs;
    return entry.offer;
  }

  #enter(entry: Entry): void {
    this.#letGo(entry);
    entry.state = 'inside';
    this.#inside += 1;
    this.#line = this.#line.filter((other) => other !== entry);
  }

  /** Releases the slot that is offered to or held for the ticket. */
  #letGo(entry: Entry): void {
    if (entry.slot === 'none') return;
    entry.slot = 'none';
    this.#held -= 1;
  }

  #add(ticket: Ticket, nowMs: number): Entry {
    const entry: Entry = {
      ticket,
      state: 'reserved',
      bodyBytes: 0,
      announced: false,
      slot: 'none',
      offer: 0,
      offerUntilMs: 0,
      notBeforeMs: nowMs,
      keptUntilMs: Number.POSITIVE_INFINITY,
    };
    this.#entries.set(ticket.id, entry);
    const behind = this.#line.findIndex((other) => goesBefore(ticket, other.ticket));
    this.#line.splice(behind < 0 ? this.#line.length : behind, 0, entry);
    return entry;
  }

  #whyFull(bodyBytes: number, hasSlot: boolean): string | undefined {
    const { maxQueue, maxHeldBytes } = this.#limits;
    if (!hasSlot && this.busy + this.queued >= this.#slots + maxQueue)
      return `${this.busy} running and ${this.queued} queued, maxQueue is ${maxQueue}`;
    if (this.#heldBytes + bodyBytes > maxHeldBytes)
      return `queued bodies hold ${this.#heldBytes} bytes, maxHeldBytes is ${maxHeldBytes}`;
    return undefined;
  }
}

/** Equal tickets stay in the order of their arrival here. */
function goesBefore(a: Ticket, b: Ticket): boolean {
  return a.priority === b.priority ? a.sinceMs < b.sinceMs : a.priority > b.priority;
}
