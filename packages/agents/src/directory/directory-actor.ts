import {
  LeaderTenure,
  proveStore,
  StoreHealth,
  type StoreProof,
  type TenureWriteOutcome,
} from '@drover/actor-core/internal';
import { type ActorContext, type Props, props, receive, setup } from '@drover/actor-core';
import type { ClusterNode, Entities, Leadership } from '@drover/actor-core/cluster';
import { FenceRejectedError, type StoreUnavailableError } from '@drover/actor-core/durable';
import {
  type EventPublisher,
  type FleetClient,
  isoTime,
  type KnownSigners,
  type RequestPrincipal,
  type SignedPrincipal,
} from '@drover/fleet';
import { type FleetModel, offeredModels, resolveModel } from '../agent/resolve-model.ts';
import type { AgentsConfig } from '../config.ts';
import type { AgentDefinitions } from '../definitions/load-definitions.ts';
import type { AgentEntity } from '../manager/agent-entity.ts';
import type { AnswerRef, DirectoryAnswer } from '../protocol/directory-answer.ts';
import { type DirectoryMessage, directoryMessageSchema } from '../protocol/directory-message.ts';
import type { DirectoryRequest } from '../protocol/directory-request.ts';
import type { HostReport } from '../protocol/host-report.ts';
import { agentsGroup, defaultTenant } from '../protocol/limits.ts';
import { acceptsFrom } from './accepts-from.ts';
import { decideDirectory } from './decide-directory.ts';
import type { DirectoryEvent } from './directory-event.ts';
import { DirectoryRecords, type Records } from './directory-records.ts';
import { type DirectoryState, loadDirectory } from './directory-state.ts';
import { EffectRunner } from './effect-runner.ts';
import type { HostSeen } from './host-table.ts';
import { RecordEvents } from './record-events.ts';

type Tenure = LeaderTenure<DirectoryState<AnswerRef>>;
type SpawnRequest = Extract<DirectoryRequest, { kind: 'spawn' }>;

/** Messages of other nodes, and messages of this actor to itself. */
type Message =
  | DirectoryMessage
  | { readonly kind: 'leadership' }
  | { readonly kind: 'tick' }
  | { readonly kind: 'records-read'; readonly tenure: Tenure; readonly records: Records }
  | { readonly kind: 'records-unread'; readonly tenure: Tenure; readonly error: unknown }
  | { readonly kind: 'write-outcome'; readonly tenure: Tenure; readonly outcome: TenureWriteOutcome }
  | { readonly kind: 'store-proved'; readonly answer: DirectoryAnswer }
  | {
      readonly kind: 'models-offered';
      readonly request: SpawnRequest;
      readonly offered: readonly FleetModel[];
    };

export interface DirectorySpec {
  readonly node: ClusterNode;
  readonly fleet: FleetClient;
  readonly leadership: Leadership;
  readonly definitions: AgentDefinitions;
  readonly config: AgentsConfig;
  readonly entity: AgentEntity;
  readonly entities: Entities;
  readonly signers: KnownSigners;
  /** @default no events are published */
  readonly events?: EventPublisher | undefined;
}

/** Requests that need a new record: refused while the store accepts no writes. */
const recordingKinds: ReadonlySet<string> = new Set(['spawn', 'stop', 'submit']);
/** Waiting writes above which requests are refused. */
const maxWaitingWrites = 5_000;
const describeTimeoutMs = 500;
/** Retry time while the disk is full. Long, because an operator must make room first. */
const fullRetryAfterMs = 5_000;

/** Props of a host's directory actor: it decides while its node leads, and answers `not-leader` otherwise. */
export function directoryProps(spec: DirectorySpec): Props<Message> {
  return props<Message>(
    () =>
      setup((context) => {
        const directory = new Directory(spec, context);
        return receive<Message>(
          (message) => directory.handle(message),
          (signal) => {
            if (signal.type !== 'terminated') directory.end();
          },
        );
      }),
    {
      protocol: directoryMessageSchema,
      // The protocol accepts no other kind from outside.
      accepts: (message, sender) => acceptsFrom(message as DirectoryMessage, sender),
      restart: 'permanent',
      mailbox: { capacity: 10_000 },
    },
  );
}

/**
 * The effects around the pure `decideDirectory`: follows the leadership, reads the records, performs what it decides.
 */
class Directory {
  readonly #spec: DirectorySpec;
  readonly #context: ActorContext<Message>;
  readonly #records: DirectoryRecords;
  readonly #effects: EffectRunner;
  readonly #events: RecordEvents;
  readonly #health: StoreHealth;
  readonly #unsubscribes: (() => void)[];
  #tenure: Tenure | undefined;
  /** Askers that wait for the running proof of the store. */
  readonly #provers: AnswerRef[] = [];

  constructor(spec: DirectorySpec, context: ActorContext<Message>) {
    this.#spec = spec;
    this.#context = context;
    this.#records = new DirectoryRecords(spec.node);
    this.#effects = new EffectRunner(spec, this.#records, context.log, context.self);
    this.#events = new RecordEvents(spec.events);
    this.#health = new StoreHealth(context.log, agentsGroup);
    const { self } = context;
    this.#unsubscribes = [
      spec.leadership.onChange(() => self.tell({ kind: 'leadership' }, { lane: 'control' })),
      spec.entities.onMembersChange(() => self.tell({ kind: 'tick' }, { lane: 'control' })),
    ];
    context.setInterval('tick', spec.config.tickMs, { kind: 'tick' });
    this.#followLeadership();
  }

  end(): void {
    for (const unsubscribe of this.#unsubscribes) unsubscribe();
    this.#endTenure();
  }

  handle(message: Message): void {
    switch (message.kind) {
      case 'leadership':
        this.#followLeadership();
        // The hosts must be known before the first request of a leader that may act now.
        return this.#tick();
      case 'tick':
        return this.#tick();
      case 'records-read':
        return this.#takeOver(message.tenure, message.records);
      case 'records-unread':
        return this.#noteUnread(message.tenure, message.error);
      case 'write-outcome':
        return this.#noteWrite(message.tenure, message.outcome);
      case 'models-offered':
        return this.#spawn(message.request, message.offered);
      case 'store-proved':
        for (const prover of this.#provers.splice(0)) prover.tell(message.answer);
        return;
      case 'owned':
      case 'ended':
      case 'activated':
      case 'not-activated':
      case 'dispatched':
      case 'inventory':
      case 'states':
      case 'settle':
        return this.#handleReport(message);
      default:
        return this.#handleRequest(message);
    }
  }

  #handleReport(report: HostReport): void {
    if (report.kind === 'settle')
      return this.#decide({ type: 'settle', run: report.run, from: report.replyTo?.address.node });
    const { kind, ...rest } = report;
    this.#decide({ type: kind, ...rest } as DirectoryEvent<AnswerRef>);
  }

  #handleRequest(request: DirectoryRequest): void {
    const { kind, replyTo } = request;
    if (kind === 'prove') return this.#prove(replyTo);
    if (kind === 'health') return this.#answerHealth(replyTo);
    if (!this.#mayDecide()) return this.#refuse(replyTo);
    if (!this.#isSigned(request)) return this.#refuse(replyTo);
    if (recordingKinds.has(kind) && this.#isRefusedByStore(replyTo)) {
      if (kind === 'spawn') this.#decide({ type: 'spawn-refused', key: request.key });
      return;
    }
    if (kind === 'spawn') return this.#resolveThenSpawn(request);
    const { kind: type, ...rest } = request;
    if (type === 'submit') return this.#decide({ ...request, type, principal: unsigned(request.principal) });
    this.#decide({ type, ...rest } as DirectoryEvent<AnswerRef>);
  }

  /** Whether a request for a change comes with a principal that a gateway or host has signed for this node. */
  #isSigned(request: DirectoryRequest): boolean {
    if (request.kind !== 'spawn' && request.kind !== 'stop' && request.kind !== 'submit') return true;
    const { tenant = defaultTenant } = request.kind === 'spawn' ? request.spec : request;
    const verdict = this.#spec.signers.judge(request.principal, tenant);
    if (verdict === 'valid' || verdict === 'unsigned') return true;
    this.#context.log.warn(
      { kind: request.kind, tenant, verdict, node: request.replyTo.address.node },
      'agents: refused a request because of its principal',
    );
    return false;
  }

  /** Starts a proof of the store unless one is running. Its result answers all waiting askers. */
  #prove(replyTo: AnswerRef): void {
    const tenure = this.#tenure;
    if (tenure?.lead.isTrusted() !== true) return this.#refuse(replyTo);
    this.#provers.push(replyTo);
    if (this.#provers.length > 1) return;
    this.#context.pipeToSelf(
      proveStore(this.#spec.node, tenure.lead, agentsGroup, () => this.#trouble()),
      (proof): Message => ({ kind: 'store-proved', answer: this.#proofAnswer(proof) }),
      (): Message => ({ kind: 'store-proved', answer: { kind: 'not-leader' } }),
    );
  }

  #proofAnswer(proof: StoreProof): DirectoryAnswer {
    const lostAtMs = this.#spec.leadership.lostAtMs();
    return {
      kind: 'proof',
      proof: lostAtMs === undefined ? proof : { ...proof, lostAt: isoTime(lostAtMs) },
    };
  }

  #answerHealth(replyTo: AnswerRef): void {
    const { trouble } = this.#health;
    if (!this.#leads()) return this.#refuse(replyTo);
    if (trouble === undefined) return replyTo.tell({ kind: 'well' });
    replyTo.tell({ kind: 'error', code: trouble.code, message: trouble.message, retryAfterMs: 0 });
  }

  /** Answers `not-leader`, with the reason why the group has no leader if this node knows it. */
  #refuse(to: AnswerRef): void {
    const trouble = this.#trouble();
    to.tell(
      trouble === undefined
        ? { kind: 'not-leader' }
        : { kind: 'not-leader', trouble: { code: trouble.code, message: trouble.message } },
    );
  }

  #trouble(): StoreUnavailableError | undefined {
    return this.#spec.leadership.trouble() ?? this.#health.trouble;
  }

  /** Answers with an error and returns true while the store accepts no writes. */
  #isRefusedByStore(replyTo: AnswerRef): boolean {
    const { lastingTrouble } = this.#health;
    if (lastingTrouble === undefined) return false;
    const { code, message } = lastingTrouble;
    replyTo.tell({ kind: 'error', code, message, retryAfterMs: fullRetryAfterMs });
    return true;
  }

  /** A tenure starts and ends with the leadership; a new fence starts a new tenure. */
  #followLeadership(): void {
    const { leadership, node } = this.#spec;
    const lead = leadership.tenure();
    if (lead === this.#tenure?.lead) return;
    this.#endTenure();
    if (lead === undefined) return;
    const tenure: Tenure = new LeaderTenure(lead, (outcome) =>
      this.#context.self.tell({ kind: 'write-outcome', tenure, outcome }, { lane: 'control' }),
    );
    this.#tenure = tenure;
    const { term, fence } = lead;
    this.#context.log.info(
      { node: node.nodeId, term, fence: fence.sequence },
      'agents: this host leads; reading the records',
    );
    this.#read(tenure);
  }

  #endTenure(): void {
    this.#tenure?.writer.stop();
    this.#events.clear();
    this.#tenure = undefined;
  }

  #read(tenure: Tenure): void {
    this.#context.pipeToSelf(
      this.#records.readAll(),
      (records): Message => ({ kind: 'records-read', tenure, records }),
      (error): Message => ({ kind: 'records-unread', tenure, error }),
    );
  }

  #takeOver(tenure: Tenure, records: Records): void {
    if (tenure !== this.#tenure) return;
    const types = new Set(this.#spec.definitions.keys());
    const { clock } = this.#context;
    tenure.state = loadDirectory(this.#spec.config, types, records, clock.now(), clock.wallNow());
    const { agents, runs } = records;
    this.#context.log.info(
      { agents: agents.length, runs: runs.length },
      'agents: the records are read; leading',
    );
    this.#tick();
  }

  #noteUnread(tenure: Tenure, error: unknown): void {
    if (tenure !== this.#tenure) return;
    this.#health.noteFailure(error, 'the records cannot be read; retrying');
    tenure.readFailed(this.#context.clock.now());
  }

  #noteWrite(tenure: Tenure, outcome: TenureWriteOutcome): void {
    if (tenure !== this.#tenure) return;
    if (outcome.type === 'written') {
      this.#health.noteSuccess();
      this.#events.noteWritten(outcome.write);
      return this.#decide({ type: 'written', write: outcome.write });
    }
    if (outcome.error instanceof FenceRejectedError) {
      this.#context.log.warn(
        { fence: tenure.lead.fence.sequence },
        'agents: this host is no longer the leader; another host leads',
      );
      return this.#endTenure();
    }
    this.#health.noteFailure(outcome.error, 'suspended: a record write is not confirmed; retrying');
    tenure.writeFailed(this.#context.clock.now());
  }

  #tick(): void {
    const tenure = this.#tenure;
    if (!tenure) return this.#followLeadership();
    const nowMs = this.#context.clock.now();
    if (tenure.takeReread(nowMs)) this.#read(tenure);
    tenure.repeatWrite(nowMs);
    this.#decide({ type: 'tick', hosts: this.#hosts() });
  }

  #hosts(): HostSeen[] {
    const { entities, entity, node } = this.#spec;
    const hosts = entities.members().filter(({ roles }) => roles.includes('host'));
    const seen = hosts.map(({ id, incarnation, state, types, isReachable }) => ({
      node: id,
      incarnation,
      takesAgents: isReachable && state === 'up' && types.has(entity.type),
    }));
    // After an outage of the bus this host may not have heard itself yet.
    if (seen.some((host) => host.node === node.nodeId)) return seen;
    return [...seen, { node: node.nodeId, incarnation: node.incarnation, takesAgents: false }];
  }

  /**
   * Chooses the model, then spawns the agent. Without a requested model it waits at most `describeTimeoutMs` for the
   * model lists of the fleet.
   */
  #resolveThenSpawn(request: SpawnRequest): void {
    const { model } = request.spec;
    if (model !== undefined && model !== '') return this.#spawn(request, []);
    this.#context.pipeToSelf(
      offeredModels(this.#spec.fleet, describeTimeoutMs),
      (offered): Message => ({ kind: 'models-offered', request, offered }),
      (): Message => ({ kind: 'models-offered', request, offered: [] }),
    );
  }

  #spawn(request: SpawnRequest, offered: readonly FleetModel[]): void {
    if (!this.#mayDecide()) return this.#refuse(request.replyTo);
    const { key, spec, waitMs, leftMs, replyTo } = request;
    const definition = this.#spec.definitions.get(spec.type);
    const model = resolveModel(spec.model, definition?.model, offered) ?? '';
    const id = this.#context.random.id();
    this.#decide({ type: 'spawn', id, key, spec, model, waitMs, leftMs, replyTo });
  }

  #leads(): boolean {
    return this.#tenure?.lead.isTrusted() === true;
  }

  /** True if this host leads, has read the records, and does not have too many waiting writes. */
  #mayDecide(): boolean {
    const tenure = this.#tenure;
    return tenure?.state !== undefined && this.#leads() && tenure.writer.depth < maxWaitingWrites;
  }

  #decide(event: DirectoryEvent<AnswerRef>): void {
    const tenure = this.#tenure;
    if (!tenure?.state || !this.#leads()) return;
    const { clock, random } = this.#context;
    const moment = { nowMs: clock.now(), wallMs: clock.wallNow(), random };
    const effects = decideDirectory(tenure.state, event, moment);
    for (const effect of effects) {
      this.#events.noteEffect(effect);
      this.#effects.perform(tenure, effect);
    }
  }
}

/** What is recorded of a principal: the signature is for this node alone. */
function unsigned(principal: SignedPrincipal | undefined): RequestPrincipal | undefined {
  return principal && { keyId: principal.keyId, tenant: principal.tenant, roles: principal.roles };
}
