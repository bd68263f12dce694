import type { ActorContext, ActorRef } from '@drover/actor-core';
import type { InstanceMessage, ModelLoad, SessionMessage, StreamOpen } from '@drover/fleet';
import { expectedRestMs, ServiceTimes } from '../admission/service-time.ts';
import { SlotQueue } from '../admission/slot-queue.ts';
import type { Admission as Admitted, Ticket } from '../admission/ticket.ts';
import { estimateWaits, type WaitEstimate } from '../admission/wait-estimate.ts';
import type { NodeAgentLimits, ResolvedInstance } from '../config.ts';
import type { InstanceInbox } from './instance-internal.ts';
import type { JobTable } from './job-table.ts';

export interface AdmissionTask {
  readonly instance: ResolvedInstance;
  readonly limits: NodeAgentLimits;
}

/** Callbacks from an admission to its instance. */
export interface AdmissionFacts {
  isLoaded(model: string): boolean;
  /** A request was admitted, started or removed. */
  changed(): void;
}

/** A request inside Ollama. */
interface Running {
  readonly model: string;
  readonly sinceMs: number;
  /** True if the model had to be loaded first. */
  readonly cold: boolean;
}

type Reserve = Extract<InstanceMessage, { kind: 'reserve' }>;

/**
 * Assigns the slots of one instance and estimates the waits: carries out the decisions of `SlotQueue`, and learns
 * service times. For a place whose body is elsewhere, the session answers the offer:
 *
 *   reserve ─▶ (first in line, a slot is free) ─▶ offer ─▶ open │ claim │ pass │ cancel │ silence
 */
export class Admission {
  readonly #context: ActorContext<InstanceInbox>;
  readonly #jobs: JobTable;
  readonly #facts: AdmissionFacts;
  readonly #slots: SlotQueue;
  readonly #slotCount: number;
  readonly #service = new ServiceTimes();
  readonly #cold = new ServiceTimes();
  readonly #running = new Map<string, Running>();
  /** Sessions of the places whose bodies are elsewhere. */
  readonly #sessions = new Map<string, ActorRef<SessionMessage>>();

  constructor(
    { instance, limits }: AdmissionTask,
    context: ActorContext<InstanceInbox>,
    jobs: JobTable,
    facts: AdmissionFacts,
  ) {
    this.#context = context;
    this.#jobs = jobs;
    this.#facts = facts;
    this.#slotCount = instance.slots;
    this.#slots = new SlotQueue(instance.slots, limits);
  }

  get busy(): number {
    return this.#slots.busy;
  }

  get queued(): number {
    return this.#slots.queued;
  }

  /** Expected wait for a slot of a new request. */
  get waitMs(): number {
    return this.#estimate().newcomerMs;
  }

  /** Admits a request, or returns the reason for the refusal. The caller creates its job before `fill`. */
  admit(open: StreamOpen, replyTo: ActorRef<SessionMessage>, model: string, bodyBytes: number): Admitted {
    const ticket = this.#ticket(open, replyTo, model);
    this.#sessions.delete(open.streamId);
    return this.#slots.admit(ticket, bodyBytes, this.#context.clock.now());
  }

  /**
   * Queue position of a request that was just admitted; 0 if it is certain to start. A request whose body is still
   * arriving is not certain to start, although a slot is free: another request may take the slot first.
   */
  position(streamId: string): number {
    if (this.#slots.hasSlot(streamId)) return 0;
    const line = this.#slots.waiting();
    const index = line.findIndex(({ id }) => id === streamId);
    if (index < 0) return line.length + 1;
    return index === 0 && this.#slots.free > 0 ? 0 : index + 1;
  }

  ready(streamId: string): void {
    this.#slots.ready(streamId);
  }

  /** Reserves or renews a place without a body. */
  reserve(message: Reserve, model: string): void {
    const { streamId, replyTo } = message;
    if (!this.#slots.reserve(this.#ticket(message, replyTo, model), this.#context.clock.now())) return;
    if (this.#slots.isReserved(streamId)) this.#sessions.set(streamId, replyTo);
    this.fill();
  }

  claim(streamId: string, offer: number): void {
    if (this.#slots.claim(streamId, offer)) this.#start(streamId);
    this.fill();
  }

  pass(streamId: string, offer: number): void {
    this.#slots.pass(streamId, offer, this.#context.clock.now());
    this.fill();
  }

  /** Assigns free slots, and reports their wait to the remaining requests. */
  fill(): void {
    const nowMs = this.#context.clock.now();
    this.#slots.expire(nowMs);
    for (const step of this.#slots.fill(nowMs)) {
      if (step.kind === 'start') this.#start(step.id);
      else this.#offer(step.id, step.offer);
    }
    this.#announceWaits();
    const dueAtMs = this.#slots.dueAtMs(nowMs);
    if (dueAtMs === Number.POSITIVE_INFINITY) this.#context.cancelTimer('offers');
    else this.#context.setTimer('offers', Math.max(1, dueAtMs - nowMs), { kind: 'offers-due' });
    this.#facts.changed();
  }

  /** Handles the first byte of a request's answer. */
  answered(streamId: string): void {
    const running = this.#running.get(streamId);
    if (running?.cold === true)
      this.#cold.observe(running.model, this.#context.clock.now() - running.sinceMs);
  }

  /**
   * Removes a request from queue or slot. False for an unknown request. `servedMs`: service time of a complete answer.
   */
  leave(streamId: string, servedMs?: number): boolean {
    const running = this.#running.get(streamId);
    if (running !== undefined && servedMs !== undefined) this.#learn(running, servedMs);
    this.#running.delete(streamId);
    this.#sessions.delete(streamId);
    return this.#slots.leave(streamId);
  }

  /** Gives up the place of a request whose body is elsewhere. False if there is none. */
  giveUp(streamId: string): boolean {
    if (!this.#slots.isReserved(streamId)) return false;
    this.leave(streamId);
    this.fill();
    return true;
  }

  /** Removes all reservations, since the instance accepts no new requests. */
  dropReserved(): void {
    this.#slots.dropReserved();
    this.#sessions.clear();
  }

  /** Sends their positions to waiting requests, and removes reservations that were not renewed. */
  sendPositions(): void {
    this.fill();
    for (const id of this.#sessions.keys()) if (!this.#slots.isReserved(id)) this.#sessions.delete(id);
    this.#jobs.sendPositions(this.#slots.waiting(), this.#estimate().waitsMs);
  }

  /** A model of the load report with its learnt times. */
  withTimes(model: ModelLoad): ModelLoad {
    return {
      ...model,
      serviceMs: this.#service.learntMs(model.name),
      coldMs: this.#cold.learntMs(model.name),
    };
  }

  /** A request that included a load is a weak observation, used only while the model has no other. */
  #learn({ model, cold }: Running, servedMs: number): void {
    if (cold) this.#service.suggest(model, servedMs);
    else this.#service.observe(model, servedMs);
  }

  #announceWaits(): void {
    const unannounced = this.#slots.takeUnannounced();
    if (unannounced.length === 0) return;
    const { waitsMs } = this.#estimate();
    for (const [index, { id, places }] of this.#slots.waiting().entries()) {
      if (!unannounced.some((ticket) => ticket.id === id)) continue;
      const message = {
        kind: 'waits',
        position: index + 1,
        etaMs: waitsMs[index] ?? 0,
        asks: places > 1,
      } as const;
      this.#jobs.get(id)?.ref.tell(message, { lane: 'control' });
    }
  }

  #start(streamId: string): void {
    const job = this.#jobs.setStage(streamId, 'inside');
    if (job === undefined) return;
    const cold = !this.#facts.isLoaded(job.model);
    this.#running.set(streamId, { model: job.model, sinceMs: this.#context.clock.now(), cold });
    job.ref.tell({ kind: 'start' }, { lane: 'control' });
  }

  #offer(streamId: string, offer: number): void {
    const job = this.#jobs.get(streamId);
    if (job === undefined) this.#sessions.get(streamId)?.tell({ kind: 'offer', streamId, offer });
    // Sent through the job, so that the offer arrives after earlier messages of the job.
    else job.ref.tell({ kind: 'offer', offer }, { lane: 'control' });
  }

  #estimate(): WaitEstimate {
    const nowMs = this.#context.clock.now();
    const restsMs = [...this.#running.values()].map(({ model, sinceMs }) =>
      expectedRestMs(this.#service.expectedMs(model), nowMs - sinceMs),
    );
    const costsMs = this.#slots
      .waiting()
      .map(({ model, places }) => this.#service.expectedMs(model) / Math.max(1, places));
    return estimateWaits({ slots: this.#slotCount, restsMs, costsMs });
  }

  #ticket(
    request: Pick<StreamOpen, 'streamId' | 'priority' | 'waitedMs' | 'places' | 'serviceMs'>,
    replyTo: ActorRef<SessionMessage>,
    model: string,
  ): Ticket {
    const { streamId, priority, waitedMs = 0, places = 1, serviceMs } = request;
    if (serviceMs !== undefined) this.#service.suggest(model, serviceMs);
    const sinceMs = this.#context.clock.now() - waitedMs;
    return { id: streamId, owner: replyTo.address.node, model, priority, sinceMs, places };
  }
}
