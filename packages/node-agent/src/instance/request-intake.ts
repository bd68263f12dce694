import type { ActorContext } from '@drover/actor-core';
import type { ClusterNode } from '@drover/actor-core/cluster';
import type {
  FleetConfig,
  InstanceMessage,
  KnownSigners,
  SignedPrincipal,
  StreamMessage,
} from '@drover/fleet';
import type { Tracer } from '@drover/telemetry';
import { jobProps } from '../job/job-actor.ts';
import type { Ollama } from '../ollama/ollama.ts';
import type { RunnerTable } from '../runner/runner-table.ts';
import type { RecentBytes } from '../silence/recent-bytes.ts';
import type { Admission } from './admission.ts';
import type { Drain } from './drain.ts';
import { EarlyCancels } from './early-cancels.ts';
import type { Health } from './health.ts';
import type { InstanceInbox } from './instance-internal.ts';
import type { JobTable } from './job-table.ts';
import type { KnownListing } from './known-listing.ts';
import type { ReceivedRequest, RefusalTask, RequestRefusals } from './request-refusals.ts';
import { UnlistedRequests } from './unlisted-requests.ts';

export interface IntakeTask extends RefusalTask {
  readonly fleet: FleetConfig;
  readonly node: ClusterNode;
  readonly ollama: Ollama;
  /** Keys of those who sign requests. */
  readonly signers: KnownSigners;
  readonly tracer: Tracer;
}

/** The parts of an instance that the intake works with. */
export interface IntakeParts {
  readonly jobs: JobTable;
  readonly known: KnownListing;
  readonly admission: Admission;
  readonly refusals: RequestRefusals;
  readonly drain: Drain;
  readonly recent: RecentBytes;
  readonly runners: RunnerTable;
  readonly health: () => Health;
  /** Starts a probe unless one is running. */
  readonly probe: () => void;
}

/**
 * Handles the messages of fleet sessions about requests. A new request is refused, starts a job in a slot or in the
 * queue, or waits for one more probe if its model is not listed.
 */
export class RequestIntake {
  readonly #task: IntakeTask;
  readonly #context: ActorContext<InstanceInbox>;
  readonly #parts: IntakeParts;
  readonly #unlisted: UnlistedRequests;
  readonly #earlyCancels = new EarlyCancels();
  #jobNumber = 0;

  constructor(task: IntakeTask, context: ActorContext<InstanceInbox>, parts: IntakeParts) {
    const { instance, limits } = task;
    this.#task = task;
    this.#context = context;
    this.#parts = parts;
    this.#unlisted = new UnlistedRequests(instance.slots, limits);
  }

  /** Number of requests that wait for a probe. */
  get unlisted(): number {
    return this.#unlisted.size;
  }

  open(request: ReceivedRequest): void {
    const { jobs, known, refusals, drain, health, probe } = this.#parts;
    const { open } = request;
    if (this.#earlyCancels.take(open.streamId)) return;
    if (jobs.get(open.streamId) !== undefined || this.#unlisted.has(open.streamId)) return;
    const bodyBytes = open.body?.byteLength ?? open.bodyBytes ?? 0;
    this.#task.counters.requests += 1;
    const verdict = this.#task.signers.judge(open.principal, open.tenant);
    if (verdict !== 'valid' && verdict !== 'unsigned') return refusals.notSigned(verdict, request);
    if (drain.active) return refusals.draining(request);
    const bad = refusals.whyBadBody(bodyBytes);
    if (bad !== undefined) return refusals.refuse('bad-request', bad, request);
    if (health().state !== 'ready') return refusals.down(request);
    const model = known.find(open.model);
    if (model !== undefined) return this.#admit(request, model, bodyBytes);
    if (this.#unlisted.add(request, bodyBytes)) probe();
    else refusals.full('too many requests for models that are not listed', request);
  }

  /**
   * Reserves a place for a request whose body is at another instance, unless this instance cannot serve the request.
   */
  reserve(message: Extract<InstanceMessage, { kind: 'reserve' }>): void {
    const { known, admission, drain, health } = this.#parts;
    if (this.#earlyCancels.take(message.streamId)) return;
    const { principal } = message;
    const verdict = this.#task.signers.judge(principal, principal?.tenant ?? '');
    if (verdict !== 'valid' && verdict !== 'unsigned') return;
    const model = known.find(message.model);
    if (model === undefined || drain.active || health().state !== 'ready') return;
    admission.reserve(message, model);
  }

  /** Answers whether a kept stream of the asker is here. */
  find({ requestId, principal, tenant, replyTo }: Extract<InstanceMessage, { kind: 'find' }>): void {
    const keyId = this.#ownerOf(principal, tenant);
    const found = keyId === undefined ? undefined : this.#parts.jobs.findKept({ requestId, keyId, tenant });
    replyTo.tell({ kind: 'found', streamId: found?.streamId });
  }

  /** Gives a kept stream to another session of its owner. */
  adopt(message: Extract<InstanceMessage, { kind: 'adopt' }>): void {
    const { streamId, as, principal, tenant, grantedThrough, replyTo } = message;
    const job = this.#parts.jobs.get(streamId);
    const keyId = this.#ownerOf(principal, tenant);
    if (job?.kept === undefined || job.kept.keyId !== keyId || job.kept.tenant !== tenant) {
      const why = 'the stream is not kept here, or not for this principal';
      replyTo.tell({ kind: 'fail', streamId: as, lines: 0, code: 'replay-lost', message: why });
      return;
    }
    job.ref.tell({ kind: 'adopt', streamId: as, grantedThrough, replyTo }, { lane: 'control' });
  }

  /** The key of a principal whose signature holds; undefined for any other one. */
  #ownerOf(principal: SignedPrincipal | undefined, tenant: string): string | undefined {
    const verdict = this.#task.signers.judge(principal, tenant);
    return verdict === 'valid' || verdict === 'unsigned' ? (principal?.keyId ?? '') : undefined;
  }

  /** Handles a message about a stream from a session that has not received the ref of the job. */
  forward(message: StreamMessage): void {
    const { jobs, admission } = this.#parts;
    const job = jobs.get(message.streamId);
    if (job !== undefined) {
      job.ref.tell(message, { lane: message.kind === 'part' ? 'data' : 'control' });
      return;
    }
    if (message.kind === 'cancel' && admission.giveUp(message.streamId)) return;
    if (!this.#unlisted.followUp(message) && message.kind === 'cancel')
      this.#earlyCancels.add(message.streamId);
  }

  probeStarted(): void {
    this.#unlisted.probeStarted();
  }

  /** Decides about the requests that waited for the probe, by the listing and the health that the probe found. */
  probeEnded(): void {
    const { known, refusals, drain, health, probe } = this.#parts;
    for (const request of this.#unlisted.probeEnded()) {
      const model = known.find(request.open.model);
      if (drain.active) refusals.draining(request);
      else if (health().state !== 'ready') refusals.down(request);
      else if (model === undefined) refusals.unlisted(request);
      else {
        this.#admit(request, model, request.bodyBytes);
        for (const message of request.followUps) this.forward(message);
      }
    }
    if (this.#unlisted.needProbe) probe();
  }

  #admit(request: ReceivedRequest, model: string, bodyBytes: number): void {
    const { jobs, admission, refusals, recent, runners } = this.#parts;
    const { ollama, limits, fleet, node, tracer } = this.#task;
    const { open, replyTo } = request;
    const { streamId } = open;
    const admitted = admission.admit(open, replyTo, model, bodyBytes);
    if (admitted.kind === 'full') return refusals.full(admitted.reason, request);
    const stage = open.body === undefined ? 'receiving' : 'queued';
    if (stage === 'queued') admission.ready(streamId);
    const job = jobProps({
      open,
      replyTo,
      instance: this.#context.self,
      position: admission.position(streamId),
      ollama,
      transport: node.transport,
      presence: node.presence,
      limits,
      fleet,
      recent,
      runners,
      trace: request.trace,
      tracer,
    });
    this.#jobNumber += 1;
    const ref = this.#context.spawn(job, `job-${this.#jobNumber}`);
    this.#context.watch(ref);
    const owner = { requestId: open.requestId, keyId: open.principal?.keyId ?? '', tenant: open.tenant };
    const kept = open.keepMs === undefined ? {} : { kept: owner };
    jobs.add({ streamId, ...kept, ref, replyTo, model, stage, answered: false, healed: false });
    admission.fill();
  }
}
