import { type ActorContext, type ActorRef, type Props, props, receive, setup } from '@drover/actor-core';
import type { ClusterNode, LeaderInfo, Leadership } from '@drover/actor-core/cluster';
import { FenceRejectedError, StoreUnavailableError } from '@drover/actor-core/durable';
import type { FleetClient } from '@drover/fleet';
import { type FleetModel, offeredModels, resolveModel } from '../agent/resolve-model.ts';
import type { AgentDefinitions } from '../definitions/load-definitions.ts';
import type { AgentsConfig } from '../config.ts';
import { managerPath, type ManagerMessage } from '../protocol/manager-message.ts';
import {
  type AnswerRef,
  type DirectoryAnswer,
  type DirectoryMessage,
  directoryMessageSchema,
} from '../protocol/directory-message.ts';
import { acceptsFrom } from './accepts-from.ts';
import { encodeAgentRecord } from './agent-record.ts';
import { decideDirectory } from './decide-directory.ts';
import { agentSubject, readRecords, readRun, runSubject } from './read-records.ts';
import { proveStore } from './prove-store.ts';
import { RecordWriter, type WriteOutcome } from './record-writer.ts';
import type { HostSeen, DirectoryEffect, DirectoryEvent } from './directory-event.ts';
import { loadDirectory, type DirectoryState } from './directory-state.ts';
import { encodeRunRecord, runView } from './run-record.ts';

type Records = Awaited<ReturnType<typeof readRecords>>;
/** Requests that need a new record: refused while the store accepts no writes. */
const recording: ReadonlySet<string> = new Set(['spawn', 'stop', 'submit']);

type SpawnMessage = Extract<DirectoryMessage, { kind: 'spawn' }>;

type Message =
  | DirectoryMessage
  | { readonly kind: 'leadership' }
  | { readonly kind: 'tick' }
  | { readonly kind: 'read'; readonly tenure: Tenure; readonly records: Records }
  | { readonly kind: 'unread'; readonly tenure: Tenure; readonly error: unknown }
  | { readonly kind: 'write'; readonly tenure: Tenure; readonly outcome: WriteOutcome }
  | { readonly kind: 'proved'; readonly answer: DirectoryAnswer }
  | { readonly kind: 'offered'; readonly request: SpawnMessage; readonly offered: readonly FleetModel[] };

/** One leadership of this node: its fence, and what it knows once the records were read. */
interface Tenure {
  readonly leader: LeaderInfo;
  readonly writer: RecordWriter;
  state: DirectoryState<AnswerRef> | undefined;
  retryWriteAtMs: number;
  rereadAtMs: number;
}

export interface DirectorySpec {
  readonly node: ClusterNode;
  readonly fleet: FleetClient;
  readonly leadership: Leadership;
  readonly definitions: AgentDefinitions;
  readonly config: AgentsConfig;
}

const storeRetryMs = 500;
/** Writes waiting for the store; above it new requests are turned away. */
const maxWritesWaiting = 5_000;
const describeTimeoutMs = 500;
/** A full disk needs an operator, so retries are slow. */
const fullRetryAfterMs = 5_000;

/** The recipe of a host's directory: it decides while its node leads, and says `not-leader` otherwise. */
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
      // The protocol accepts no other kind.
      accepts: (message, sender) => acceptsFrom(message as DirectoryMessage, sender),
      restart: 'permanent',
      mailbox: { capacity: 10_000 },
    },
  );
}

/** The shell around `decideDirectory`: reads, writes, sends. */
class Directory {
  readonly #spec: DirectorySpec;
  readonly #context: ActorContext<Message>;
  readonly #unsubscribes: (() => void)[];
  #tenure: Tenure | undefined;
  /** Failure of the last write or read of records; undefined after a success. */
  #trouble: StoreUnavailableError | undefined;
  /** Askers that wait for the running proof. */
  readonly #provers: AnswerRef[] = [];

  constructor(spec: DirectorySpec, context: ActorContext<Message>) {
    this.#spec = spec;
    this.#context = context;
    const { self } = context;
    this.#unsubscribes = [
      spec.leadership.onChange(() => self.tell({ kind: 'leadership' }, { lane: 'control' })),
      spec.node.presence.onChange(() => self.tell({ kind: 'tick' }, { lane: 'control' })),
    ];
    context.setInterval('tick', spec.config.tickMs, { kind: 'tick' });
    this.#followLeadership();
  }

  end(): void {
    for (const unsubscribe of this.#unsubscribes) unsubscribe();
    this.#tenure?.writer.stop();
    this.#tenure = undefined;
  }

  handle(message: Message): void {
    switch (message.kind) {
      case 'leadership':
        return this.#followLeadership();
      case 'tick':
        return this.#tick();
      case 'read':
        return this.#takeOver(message.tenure, message.records);
      case 'unread':
        return this.#noteUnread(message.tenure, message.error);
      case 'write':
        return this.#noteWrite(message.tenure, message.outcome);
      case 'offered':
        return this.#spawn(message.request, message.offered);
      case 'spawn':
        return this.#resolveThenSpawn(message);
      case 'prove':
        return this.#prove(message.replyTo);
      case 'health':
        return this.#tellHealth(message.replyTo);
      case 'proved':
        for (const prover of this.#provers.splice(0)) prover.tell(message.answer);
        return;
      default:
        return this.#handleRemote(message);
    }
  }

  /** One running proof answers all askers. */
  #prove(replyTo: AnswerRef): void {
    if (!this.#leads()) return this.#refuse(replyTo);
    this.#provers.push(replyTo);
    if (this.#provers.length > 1) return;
    this.#context.pipeToSelf(
      proveStore(this.#spec.node, this.#spec.leadership),
      (proof): Message => ({ kind: 'proved', answer: { kind: 'proof', proof } }),
      (): Message => ({ kind: 'proved', answer: { kind: 'not-leader' } }),
    );
  }

  #tellHealth(replyTo: AnswerRef): void {
    const trouble = this.#trouble;
    if (!this.#leads()) return this.#refuse(replyTo);
    if (trouble === undefined) return replyTo.tell({ kind: 'well' });
    replyTo.tell({ kind: 'error', code: trouble.code, message: trouble.message, retryAfterMs: 0 });
  }

  /** Answers `not-leader`, with the reason why the group has no leader where this node knows one. */
  #refuse(to: AnswerRef): void {
    const trouble = this.#spec.leadership.trouble() ?? this.#trouble;
    to.tell(
      trouble === undefined
        ? { kind: 'not-leader' }
        : { kind: 'not-leader', trouble: { code: trouble.code, message: trouble.message } },
    );
  }

  /** True when the request was refused because the store accepts no writes now. */
  #isRefusedByStore({ kind, replyTo }: { kind: string; replyTo: AnswerRef }): boolean {
    const trouble = this.#trouble;
    if (trouble === undefined || trouble.code === 'store-unavailable' || !recording.has(kind)) return false;
    const { code, message } = trouble;
    replyTo.tell({ kind: 'error', code, message, retryAfterMs: fullRetryAfterMs });
    return true;
  }

  #handleRemote(message: Exclude<DirectoryMessage, SpawnMessage | { kind: 'prove' | 'health' }>): void {
    if (message.kind === 'settle') {
      return this.#decide({ type: 'settle', run: message.run, from: message.replyTo?.address.node });
    }
    if (isRequest(message)) {
      if (!this.#mayDecide()) return this.#refuse(message.replyTo);
      if (this.#isRefusedByStore(message)) return;
    }
    const { kind, ...rest } = message;
    this.#decide({ type: kind, ...rest } as DirectoryEvent<AnswerRef>);
  }

  /** A tenure begins and ends with the leadership; a new fence is a new tenure. */
  #followLeadership(): void {
    const { leadership, node } = this.#spec;
    const leader = leadership.isLeader() ? leadership.current() : undefined;
    if (leader?.fence === this.#tenure?.leader.fence) return;
    this.#tenure?.writer.stop();
    this.#tenure = undefined;
    if (!leader) return;
    const tenure: Tenure = {
      leader,
      writer: new RecordWriter(
        (subject, payload) => leadership.append(subject, payload),
        (outcome) => this.#context.self.tell({ kind: 'write', tenure, outcome }, { lane: 'control' }),
      ),
      state: undefined,
      retryWriteAtMs: Number.POSITIVE_INFINITY,
      rereadAtMs: Number.POSITIVE_INFINITY,
    };
    this.#tenure = tenure;
    const { term, fence } = leader;
    this.#context.log.info(
      { node: node.nodeId, term, fence },
      'agents: this host leads; reading the records',
    );
    this.#read(tenure);
  }

  #read(tenure: Tenure): void {
    this.#context.pipeToSelf(
      readRecords(this.#spec.node),
      (records) => ({ kind: 'read', tenure, records }),
      (error) => ({ kind: 'unread', tenure, error }),
    );
  }

  #takeOver(tenure: Tenure, records: Records): void {
    if (tenure !== this.#tenure) return;
    const types = new Set(this.#spec.definitions.keys());
    tenure.state = loadDirectory(this.#spec.config, types, records, this.#context.clock.now());
    const { agents, runs } = records;
    this.#context.log.info(
      { agents: agents.length, runs: runs.length },
      'agents: the records are read; leading',
    );
    this.#tick();
  }

  #noteUnread(tenure: Tenure, error: unknown): void {
    if (tenure !== this.#tenure) return;
    this.#noteTrouble(error, 'the records cannot be read; trying again until they can');
    tenure.rereadAtMs = this.#context.clock.now() + storeRetryMs;
  }

  #noteWrite(tenure: Tenure, outcome: WriteOutcome): void {
    if (tenure !== this.#tenure) return;
    if (outcome.type === 'written') {
      this.#trouble = undefined;
      return this.#decide({ type: 'written', write: outcome.write });
    }
    if (outcome.error instanceof FenceRejectedError) {
      this.#context.log.warn({ fence: tenure.leader.fence }, 'agents: deposed; another host leads');
      tenure.writer.stop();
      this.#tenure = undefined;
      return;
    }
    this.#noteTrouble(outcome.error, 'suspended: a record is not confirmed; writing it again');
    tenure.retryWriteAtMs = this.#context.clock.now() + storeRetryMs;
  }

  #noteTrouble(error: unknown, what: string): void {
    const trouble = error instanceof StoreUnavailableError ? error : undefined;
    this.#trouble = trouble;
    const stays = trouble !== undefined && trouble.code !== 'store-unavailable';
    const fields = { code: trouble?.code, err: error };
    this.#context.log[stays ? 'error' : 'warn'](
      fields,
      `agents: ${what}${stays ? ` (${trouble.message})` : ''}`,
    );
  }

  #tick(): void {
    const tenure = this.#tenure;
    if (!tenure) return this.#followLeadership();
    const nowMs = this.#context.clock.now();
    if (tenure.rereadAtMs <= nowMs) {
      tenure.rereadAtMs = Number.POSITIVE_INFINITY;
      this.#read(tenure);
    }
    if (tenure.retryWriteAtMs <= nowMs) {
      tenure.retryWriteAtMs = Number.POSITIVE_INFINITY;
      tenure.writer.pump();
    }
    this.#decide({ type: 'tick', hosts: this.#hosts() });
  }

  #hosts(): HostSeen[] {
    const members = this.#spec.node.presence.members().filter((member) => member.roles.includes('host'));
    return members.map(({ node, incarnation, state }) => ({ node, incarnation, alive: state === 'alive' }));
  }

  /** The model is decided at spawn where the fleet is known; the request waits for its lists for a moment. */
  #resolveThenSpawn(request: SpawnMessage): void {
    if (!this.#mayDecide()) return this.#refuse(request.replyTo);
    if (this.#isRefusedByStore(request)) return;
    const { model } = request.spec;
    if (model !== undefined && model !== '') return this.#spawn(request, []);
    this.#context.pipeToSelf(
      offeredModels(this.#spec.fleet, describeTimeoutMs),
      (offered) => ({ kind: 'offered', request, offered }),
      () => ({ kind: 'offered', request, offered: [] }),
    );
  }

  #spawn(request: SpawnMessage, offered: readonly FleetModel[]): void {
    if (!this.#mayDecide()) return this.#refuse(request.replyTo);
    const { key, spec, waitMs, replyTo } = request;
    const entry = this.#spec.definitions.get(spec.type);
    const model = resolveModel(spec.model, entry?.model, offered) ?? '';
    this.#decide({ type: 'spawn', id: this.#context.random.id(), key, spec, model, waitMs, replyTo });
  }

  #leads(): boolean {
    return this.#tenure !== undefined && this.#spec.leadership.isLeader();
  }

  /** Leads, knows the records, and the store keeps up. */
  #mayDecide(): boolean {
    const tenure = this.#tenure;
    return (
      tenure?.state !== undefined &&
      this.#spec.leadership.isLeader() &&
      tenure.writer.depth < maxWritesWaiting
    );
  }

  #decide(event: DirectoryEvent<AnswerRef>): void {
    const tenure = this.#tenure;
    if (!tenure?.state || !this.#spec.leadership.isLeader()) return;
    const { clock, random } = this.#context;
    const moment = { nowMs: clock.now(), wallMs: clock.wallNow(), random };
    for (const effect of decideDirectory(tenure.state, event, moment)) this.#perform(tenure, effect);
  }

  #perform(tenure: Tenure, effect: DirectoryEffect<AnswerRef>): void {
    const { node } = this.#spec;
    switch (effect.type) {
      case 'write-agent': {
        const { write, record } = effect;
        return tenure.writer.push({
          write,
          subject: agentSubject(node, record.slot),
          payload: encodeAgentRecord(record),
        });
      }
      case 'write-run': {
        const { write, record } = effect;
        return tenure.writer.push({
          write,
          subject: runSubject(node, record.slot),
          payload: encodeRunRecord(record),
        });
      }
      case 'order': {
        const { term, fence } = tenure.leader;
        const manager = node.system.refFor<ManagerMessage>(effect.node, managerPath);
        const replyTo: ActorRef<DirectoryMessage> = this.#context.self;
        return manager.tell({ ...effect.order, term, fence, replyTo }, { lane: 'order' });
      }
      case 'answer':
        return effect.to.tell(effect.answer);
      case 'read-run':
        return this.#answerRun(effect.slot, effect.runId, effect.to);
      case 'note':
        return this.#context.log[effect.level](effect.fields, `agents: ${effect.message}`);
    }
  }

  #answerRun(slot: number, runId: string, to: AnswerRef): void {
    readRun(this.#spec.node, slot, runId).then(
      (record) => to.tell(record ? { kind: 'run', run: runView(record) } : runGone(runId)),
      // The asker asks again: reading is harmless.
      (error: unknown) => this.#context.log.warn({ err: error, run: runId }, 'agents: a run cannot be read'),
    );
  }
}

type Request = Extract<DirectoryMessage, { kind: 'list' | 'get' | 'stop' | 'submit' | 'run' }>;

function isRequest(message: DirectoryMessage): message is Request {
  return ['list', 'get', 'stop', 'submit', 'run'].includes(message.kind);
}

function runGone(runId: string): DirectoryAnswer {
  return { kind: 'error', code: 'run-not-found', message: `no run ${runId} any more`, retryAfterMs: 0 };
}
