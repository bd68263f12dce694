import { type ActorContext, type ActorRef, type Props, props, receive, setup } from '@drover/actor-core';
import { type ClusterNode, readLeader } from '@drover/actor-core/cluster';
import type { FleetClient } from '@drover/fleet';
import { agentProps } from '../agent/agent-actor.ts';
import type { AgentDefinitions } from '../definitions/load-definitions.ts';
import type { AgentsConfig } from '../config.ts';
import { agentsGroup, outputCharsFor } from '../protocol/limits.ts';
import {
  type Activation,
  type ManagerMessage,
  managerMessageSchema,
  managerPath,
} from '../protocol/manager-message.ts';
import {
  pageSize,
  type DirectoryMessage,
  type ReportedState,
  type RunReport,
} from '../protocol/directory-message.ts';
import { pagesOf } from '../protocol/page.ts';
import { failed, type RunOutcome } from '../protocol/run-outcome.ts';
import { agentName, agentPath } from '../protocol/task-message.ts';
import { FenceGate, type LeadSeen } from './fence-gate.ts';
import { type Hosted, inventoryPages } from './hosted-agents.ts';
import { RunOutbox } from './run-outbox.ts';

/** What the manager hears: the leader's orders, and on its own node its agents. */
type Message =
  | ManagerMessage
  | { readonly kind: 'fence-read'; readonly lead: LeadSeen | undefined }
  | { readonly kind: 'fence-unread'; readonly error: unknown }
  | { readonly kind: 'read-fence' }
  | {
      readonly kind: 'agent-state';
      readonly id: string;
      readonly incarnation: number;
      readonly state: ReportedState;
    }
  | { readonly kind: 'run-ended'; readonly report: RunReport }
  | { readonly kind: 'parked'; readonly path: string }
  | { readonly kind: 'flush' }
  | { readonly kind: 'repeat' };

export interface ManagerSpec {
  readonly node: ClusterNode;
  readonly fleet: FleetClient;
  readonly definitions: AgentDefinitions;
  readonly config: AgentsConfig;
}

const outboxCapacity = 1_000;
/** Ends sent again at once. */
const repeatBatch = 50;
const fenceRetryMs = 500;
/** Orders kept while the lead record is read; the leader repeats what was refused. */
const maxOrdersHeld = 256;
const quietFenceReads = 6;

/** The recipe of a host's manager: it runs the agents that the leader orders, as children of its own. */
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
      // NATS lets only hosts publish on this lane, and `replyTo` is pinned to the sender by the protocol.
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
  readonly #gate = new FenceGate();
  readonly #hosted = new Map<string, Hosted>();
  readonly #outbox = new RunOutbox(outboxCapacity);
  readonly #changed = new Set<string>();
  readonly #unsubscribe: () => void;
  /** Orders whose fence is higher than that of the record known, until the record is read. */
  #held: ManagerMessage[] = [];
  #isReading = false;
  /** After an order with a fence above the record's: the record is not read again before this instant. */
  #readAgainAtMs = Number.NEGATIVE_INFINITY;
  #leader: ActorRef<DirectoryMessage> | undefined;
  #unread = 0;

  constructor(spec: ManagerSpec, context: ActorContext<Message>) {
    this.#spec = spec;
    this.#context = context;
    this.#unsubscribe = spec.node.system.onEvent((event) => {
      if (event.type === 'parked' && event.path.startsWith(`${managerPath}/`)) {
        context.self.tell({ kind: 'parked', path: event.path }, { lane: 'control' });
      }
    });
    context.setInterval('repeat', spec.config.probeMs, { kind: 'repeat' });
    this.#readFence();
  }

  end(): void {
    this.#unsubscribe();
  }

  handle(message: Message): void {
    switch (message.kind) {
      case 'fence-read':
        return this.#noteRead(message.lead);
      case 'fence-unread':
        return this.#noteUnread(message.error);
      case 'read-fence':
        return this.#readFence();
      case 'agent-state':
        return this.#noteState(message.id, message.incarnation, message.state);
      case 'run-ended':
        return this.#noteEnd(message.report);
      case 'parked':
        return this.#notePark(message.path);
      case 'flush':
        return this.#flushStates();
      case 'repeat':
        return this.#repeatEnds();
      default:
        return this.#judge(message);
    }
  }

  /** On start the lead record is read before anybody is obeyed: a restart must not forget the fence. */
  #readFence(): void {
    if (this.#isReading) return;
    this.#isReading = true;
    this.#context.pipeToSelf(
      readLeader(this.#spec.node, agentsGroup),
      (lead) => ({ kind: 'fence-read', lead }),
      (error) => ({ kind: 'fence-unread', error }),
    );
  }

  #noteRead(lead: LeadSeen | undefined): void {
    this.#isReading = false;
    this.#unread = 0;
    const before = this.#gate.lead?.fence;
    this.#gate.open(lead);
    if (this.#gate.lead?.fence === before) this.#readAgainAtMs = this.#context.clock.now() + fenceRetryMs;
    for (const order of this.#held.splice(0)) this.#judge(order);
  }

  #noteUnread(error: unknown): void {
    this.#isReading = false;
    this.#unread += 1;
    // In a new cluster there is no stream until the first leader has made it.
    const level = this.#unread > quietFenceReads ? 'warn' : 'debug';
    this.#context.log[level](
      { err: error },
      'agents: the lead record cannot be read; obeying nobody until it can',
    );
    this.#context.setTimer('read-fence', fenceRetryMs, { kind: 'read-fence' });
  }

  #judge(order: ManagerMessage): void {
    const { fence, term, kind, replyTo } = order;
    const { node } = replyTo.address;
    const verdict = this.#gate.judge(node, fence);
    if (verdict === 'obey') return this.#obey(order);
    const mayRead = this.#isReading || this.#context.clock.now() >= this.#readAgainAtMs;
    if (verdict === 'read' && mayRead && this.#held.length < maxOrdersHeld) {
      this.#held.push(order);
      return this.#readFence();
    }
    this.#context.log.debug(
      { node, fence, term, lead: this.#gate.lead },
      `agents: refused the order to ${kind}`,
    );
  }

  #obey(order: ManagerMessage): void {
    this.#leader = order.replyTo;
    switch (order.kind) {
      case 'activate':
        return this.#activate(order.agent);
      case 'deactivate':
        return this.#deactivate(order.id, order.incarnation, order.final ? 'agent-stopped' : 'agent-lost');
      case 'dispatch':
        return this.#dispatch(order);
      case 'survey':
        return this.#answerSurvey(order.survey);
      case 'recorded':
        return this.#outbox.confirm(order.runId);
    }
  }

  #activate(activation: Activation): void {
    const { id, incarnation, type } = activation;
    const known = this.#hosted.get(id);
    if (known?.incarnation === incarnation) return this.#tellLeader({ kind: 'activated', id, incarnation });
    const refuse = (reason: string): void =>
      this.#tellLeader({ kind: 'not-activated', id, incarnation, reason });
    if (known && known.incarnation > incarnation) return refuse(`incarnation ${known.incarnation} runs here`);
    const entry = this.#spec.definitions.get(type);
    if (!entry) return refuse(`this host has no agent definition ${type}`);
    if (known) this.#deactivate(id, known.incarnation, 'agent-lost');
    const life: Hosted['life'] = { endCode: 'agent-lost', model: activation.model };
    const { self } = this.#context;
    const { fleet, node } = this.#spec;
    const maxOutputChars = Math.min(
      this.#spec.config.maxOutputChars,
      outputCharsFor(node.transport.maxPayloadBytes),
    );
    const config = { ...this.#spec.config, maxOutputChars };
    const agent = agentProps({
      activation,
      entry,
      fleet,
      config,
      life,
      onState: (state) => self.tell({ kind: 'agent-state', id, incarnation, state }, { lane: 'control' }),
      onRunEnded: (runId, outcome) => {
        const report = { runId, agentId: id, incarnation, node: node.nodeId, outcome };
        self.tell({ kind: 'run-ended', report }, { lane: 'control' });
      },
    });
    const ref = this.#context.spawn(agent, agentName(id, incarnation));
    this.#hosted.set(id, { id, incarnation, ref, life, state: 'ready', runs: new Set() });
    this.#tellLeader({ kind: 'activated', id, incarnation });
  }

  #deactivate(id: string, incarnation: number, code: Hosted['life']['endCode']): void {
    const hosted = this.#hosted.get(id);
    if (!hosted || hosted.incarnation > incarnation) return;
    hosted.life.endCode = code;
    this.#hosted.delete(id);
    this.#context.stop(hosted.ref);
  }

  #dispatch(order: Extract<ManagerMessage, { kind: 'dispatch' }>): void {
    const { id, incarnation, runId, input, timeoutMs } = order;
    const hosted = this.#hosted.get(id);
    // Nothing is said: the next survey shows the leader what runs here.
    if (hosted?.incarnation !== incarnation) return;
    if (hosted.state === 'failed') {
      const outcome = failed(
        'task-failed',
        `agent ${id} failed too often and is parked; stop it and spawn another`,
      );
      this.#noteEnd({ runId, agentId: id, incarnation, node: this.#spec.node.nodeId, outcome });
    } else if (!hosted.runs.has(runId)) {
      hosted.runs.add(runId);
      hosted.ref.tell({ kind: 'given', runId, input, timeoutMs });
    }
    this.#tellLeader({ kind: 'dispatched', runId });
  }

  #answerSurvey(survey: number): void {
    const pages = inventoryPages(this.#hosted, this.#outbox.byAgent());
    pages.forEach((agents, page) =>
      this.#tellLeader({ kind: 'inventory', survey, page, pages: pages.length, agents }),
    );
  }

  #noteState(id: string, incarnation: number, state: ReportedState): void {
    const hosted = this.#hosted.get(id);
    if (hosted?.incarnation !== incarnation) return;
    hosted.state = state;
    this.#changed.add(id);
    // Ready goes out at once: who has the answer is to see it. Busy waits, and a short task is never shown as such.
    if (state !== 'busy') this.#flushStates();
    else if (this.#changed.size === 1)
      this.#context.setTimer('flush', this.#spec.config.reportDebounceMs, { kind: 'flush' });
  }

  #noteEnd(report: RunReport): void {
    this.#hosted.get(report.agentId)?.runs.delete(report.runId);
    const givenUp = this.#outbox.put(report);
    if (givenUp !== undefined) {
      const message = `agents: ${outboxCapacity} ends of runs wait for a leader; that of ${givenUp} will not be recorded`;
      this.#context.log.warn({ run: givenUp }, message);
    }
    this.#sendEnd(report);
  }

  #notePark(path: string): void {
    for (const hosted of this.#hosted.values()) {
      if (agentPath(hosted.id, hosted.incarnation) !== path) continue;
      const { id, incarnation } = hosted;
      this.#context.log.error(
        { agent: id, incarnation },
        `agent ${id} failed too often and is parked; stop it and spawn another`,
      );
      const outcome: RunOutcome = failed('task-failed', `agent ${id} failed too often and was parked`);
      const node = this.#spec.node.nodeId;
      for (const runId of hosted.runs) this.#noteEnd({ runId, agentId: id, incarnation, node, outcome });
      this.#noteState(id, incarnation, 'failed');
    }
  }

  #flushStates(): void {
    const agents = [...this.#changed].flatMap((id) => {
      const hosted = this.#hosted.get(id);
      return hosted
        ? [{ id, incarnation: hosted.incarnation, state: hosted.state, model: hosted.life.model }]
        : [];
    });
    this.#changed.clear();
    if (agents.length === 0) return;
    for (const page of pagesOf(agents, pageSize)) this.#tellLeader({ kind: 'states', agents: page });
  }

  #repeatEnds(): void {
    for (const report of this.#outbox.oldest(repeatBatch)) this.#sendEnd(report);
  }

  #sendEnd(run: RunReport): void {
    this.#leader?.tell({ kind: 'settle', run, replyTo: this.#context.self }, { lane: 'order' });
  }

  #tellLeader(report: HostReport): void {
    const { nodeId, incarnation } = this.#spec.node;
    // One lane for all of them, so that a survey and what was said before it arrive in this order.
    this.#leader?.tell({ ...report, node: nodeId, nodeIncarnation: incarnation }, { lane: 'order' });
  }
}

type WithoutStamp<T> = T extends unknown ? Omit<T, 'node' | 'nodeIncarnation'> : never;
type HostReport = WithoutStamp<
  Extract<DirectoryMessage, { kind: 'activated' | 'not-activated' | 'inventory' | 'states' | 'dispatched' }>
>;
