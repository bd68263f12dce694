import { type ActorRef, props, receive, SystemStoppedError } from '@drover/actor-core';
import type { ClusterNode } from '@drover/actor-core/cluster';
import type { SignedPrincipal } from '@drover/fleet';
import type { TaskEvent, TaskResult } from '../agents-client.ts';
import type { AgentsConfig } from '../config.ts';
import { AgentsError } from '../errors.ts';
import { type DirectoryMessage, directoryPath } from '../protocol/directory-message.ts';
import { failed, type RunOutcome } from '../protocol/run-outcome.ts';
import { agentPath, type TaskMessage } from '../protocol/task-message.ts';
import { type AgentAddress, type AgentLocator, locateRetryMs, type Place } from './agent-locator.ts';
import type { DirectoryAsker } from './ask-directory.ts';
import { delay } from './delay.ts';
import { overdue } from './task-errors.ts';
import type { TaskAttemptEnd } from './decide-attempt.ts';
import { taskAttemptProps, type TaskAttemptSpec } from './task-attempt.ts';

export interface TaskOptions {
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: TaskEvent) => void;
}

/** @param to node of the agent */
type Sign = (to: string) => SignedPrincipal | undefined;

export interface CheckedTask {
  readonly input: string;
  readonly timeoutMs: number;
}

/** Runs tasks: finds the agent, gives it the task, and repeats that while no agent has accepted the task. */
export class TaskRunner {
  readonly #node: ClusterNode;
  readonly #config: AgentsConfig;
  readonly #locator: AgentLocator;
  readonly #asker: DirectoryAsker;
  /** Parent of one actor per attempt. */
  readonly #attempts: ActorRef<TaskAttemptSpec>;

  constructor(node: ClusterNode, config: AgentsConfig, locator: AgentLocator, asker: DirectoryAsker) {
    this.#node = node;
    this.#config = config;
    this.#locator = locator;
    this.#asker = asker;
    this.#attempts = node.system.spawn(
      props<TaskAttemptSpec>(() => receive((spec, context) => void context.spawn(taskAttemptProps(spec))), {
        mailbox: { capacity: 10_000 },
        supervision: { dynamic: true },
      }),
      'agents-client',
    );
  }

  /** @throws AgentsError as `AgentsClient.task` */
  async run(
    address: AgentAddress,
    { input, timeoutMs }: CheckedTask,
    options: TaskOptions & { readonly sign: Sign },
  ): Promise<TaskResult> {
    const { clock, random } = this.#node;
    const runId = random.id();
    const untilMs = clock.now() + timeoutMs;
    for (;;) {
      const place = await this.#locator.locate(address, { untilMs, timeoutMs }, options.signal);
      const leftMs = untilMs - clock.now();
      if (leftMs <= 0) throw overdue(timeoutMs);
      const end = await this.#attempt(address.id, place, { runId, input, timeoutMs: leftMs }, options);
      if (end.type === 'settled') return resultOf(runId, place.node, end.outcome);
      this.#locator.forget(address);
      if (end.type === 'lost') {
        this.#reportLost(address.id, place, runId, end.message);
        throw new AgentsError('agent-lost', `${place.node}: ${end.message}`, { retryAfterMs: 1_000 });
      }
      await delay(clock, locateRetryMs, options.signal);
    }
  }

  /** Ends all running attempts. */
  async close(): Promise<void> {
    await this.#node.system.stop(this.#attempts).catch((error: unknown) => {
      // A stopped system has already stopped its actors.
      if (!(error instanceof SystemStoppedError)) throw error;
    });
  }

  #attempt(
    id: string,
    place: Place,
    task: CheckedTask & { readonly runId: string },
    options: TaskOptions & { readonly sign: Sign },
  ): Promise<TaskAttemptEnd> {
    const { system, clock } = this.#node;
    const agent = system.refFor<TaskMessage>(place.node, agentPath(id, place.incarnation));
    return new Promise((resolve) => {
      // An attempt always ends by itself; this timer covers an attempt whose actor could not start.
      const backstop = clock.setTimer(task.timeoutMs + 2 * this.#config.waitMs, () =>
        onEnd({
          type: 'settled',
          outcome: failed('deadline', 'the task could not be started on this node'),
        }),
      );
      const onEnd = (end: TaskAttemptEnd): void => {
        backstop.cancel();
        resolve(end);
      };
      const onEvent = options.onEvent ?? (() => undefined);
      const principal = options.sign(place.node);
      this.#attempts.tell({
        ...task,
        principal,
        agent,
        config: this.#config,
        signal: options.signal,
        onEvent,
        onEnd,
      });
    });
  }

  /**
   * Reports the lost run to the directory, which records its end. Sent once: the agent can no longer report it, and if
   * the message is lost, the leader detects most losses by itself.
   */
  #reportLost(agentId: string, { node, incarnation }: Place, runId: string, message: string): void {
    const { leader } = this.#asker;
    if (leader === undefined) return;
    const directory = this.#node.system.refFor<DirectoryMessage>(leader, directoryPath);
    const run = { runId, agentId, incarnation, node, outcome: failed('agent-lost', message) };
    directory.tell({ kind: 'settle', run }, { lane: 'request' });
  }
}

function resultOf(runId: string, node: string, outcome: RunOutcome): TaskResult {
  if (outcome.status === 'failed') {
    const retryAfterMs = outcome.code === 'agent-busy' || outcome.code === 'agent-lost' ? 1_000 : 0;
    throw new AgentsError(outcome.code, outcome.message, { retryAfterMs });
  }
  return { runId, status: 'completed', output: outcome.output, usage: outcome.usage, node };
}
