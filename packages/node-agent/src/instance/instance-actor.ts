import {
  type ActorContext,
  type ActorRef,
  type Behaviour,
  type Props,
  props,
  receive,
  setup,
} from '@drover/actor-core';
import type { ClusterNode } from '@drover/actor-core/cluster';
import {
  type CatalogueMessage,
  type FleetConfig,
  type InstanceLoad,
  type InstanceMessage,
  instanceMessageSchema,
  maxReasonChars,
  pageBytesFor,
  type SessionMessage,
  type StreamMessage,
  type StreamOpen,
} from '@drover/fleet';
import type { NodeAgentLimits, ResolvedInstance } from '../config.ts';
import { jobProps } from '../job/job-actor.ts';
import type { JobOutcome, JobReport } from '../job/job-message.ts';
import type { RunnerCpu } from '../silence/runner-cpu.ts';
import { SilenceWatch } from './silence-watch.ts';
import type { Ollama } from '../ollama/ollama.ts';
import type { ProbeOutcome } from '../ollama/probe.ts';
import { type Counters, countOutcome } from '../stats.ts';
import { Admission } from './admission.ts';
import { Drain } from './drain.ts';
import { EarlyCancels } from './early-cancels.ts';
import { decideHealth, decideNonsense, type Health, unknownHealth } from './health.ts';
import { logHealth, logRefusal } from './instance-log.ts';
import { FreshListing } from './fresh-listing.ts';
import type { InstanceInbox } from './instance-internal.ts';
import { JobTable } from './job-table.ts';
import { KnownListing } from './known-listing.ts';
import { NotTaken } from './not-taken.ts';
import { Prober } from './prober.ts';
import { RefusalLog } from './refusal-log.ts';
import { type UnknownRequest, UnknownModels } from './unknown-models.ts';

/** What an instance actor works with. */
export interface InstanceTask {
  readonly instance: ResolvedInstance;
  readonly limits: NodeAgentLimits;
  readonly fleet: FleetConfig;
  readonly node: ClusterNode;
  readonly ollama: Ollama;
  readonly counters: Counters;
  /** As in `SilenceTask`. */
  readonly runnerCpu: RunnerCpu | undefined;
  /** Catalogue revisions, never repeated within this life of the node, whatever is restarted. */
  readonly nextRevision: () => number;
  /** Busy, queued, state or models changed; `load` is what to report from now on. */
  readonly onChange: (load: () => InstanceLoad) => void;
  /** Called after each probe; the first one is waited for at the start. */
  readonly onProbed: () => void;
}

const positionsMs = 1_000;

/**
 * One Ollama: who gets in, who waits, who is refused, and whether it is well. Each request it takes is a job, its
 * child; the slots are counted here and nowhere else.
 */
export function instanceProps(task: InstanceTask): Props<InstanceInbox> {
  return props(() => setup((context) => new Instance(task, context).behaviour()), {
    restart: 'permanent',
    protocol: instanceMessageSchema,
    mailbox: { capacity: 4_096 },
    // Jobs are temporary: none is ever restarted, so nothing can add up to an escalation.
    supervision: { strategy: 'one-for-one' },
  });
}

class Instance {
  readonly #task: InstanceTask;
  readonly #context: ActorContext<InstanceInbox>;
  readonly #admission: Admission;
  readonly #notTaken: NotTaken;
  readonly #jobs = new JobTable();
  readonly #unknown: UnknownModels;
  readonly #earlyCancels = new EarlyCancels();
  readonly #silence: SilenceWatch;
  readonly #prober: Prober;
  readonly #fresh: FreshListing;
  #health: Health = unknownHealth;
  readonly #known: KnownListing;
  #simulated: boolean;
  #jobNumber = 0;
  readonly #drain = new Drain();
  readonly #refusals: RefusalLog;

  constructor(task: InstanceTask, context: ActorContext<InstanceInbox>) {
    const { instance, limits } = task;
    this.#task = task;
    this.#context = context;
    this.#unknown = new UnknownModels(limits.maxQueue + instance.slots, limits.maxHeldBytes);
    this.#known = new KnownListing(instance.name, task.nextRevision);
    this.#prober = new Prober(task, context);
    this.#fresh = new FreshListing(task, context);
    const facts = {
      isLoaded: (model: string) => this.#known.isLoaded(model),
      changed: () => this.#changed(),
    };
    this.#admission = new Admission(task, context, this.#jobs, facts);
    this.#notTaken = new NotTaken(task, () => ({ health: this.#health, waitMs: this.#admission.waitMs }));
    this.#silence = new SilenceWatch(task, context, {
      jobs: this.#jobs,
      known: this.#known,
      busy: () => this.#admission.busy,
    });
    this.#simulated = instance.simulated;
    this.#refusals = new RefusalLog(task.fleet);
  }

  behaviour(): Behaviour<InstanceInbox> {
    this.#context.setInterval('positions', positionsMs, { kind: 'tell-positions' });
    this.#changed();
    this.#probe();
    return receive<InstanceInbox>(
      (message) => this.#handle(message),
      (signal) => {
        if (signal.type === 'terminated') this.#jobEnded(signal.ref, signal.reason !== 'stopped');
      },
    );
  }

  #handle(message: InstanceInbox): void {
    switch (message.kind) {
      case 'open':
        return this.#open(message.open, message.replyTo);
      case 'part':
      case 'grant':
      case 'resume':
      case 'cancel':
        return this.#forward(message);
      case 'reserve':
        return this.#reserve(message);
      case 'claim':
        return this.#admission.claim(message.streamId, message.offer);
      case 'pass':
        return this.#admission.pass(message.streamId, message.offer);
      case 'offers-due':
        return this.#admission.fill();
      case 'describe':
        return this.#describe(message);
      case 'running-listed':
        return this.#takeRunning(message);
      case 'probe-due':
        return this.#probeBegan(this.#prober.due());
      case 'probed':
        return this.#takeProbe(message.outcome);
      case 'tell-positions':
        return this.#admission.tellPositions();
      case 'job-ready':
        this.#admission.ready(message.streamId);
        this.#jobs.place(message.streamId, 'queued');
        return this.#admission.fill();
      case 'job-answered':
        return this.#jobAnswered(message);
      case 'job-silent':
      case 'runner-sampled':
      case 'slot-checked':
      case 'job-withdrew':
      case 'unloaded':
        return this.#silence.handle(message);
      case 'job-left':
        return this.#jobLeft(message.streamId, message.outcome);
      case 'drain':
        return this.#beginDrain(message.replyTo);
      case 'drain-over':
        return this.#drainOver();
    }
  }

  #open(open: StreamOpen, replyTo: ActorRef<SessionMessage>): void {
    if (this.#earlyCancels.take(open.streamId)) return;
    if (this.#jobs.get(open.streamId) !== undefined || this.#unknown.has(open.streamId)) return;
    const bodyBytes = open.body?.byteLength ?? open.bodyBytes ?? 0;
    this.#task.counters.requests += 1;
    if (this.#drain.active) return this.#notTaken.draining([open, replyTo]);
    const bad = this.#notTaken.whyBadBody(bodyBytes);
    if (bad !== undefined) return this.#notTaken.say('bad-request', bad, [open, replyTo]);
    if (this.#health.state !== 'ready') return this.#notTaken.down([open, replyTo]);
    const model = this.#known.find(open.model);
    if (model !== undefined) return this.#admit(open, replyTo, model, bodyBytes);
    if (this.#unknown.add(open, replyTo, bodyBytes)) this.#probe();
    else this.#notTaken.full('too many requests for models that are not listed', [open, replyTo]);
  }

  #admit(open: StreamOpen, replyTo: ActorRef<SessionMessage>, model: string, bodyBytes: number): void {
    const { streamId } = open;
    const admitted = this.#admission.admit(open, replyTo, model, bodyBytes);
    if (admitted.kind === 'full') return this.#notTaken.full(admitted.reason, [open, replyTo]);
    const place = open.body === undefined ? 'receiving' : 'queued';
    if (place === 'queued') this.#admission.ready(streamId);
    const position = this.#admission.position(streamId);
    const { ollama, limits, fleet, node } = this.#task;
    const job = jobProps({
      open,
      replyTo,
      instance: this.#context.self,
      position,
      ollama,
      transport: node.transport,
      presence: node.presence,
      limits,
      fleet,
      recent: this.#silence.recent,
    });
    this.#jobNumber += 1;
    const ref = this.#context.spawn(job, `job-${this.#jobNumber}`);
    this.#context.watch(ref);
    this.#jobs.add({ streamId, ref, replyTo, model, place, answered: false, healed: false });
    this.#admission.fill();
  }

  /** The one look at the catalogue is over: what is not listed now is not here. */
  #settleUnknown(request: UnknownRequest): void {
    const { open, replyTo, bodyBytes, followUps } = request;
    if (this.#drain.active) return this.#notTaken.draining([open, replyTo]);
    if (this.#health.state !== 'ready') return this.#notTaken.down([open, replyTo]);
    const model = this.#known.find(open.model);
    if (model === undefined) return this.#notTaken.unlisted([open, replyTo]);
    this.#admit(open, replyTo, model, bodyBytes);
    for (const message of followUps) this.#forward(message);
  }

  /** Reserves a place for a request whose body is elsewhere, unless the request cannot be served here. */
  #reserve(message: Extract<InstanceMessage, { kind: 'reserve' }>): void {
    if (this.#earlyCancels.take(message.streamId)) return;
    const model = this.#known.find(message.model);
    if (model === undefined || this.#drain.active || this.#health.state !== 'ready') return;
    this.#admission.reserve(message, model);
  }

  #forward(message: StreamMessage): void {
    const job = this.#jobs.get(message.streamId);
    if (job === undefined) {
      if (message.kind === 'cancel' && this.#admission.giveUp(message.streamId)) return;
      if (!this.#unknown.followUp(message) && message.kind === 'cancel')
        this.#earlyCancels.add(message.streamId);
    } else job.ref.tell(message, { lane: message.kind === 'part' ? 'data' : 'control' });
  }

  #jobAnswered({ streamId, loads }: Extract<JobReport, { kind: 'job-answered' }>): void {
    const job = this.#jobs.get(streamId);
    if (job === undefined) return;
    this.#silence.answered(job);
    if (loads) this.#admission.answered(streamId);
    if (this.#known.listsAsLoaded(job.model)) return;
    if (loads) this.#known.answered(job.model, this.#context.clock.now());
    this.#prober.soon();
    this.#changed();
  }

  #jobLeft(streamId: string, outcome: JobOutcome): void {
    const job = this.#jobs.get(streamId);
    const isServed = outcome.how === 'completed' && outcome.refusal === undefined;
    const servedMs = isServed ? outcome.upstreamMs : undefined;
    if (job === undefined || !this.#admission.leave(streamId, servedMs)) return;
    this.#jobs.linger(job);
    countOutcome(this.#task.counters, outcome);
    this.#silence.ended(job, outcome);
    if (outcome.nonsense) this.#setHealth(decideNonsense(this.#health, outcome.detail));
    const change = this.#refusals.note(job.model, outcome, this.#context.clock.now());
    if (change !== undefined) logRefusal(this.#context.log, this.#task.instance, change);
    const broke =
      outcome.how === 'upstream-lost' || outcome.how === 'upstream-stalled' || outcome.how === 'bad-upstream';
    if (broke) this.#probe();
    // A refusal may mean that the model was deleted or its runner crashed: probe now.
    else if (outcome.setsKeepAlive || outcome.refusal?.subject === 'model') this.#prober.soon();
    if (this.#jobs.lingering > this.#task.limits.maxLingering) {
      const message = 'too many finished answers wait for their readers';
      this.#jobs
        .oldestLingering()
        ?.ref.tell({ kind: 'give-up', code: 'reader-too-slow', message }, { lane: 'control' });
    }
    this.#admission.fill();
    this.#maybeDrained();
  }

  #jobEnded(ref: ActorRef<never>, failed: boolean): void {
    const job = this.#jobs.byRef(ref);
    if (job === undefined) return;
    const { streamId, replyTo } = job;
    if (failed) {
      const message = 'the node agent failed while it served the request; its log has the cause';
      replyTo.tell({ kind: 'fail', streamId, lines: 0, code: 'upstream-lost', message });
    }
    this.#admission.leave(streamId);
    this.#jobs.remove(job);
    this.#admission.fill();
    this.#maybeDrained();
  }

  #describe({ replyTo, fresh, from = 0 }: Extract<InstanceMessage, { kind: 'describe' }>): void {
    const mayAsk = fresh === true && from === 0 && this.#health.state === 'ready';
    if (!mayAsk || !this.#fresh.ask(replyTo)) replyTo.tell(this.#listing(from));
  }

  #listing(from: number): CatalogueMessage {
    return this.#known.message(from, pageBytesFor(this.#task.node.transport.maxPayloadBytes));
  }

  /** An Ollama that did not say in time what it runs (it can block for half a minute) is told of as last known. */
  #takeRunning({ askedAtMs, running }: Extract<InstanceInbox, { kind: 'running-listed' }>): void {
    this.#known.listed(running, askedAtMs);
    const listing = this.#listing(0);
    for (const asker of this.#fresh.finish()) asker.tell(listing);
    this.#changed();
  }

  #probe(): void {
    this.#probeBegan(this.#prober.start());
  }

  #probeBegan(began: boolean): void {
    if (began) this.#unknown.begin();
  }

  #takeProbe(outcome: ProbeOutcome): void {
    const { instance, onProbed } = this.#task;
    this.#prober.finish(outcome.kind === 'good');
    if (outcome.kind === 'good') {
      this.#simulated = instance.simulated || outcome.simulated;
      this.#known.probed(outcome.listing, this.#prober.beganAtMs);
    }
    this.#setHealth(
      decideHealth(this.#health, outcome, this.#silence.recent.lastAtMs >= this.#prober.beganAtMs),
    );
    for (const request of this.#unknown.finish()) this.#settleUnknown(request);
    if (this.#unknown.wanted) this.#probe();
    this.#changed();
    this.#maybeDrained();
    onProbed();
  }

  #setHealth(health: Health): void {
    const before = this.#health;
    this.#health = health;
    if (before.state === health.state && before.reason === health.reason) return;
    logHealth(this.#context.log, this.#task.instance, health);
    if (health.state === 'down') {
      this.#admission.dropReserved();
      this.#jobs.refuseWaiting('instance-down', this.#notTaken.downText, this.#task.limits.probeIntervalMs);
    }
    this.#changed();
  }

  #beginDrain(replyTo: ActorRef<'drained'>): void {
    if (this.#drain.begin(replyTo)) {
      this.#jobs.refuseWaiting('draining', 'the node is draining', 0);
      this.#admission.dropReserved();
      this.#context.setTimer('drain-over', this.#task.limits.drainMs, { kind: 'drain-over' });
      this.#changed();
    }
    this.#maybeDrained();
  }

  #drainOver(): void {
    this.#drain.timeIsUp();
    const message = 'the node drained and its time was up';
    for (const job of this.#jobs.all()) {
      job.ref.tell({ kind: 'give-up', code: 'cancelled', message }, { lane: 'control' });
    }
    this.#maybeDrained();
  }

  #maybeDrained(): void {
    const left = { requests: this.#jobs.size + this.#unknown.size, inside: this.#admission.busy };
    if (this.#drain.settle(left)) this.#context.cancelTimer('drain-over');
  }

  #changed(): void {
    this.#task.onChange(this.#load);
  }

  readonly #load = (): InstanceLoad => {
    const { instance, limits } = this.#task;
    const refusals = this.#refusals.reports(this.#context.clock.now());
    return {
      name: instance.name,
      url: instance.url,
      simulated: this.#simulated,
      version: this.#known.version,
      state: this.#drain.active ? 'draining' : this.#health.state,
      ...(this.#health.reason === '' ? {} : { reason: this.#health.reason.slice(0, maxReasonChars) }),
      slots: instance.slots,
      busy: this.#admission.busy,
      queued: this.#admission.queued,
      maxQueue: limits.maxQueue,
      waitMs: this.#admission.waitMs,
      catalogueRevision: this.#known.revision,
      models: this.#known.loads(this.#jobs.counts()).map((model) => this.#admission.withTimes(model)),
      ...(refusals !== undefined && { refusals }),
    };
  };
}
