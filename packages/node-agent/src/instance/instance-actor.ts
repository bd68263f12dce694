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
  type ModelListing,
  type FleetConfig,
  type InstanceLoad,
  type InstanceMessage,
  instanceMessageSchema,
  type KnownSigners,
  pageBytesFor,
} from '@drover/fleet';
import type { Tracer } from '@drover/telemetry';
import type { NodeAgentLimits, ResolvedInstance } from '../config.ts';
import type { JobOutcome, JobReport } from '../job/job-message.ts';
import type { RunnerCpu } from '../silence/runner-cpu.ts';
import { SilenceWatch } from './silence-watch.ts';
import type { Ollama } from '../ollama/ollama.ts';
import type { ProbeOutcome } from '../ollama/probe.ts';
import { type Counters, countOutcome } from '../stats.ts';
import { Admission } from './admission.ts';
import { Drain } from './drain.ts';
import { decideHealth, decideNonsense, type Health, unknownHealth } from './health.ts';
import { logHealth, logRefusal } from './instance-log.ts';
import { instanceLoad } from './instance-load.ts';
import { FreshListing } from './fresh-listing.ts';
import type { InstanceInbox } from './instance-internal.ts';
import { JobTable } from './job-table.ts';
import { KnownListing } from './known-listing.ts';
import { RequestIntake } from './request-intake.ts';
import { RequestRefusals } from './request-refusals.ts';
import { Prober } from './prober.ts';
import { CanonicalOptions } from '../runner/canonical-options.ts';
import { RunnerTable } from '../runner/runner-table.ts';
import { RelistAskers } from './relist-askers.ts';
import { RefusalLog } from './refusal-log.ts';

/** Inputs of an instance actor. */
export interface InstanceTask {
  readonly instance: ResolvedInstance;
  readonly limits: NodeAgentLimits;
  readonly fleet: FleetConfig;
  readonly node: ClusterNode;
  readonly ollama: Ollama;
  /** Keys of those who sign requests. */
  readonly signers: KnownSigners;
  readonly counters: Counters;
  /** Records the requests that Ollama serves. */
  readonly tracer: Tracer;
  /** Passed on to `SilenceTask`. */
  readonly runnerCpu: RunnerCpu | undefined;
  /** Returns a new revision for a changed model list; a revision never repeats within an incarnation of the node. */
  readonly nextRevision: () => number;
  /** Called when busy, queued, state or models changed; `load` returns the current entry of the load report. */
  readonly onChange: (load: () => InstanceLoad) => void;
  /** Called after each probe; the start of the node-agent waits for the first one. */
  readonly onProbed: () => void;
}

const positionsMs = 1_000;

/**
 * The actor of one Ollama. Decides which requests run, wait or are refused, and watches the health of Ollama. Each
 * admitted request is a job, a child of this actor. Only this actor counts the slots.
 */
export function instanceProps(task: InstanceTask): Props<InstanceInbox> {
  return props(() => setup((context) => new Instance(task, context).behaviour()), {
    restart: 'permanent',
    protocol: instanceMessageSchema,
    mailbox: { capacity: 4_096 },
    // Jobs are temporary: they are never restarted, so their failures cannot exceed an intensity.
    supervision: { strategy: 'one-for-one' },
  });
}

class Instance {
  readonly #task: InstanceTask;
  readonly #context: ActorContext<InstanceInbox>;
  readonly #admission: Admission;
  readonly #refusals: RequestRefusals;
  readonly #intake: RequestIntake;
  readonly #jobs = new JobTable();
  readonly #runners: RunnerTable;
  readonly #silence: SilenceWatch;
  readonly #prober: Prober;
  readonly #fresh: FreshListing;
  readonly #relisting = new RelistAskers();
  #health: Health = unknownHealth;
  readonly #known: KnownListing;
  #simulated: boolean;
  readonly #drain = new Drain();
  readonly #refusalLog: RefusalLog;

  constructor(task: InstanceTask, context: ActorContext<InstanceInbox>) {
    const { instance } = task;
    this.#task = task;
    this.#context = context;
    this.#known = new KnownListing(instance.name, task.nextRevision);
    this.#runners = new RunnerTable(
      task.limits.runnerPolicy,
      new CanonicalOptions(task.limits.runnerOptions),
    );
    this.#prober = new Prober(task, context);
    this.#fresh = new FreshListing(task, context);
    const facts = {
      isLoaded: (model: string) => this.#known.isLoaded(model),
      changed: () => this.#changed(),
    };
    this.#admission = new Admission(task, context, this.#jobs, facts);
    this.#refusals = new RequestRefusals(task, () => ({
      health: this.#health,
      waitMs: this.#admission.waitMs,
    }));
    this.#silence = new SilenceWatch(task, context, {
      jobs: this.#jobs,
      known: this.#known,
      busy: () => this.#admission.busy,
    });
    this.#simulated = instance.simulated;
    this.#refusalLog = new RefusalLog(task.fleet);
    this.#intake = new RequestIntake(task, context, {
      jobs: this.#jobs,
      known: this.#known,
      admission: this.#admission,
      refusals: this.#refusals,
      drain: this.#drain,
      recent: this.#silence.recent,
      runners: this.#runners,
      health: () => this.#health,
      probe: () => this.#probe(),
    });
  }

  behaviour(): Behaviour<InstanceInbox> {
    this.#context.setInterval('positions', positionsMs, { kind: 'send-positions' });
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
        return this.#intake.open({ ...message, trace: this.#context.trace });
      case 'part':
      case 'grant':
      case 'resume':
      case 'cancel':
        return this.#intake.forward(message);
      case 'reserve':
        return this.#intake.reserve(message);
      case 'find':
        return this.#intake.find(message);
      case 'adopt':
        return this.#intake.adopt(message);
      case 'claim':
        return this.#admission.claim(message.streamId, message.offer);
      case 'pass':
        return this.#admission.pass(message.streamId, message.offer);
      case 'offers-due':
        return this.#admission.fill();
      case 'describe':
        return this.#describe(message);
      case 'running-listed':
        return this.#runningListed(message);
      case 'relist':
        this.#relisting.add(message.replyTo, this.#context.clock.now());
        return this.#probe();
      case 'probe-due':
        return this.#probeStarted(this.#prober.due());
      case 'probed':
        return this.#probeEnded(message.outcome);
      case 'send-positions':
        return this.#admission.sendPositions();
      case 'job-ready':
        this.#admission.ready(message.streamId);
        this.#jobs.setStage(message.streamId, 'queued');
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

  #jobAnswered({ streamId, loads, reloaded }: Extract<JobReport, { kind: 'job-answered' }>): void {
    const job = this.#jobs.get(streamId);
    if (job === undefined) return;
    this.#silence.answered(job);
    if (loads) this.#admission.answered(streamId);
    // Its context is not the listed one any more.
    if (reloaded) this.#prober.soon();
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
    const change = this.#refusalLog.note(job.model, outcome, this.#context.clock.now());
    if (change !== undefined) logRefusal(this.#context.log, this.#task.instance, change);
    const broke =
      outcome.how === 'upstream-lost' || outcome.how === 'upstream-stalled' || outcome.how === 'bad-upstream';
    if (broke) this.#probe();
    // A refusal may mean that the model was deleted or its runner crashed: probe soon.
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

  #listing(from: number): ModelListing {
    return this.#known.message(from, pageBytesFor(this.#task.node.transport.maxPayloadBytes));
  }

  /**
   * Answers requests for a fresh list. Without an answer in time (Ollama can block for half a minute) the known list is
   * sent.
   */
  #runningListed({ askedAtMs, running }: Extract<InstanceInbox, { kind: 'running-listed' }>): void {
    this.#known.listed(running, askedAtMs);
    if (running !== undefined) this.#runners.listed(running, askedAtMs);
    const listing = this.#listing(0);
    for (const asker of this.#fresh.finish()) asker.tell(listing);
    this.#changed();
  }

  #probe(): void {
    this.#probeStarted(this.#prober.start());
  }

  #probeStarted(began: boolean): void {
    if (began) this.#intake.probeStarted();
  }

  #probeEnded(outcome: ProbeOutcome): void {
    const { instance, onProbed } = this.#task;
    this.#prober.finish(outcome.kind === 'good');
    if (outcome.kind === 'good') {
      this.#simulated = instance.simulated || outcome.simulated;
      this.#known.probed(outcome.listing, this.#prober.beganAtMs);
      const { running } = outcome.listing;
      if (running !== undefined) this.#runners.listed(running, this.#prober.beganAtMs);
    }
    this.#setHealth(
      decideHealth(this.#health, outcome, this.#silence.recent.lastAtMs >= this.#prober.beganAtMs),
    );
    this.#intake.probeEnded();
    this.#changed();
    this.#maybeDrained();
    if (!this.#relisting.probed(this.#prober.beganAtMs)) this.#probe();
    onProbed();
  }

  #setHealth(health: Health): void {
    const before = this.#health;
    this.#health = health;
    if (before.state === health.state && before.reason === health.reason) return;
    logHealth(this.#context.log, this.#task.instance, health);
    if (health.state === 'down') {
      this.#admission.dropReserved();
      this.#jobs.refuseWaiting('instance-down', this.#refusals.downText, this.#task.limits.probeIntervalMs);
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
    const message = 'the node was drained, and the request did not end within drainMs';
    for (const job of this.#jobs.all()) {
      job.ref.tell({ kind: 'give-up', code: 'cancelled', message }, { lane: 'control' });
    }
    this.#maybeDrained();
  }

  #maybeDrained(): void {
    const left = { requests: this.#jobs.size + this.#intake.unlisted, inside: this.#admission.busy };
    if (this.#drain.settle(left)) this.#context.cancelTimer('drain-over');
  }

  #changed(): void {
    this.#task.onChange(this.#load);
  }

  readonly #load = (): InstanceLoad =>
    instanceLoad({
      instance: this.#task.instance,
      limits: this.#task.limits,
      health: this.#health,
      draining: this.#drain.active,
      simulated: this.#simulated,
      known: this.#known,
      admission: this.#admission,
      jobs: this.#jobs,
      refusals: this.#refusalLog.reports(this.#context.clock.now()),
    });
}
