import { encodeRecord, type LeaderTenure } from '@drover/actor-core/internal';
import type { ActorRef, Logger } from '@drover/actor-core';
import type { ClusterNode, Entities } from '@drover/actor-core/cluster';
import type { AnswerRef, DirectoryAnswer } from '../protocol/directory-answer.ts';
import type { AgentEntity } from '../manager/agent-entity.ts';
import type { DirectoryMessage } from '../protocol/directory-message.ts';
import { managerPath, type ManagerMessage, type Order } from '../protocol/manager-message.ts';
import { errorAnswer } from './answers.ts';
import type { DirectoryEffect } from './directory-event.ts';
import type { DirectoryRecords } from './directory-records.ts';
import { runView } from './run-record.ts';

/** Where the effects go besides the records. */
export interface EffectTargets {
  readonly node: ClusterNode;
  readonly entities: Entities;
  readonly entity: AgentEntity;
}

/** Performs the effects of the directory's decisions: writes, orders, answers and log lines. */
export class EffectRunner {
  readonly #node: ClusterNode;
  readonly #records: DirectoryRecords;
  readonly #log: Logger;
  readonly #self: ActorRef<DirectoryMessage>;
  readonly #start: (id: string) => void;

  constructor(
    { node, entities, entity }: EffectTargets,
    records: DirectoryRecords,
    log: Logger,
    self: ActorRef<DirectoryMessage>,
  ) {
    this.#node = node;
    this.#start = (id) => entities.ref(entity, id).tell({ kind: 'start' });
    this.#records = records;
    this.#log = log;
    this.#self = self;
  }

  perform(tenure: LeaderTenure<unknown>, effect: DirectoryEffect<AnswerRef>): void {
    switch (effect.type) {
      case 'write-agent': {
        const subject = this.#records.agents.subjectOf(effect.record.slot);
        return tenure.writer.push({ write: effect.write, subject, payload: encodeRecord(effect.record) });
      }
      case 'write-run': {
        const subject = this.#records.runs.subjectOf(effect.record.slot);
        return tenure.writer.push({ write: effect.write, subject, payload: encodeRecord(effect.record) });
      }
      case 'start':
        return this.#start(effect.id);
      case 'order':
        return this.#sendOrder(tenure, effect.node, effect.order);
      case 'answer':
        return effect.to.tell(effect.answer);
      case 'read-run':
        return this.#answerRun(effect.slot, effect.runId, effect.to);
      case 'remedy':
        return this.#node.system.reportRemedy(effect.remedy);
      case 'note':
        return this.#log[effect.level](effect.fields, `agents: ${effect.message}`);
    }
  }

  #sendOrder({ lead }: LeaderTenure<unknown>, to: string, order: Order): void {
    const { term } = lead;
    const fence = lead.fence.sequence;
    const manager = this.#node.system.refFor<ManagerMessage>(to, managerPath);
    manager.tell({ ...order, term, fence, replyTo: this.#self }, { lane: 'order' });
  }

  #answerRun(slot: number, runId: string, to: AnswerRef): void {
    this.#records.runs.read(slot).then(
      // In the meantime the slot may have been given to another run.
      (record) => to.tell(record?.runId === runId ? { kind: 'run', run: runView(record) } : runGone(runId)),
      // Sends no answer: the asker asks again.
      (error: unknown) => this.#log.warn({ err: error, run: runId }, 'agents: a run record cannot be read'),
    );
  }
}

function runGone(runId: string): DirectoryAnswer {
  return errorAnswer('run-not-found', `the record of run ${runId} was replaced by a newer one`);
}
