import { pagesOf } from '@drover/actor-core/internal';
import { type ActorContext, type ActorRef, type Props, props, receive, setup } from '@drover/actor-core';
import {
  type ClusterNode,
  type Entities,
  type LeadSeen,
  OrderGate,
  readLeader,
} from '@drover/actor-core/cluster';
import type { FleetClient, KnownSigners } from '@drover/fleet';
import {
  type AgentCall,
  agentProps,
  type AgentMessage,
  type IncarnationState,
} from '../agent/agent-actor.ts';
import type { AgentsConfig } from '../config.ts';
import type { AgentDefinition } from '../definitions/agent-definition.ts';
import type { AgentDefinitions } from '../definitions/load-definitions.ts';
import type { DirectoryMessage } from '../protocol/directory-message.ts';
import type { HostReport, HostStamp, ReportedState, RunReport } from '../protocol/host-report.ts';
import { agentsGroup, outputCharsFor, pageSize } from '../protocol/limits.ts';
import {
  type Activation,
  type ManagerMessage,
  managerMessageSchema,
  managerPath,
} from '../protocol/manager-message.ts';
import { failed } from '../protocol/run-outcome.ts';
import { agentName } from '../protocol/task-message.ts';
import type { AgentEntity } from './agent-entity.ts';
import { type Hosted, HostedAgents } from './hosted-agents.ts';
import type { OwnedAgents } from './owned-agents.ts';
import { RunOutbox } from './run-outbox.ts';

/** Orders of the leader, and messages of this node: of the agents, and of this actor to itself. */
type Message =
  | ManagerMessage
  | { readonly kind: 'lead-read'; readonly lead: LeadSeen | undefined }
  | { readonly kind: 'lead-unread'; readonly error: unknown }
  | { readonly kind: 'read-lead' }
  /** This host has taken the agent, or owns it no longer. */
  | { readonly kind: 'ownership'; readonly id: string }
  | {
      readonly kind: 'agent-state';
      readonly id: string;
      readonly incarnation: number;
      readonly state: ReportedState;
    }
  | { readonly kind: 'run-ended'; readonly report: RunReport }
  | { readonly kind: 'parked'; readonly path: string }
  | { readonly kind: 'report-states' }
  | { readonly kind: 'repeat' };

export interface ManagerSpec {
  readonly node: ClusterNode;
  readonly fleet: FleetClient;
  readonly definitions: AgentDefinitions;
  readonly config: AgentsConfig;
  readonly owned: OwnedAgents;
  readonly entity: AgentEntity;
  readonly entities: Entities;
  readonly signers: KnownSigners;
  readonly onCall: (call: AgentCall) => void;
}

const outboxCapacity = 1_000;
/** Largest number of outcomes of runs that are repeated in one batch. */
const repeatBatch = 50;
const leadRetryMs = 500;
/**
 * Failed reads of the lead record before a warning is logged: a new cluster has no stream until its first leader has
 * created it.
 */
const quietFailedReads = 6;

/**
 * Props of a host's manager: it runs the agents that this host owns as its children, each in the incarnation that the
 * leader has recorded for that owner.
 */
export function managerProps(spec: ManagerSpec): Props<Message> {
  const { restartIntensity, restartPeriodMs } = spec.config;
  return props<Message>(
    () =>
      setup((context) => {
        const manager = new Manager(spec, context);
        return receive<Message>(
          (message) => manager.handle(message),
          (signal) => {
            if (signal.type !== 'terminated') manager.end();
          },
        );
      }),
    {
      protocol: managerMessageSchema,
      // NATS lets only hosts publish on this lane, and the protocol requires `replyTo` to be on the sending node.
      accepts: (_, { lane }) => lane === 'order',
      restart: 'permanent',
      mailbox: { capacity: 10_000 },
      supervision: { dynamic: true, intensity: restartIntensity, periodMs: restartPeriodMs },
    },
  );
}

class Manager {
  readonly #spec: ManagerSpec;
  readonly #context: ActorContext<Message>;
  readonly #gate = new OrderGate<ManagerMessage>();
  readonly #hosted = new HostedAgents();
  readonly #outbox = new RunOutbox(outboxCapacity);
  readonly #unsubscribe: () => void;
  #leader: ActorRef<DirectoryMessage> | undefined;

  constructor(spec: ManagerSpec, context: ActorContext<Message>) {
    this.#spec = spec;
    this.#context = context;
    this.#unsubscribe = spec.node.system.onEvent((event) => {
      if (event.type === 'parked' && event.path.startsWith(`${managerPath}/`)) {
        context.self.tell({ kind: 'parked', path: event.path }, { lane: 'control' });
      }
    });
    spec.owned.onChange((id) => context.self.tell({ kind: 'ownership', id }, { lane: 'control' }));
    context.setInterval('repeat', spec.config.probeMs, { kind: 'repeat' });
    // A restarted manager has no fence: it obeys no order before it has read the lead record.
    this.#readLead();
  }

  end(): void {
    this.#unsubscribe();
  }

  handle(message: Message): void {
    switch (message.kind) {
      case 'lead-read':
        return this.#noteLead(message.lead);
      case 'lead-unread':
        return this.#noteUnread(message.error);
      case 'read-lead':
        return this.#readLead();
      case 'agent-state':
        return this.#noteState(message.id, message.incarnation, message.state);
      case 'run-ended':
        return this.#noteEnd(message.report);
      case 'parked':
        return this.#notePark(message.path);
      case 'report-states':
        return this.#reportStates();
      case 'ownership':
        return this.#followOwner(message.id);
      case 'repeat':
        this.#repeatEnds();
        return this.#reportOwned();
      default:
        return this.#judge(message);
    }
  }

  #readLead(): void {
    if (!this.#gate.beginRead()) return;
    this.#context.pipeToSelf(
      readLeader(this.#spec.node, agentsGroup),
      (lead): Message => ({ kind: 'lead-read', lead }),
      (error): Message => ({ kind: 'lead-unread', error }),
    );
  }

  #noteLead(lead: LeadSeen | undefined): void {
    for (const order of this.#gate.endRead(lead, this.#context.clock.now())) this.#judge(order);
  }

  #noteUnread(error: unknown): void {
    const level = this.#gate.failRead() > quietFailedReads ? 'warn' : 'debug';
    this.#context.log[level](
      { err: error },
      'agents: the lead record cannot be read; no order is obeyed until it can',
    );
    this.#context.setTimer('read-lead', leadRetryMs, { kind: 'read-lead' });
  }

  #judge(order: ManagerMessage): void {
    const { fence, term, kind, replyTo } = order;
    const { node } = replyTo.address;
    const verdict = this.#gate.judge(order, { node, fence }, this.#context.clock.now());
    if (verdict === 'obey') return this.#obey(order);
    if (verdict === 'read') return this.#readLead();
    this.#context.log.debug(
      { node, fence, term, lead: this.#gate.lead },
      `agents: refused the order to ${kind}`,
    );
  }

  #obey(order: ManagerMessage): void {
    this.#leader = order.replyTo;
    switch (order.kind) {
      case 'activate':
        return this.#activate(order.agent, order.owner);
      case 'deactivate':
        return order.final
          ? this.#remove(order.id, order.incarnation)
          : this.#deactivate(order.id, order.incarnation, 'agent-lost');
      case 'dispatch':
        return this.#dispatch(order);
      case 'survey':
        return this.#answerSurvey(order.survey);
      case 'recorded':
        return this.#outbox.confirm(order.runId);
    }
  }

  /** An agent runs only as long as this host owns it, under the owner record that its incarnation belongs to. */
  #followOwner(id: string): void {
    const owned = this.#spec.owned.get(id);
    const hosted = this.#hosted.get(id);
    if (hosted !== undefined && hosted.owner !== owned?.owner) {
      const { incarnation } = hosted;
      this.#deactivate(id, incarnation, 'agent-moved');
      this.#report({ kind: 'ended', id, incarnation });
    }
    if (owned !== undefined && this.#hosted.get(id) === undefined)
      this.#report({ kind: 'owned', agents: [owned] });
  }

  /** Asks the leader to order the agents that this host owns and does not run. */
  #reportOwned(): void {
    const waiting = [...this.#spec.owned.all()].filter(({ id }) => this.#hosted.get(id) === undefined);
    if (waiting.length === 0) return;
    for (const agents of pagesOf(waiting, pageSize)) this.#report({ kind: 'owned', agents });
  }

  #activate(activation: Activation, owner: number | undefined): void {
    const { id, incarnation, type } = activation;
    const known = this.#hosted.get(id);
    if (known?.incarnation === incarnation) return this.#report({ kind: 'activated', id, incarnation });
    const refuse = (reason: string): void => this.#report({ kind: 'not-activated', id, incarnation, reason });
    if (known && known.incarnation > incarnation) return refuse(`incarnation ${known.incarnation} runs here`);
    if (owner === undefined || this.#spec.owned.get(id)?.owner !== owner)
      return refuse('this host does not own the agent');
    const definition = this.#spec.definitions.get(type);
    if (!definition) return refuse(`this host has no agent definition ${type}`);
    if (known) this.#deactivate(id, known.incarnation, 'agent-lost');
    const shared: IncarnationState = { endCode: 'agent-lost', model: activation.model };
    const agent = this.#agentProps(activation, definition, shared);
    const ref = this.#context.spawn(agent, agentName(id, incarnation));
    this.#hosted.add({ id, incarnation, owner, ref, shared, state: 'ready', runs: new Set() });
    this.#report({ kind: 'activated', id, incarnation });
  }

  #agentProps(
    activation: Activation,
    definition: AgentDefinition,
    shared: IncarnationState,
  ): Props<AgentMessage> {
    const { id, incarnation } = activation;
    const { fleet, node, config, signers, onCall } = this.#spec;
    const { self } = this.#context;
    const longest = outputCharsFor(node.transport.maxPayloadBytes);
    return agentProps({
      activation,
      definition,
      fleet,
      config,
      maxOutputChars: Math.min(config.maxOutputChars, longest),
      shared,
      signers,
      onCall,
      onState: (state) => self.tell({ kind: 'agent-state', id, incarnation, state }, { lane: 'control' }),
      onRunEnded: (runId, outcome) => {
        const report = { runId, agentId: id, incarnation, node: node.nodeId, outcome };
        self.tell({ kind: 'run-ended', report }, { lane: 'control' });
      },
    });
  }

  #deactivate(id: string, incarnation: number, endCode: IncarnationState['endCode']): void {
    const hosted = this.#hosted.get(id);
    if (!hosted || hosted.incarnation > incarnation) return;
    hosted.shared.endCode = endCode;
    this.#hosted.remove(id);
    this.#context.stop(hosted.ref);
  }

  /** The agent was stopped for good and needs no owner. Repeated for as long as this host owns it. */
  #remove(id: string, incarnation: number): void {
    this.#deactivate(id, incarnation, 'agent-stopped');
    const { owned, entities, entity } = this.#spec;
    if (owned.get(id) === undefined || this.#hosted.get(id) !== undefined) return;
    entities
      .remove(entity, id)
      .catch((error: unknown) =>
        this.#context.log.debug({ err: error, agent: id }, 'agents: a stopped agent is not removed yet'),
      );
  }

  #dispatch(order: Extract<ManagerMessage, { kind: 'dispatch' }>): void {
    const { id, incarnation, runId, input, timeoutMs, principal } = order;
    const hosted = this.#hosted.get(id);
    // Sends no report: the next survey shows the leader which agents run here.
    if (hosted?.incarnation !== incarnation) return;
    if (hosted.state === 'failed') {
      this.#endRun(hosted, runId, `${parked(id)}; stop it and spawn another one`);
    } else if (!hosted.runs.has(runId)) {
      hosted.runs.add(runId);
      hosted.ref.tell({ kind: 'given', runId, input, timeoutMs, principal });
    }
    this.#report({ kind: 'dispatched', runId });
  }

  #answerSurvey(survey: number): void {
    const pages = this.#hosted.inventory(this.#outbox.byAgent());
    pages.forEach((agents, page) =>
      this.#report({ kind: 'inventory', survey, page, pages: pages.length, agents }),
    );
    this.#reportOwned();
  }

  #noteState(id: string, incarnation: number, state: ReportedState): void {
    const when = this.#hosted.noteState(id, incarnation, state);
    if (when === 'now') return this.#reportStates();
    if (when === 'soon')
      this.#context.setTimer('report-states', this.#spec.config.reportDebounceMs, { kind: 'report-states' });
  }

  #reportStates(): void {
    for (const agents of this.#hosted.takeChanged()) this.#report({ kind: 'states', agents });
  }

  #notePark(path: string): void {
    const hosted = this.#hosted.findByPath(path);
    if (!hosted) return;
    const { id, incarnation } = hosted;
    this.#context.log.error(
      { agent: id, incarnation },
      `agents: ${parked(id)}; stop it and spawn another one`,
    );
    for (const runId of hosted.runs) this.#endRun(hosted, runId, parked(id));
    this.#noteState(id, incarnation, 'failed');
  }

  #endRun({ id, incarnation }: Hosted, runId: string, message: string): void {
    const outcome = failed('task-failed', message);
    this.#noteEnd({ runId, agentId: id, incarnation, node: this.#spec.node.nodeId, outcome });
  }

  #noteEnd(report: RunReport): void {
    this.#hosted.get(report.agentId)?.runs.delete(report.runId);
    const dropped = this.#outbox.put(report);
    if (dropped !== undefined) {
      const message = `agents: ${outboxCapacity} ends of runs wait for a leader; the end of ${dropped} will not be recorded`;
      this.#context.log.warn({ run: dropped }, message);
    }
    this.#sendEnd(report);
  }

  #repeatEnds(): void {
    for (const report of this.#outbox.oldest(repeatBatch)) this.#sendEnd(report);
  }

  #sendEnd(run: RunReport): void {
    this.#leader?.tell({ kind: 'settle', run, replyTo: this.#context.self }, { lane: 'order' });
  }

  /** All reports use one lane, so that they arrive in the order in which they were sent. */
  #report(report: UnstampedReport): void {
    const { nodeId, incarnation } = this.#spec.node;
    this.#leader?.tell({ ...report, node: nodeId, nodeIncarnation: incarnation }, { lane: 'order' });
  }
}

type WithoutStamp<T> = T extends HostStamp ? Omit<T, keyof HostStamp> : never;
type UnstampedReport = WithoutStamp<HostReport>;

function parked(id: string): string {
  return `agent ${id} failed too often and was parked`;
}
