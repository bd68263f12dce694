import type { LogRecord, NewRecord } from '../log/log.ts';
import type { TaskDelivery } from './partition-consumers.ts';
import { defaultPriority, type FullQueueSpec, type Partition, placeOf, taskSubject } from './queue-spec.ts';
import type { DeadTask, LeasedTask, NewTask } from './work-queue.ts';

const priorityHeader = 'Drover-Priority';
const maxAttemptsHeader = 'Drover-Max-Attempts';
const attemptsHeader = 'Drover-Attempts';
const reasonHeader = 'Drover-Reason';
const maxReasonLength = 500;

/** The record that accepts a task. */
export function taskRecord(spec: FullQueueSpec, task: NewTask, wallNowMs: number): NewRecord {
  const priority = task.priority ?? defaultPriority(spec);
  const maxAttempts = task.maxAttempts ?? spec.maxAttempts;
  const subject = taskSubject(spec, `p${priority}`, task.id);
  const record: NewRecord = {
    subject,
    payload: task.body,
    headers: { [priorityHeader]: String(priority), [maxAttemptsHeader]: String(maxAttempts) },
    // Made of queue and id only, so that the log recognises a second put of this id.
    messageId: `${spec.name}.${task.id}`,
  };
  if (task.delayMs === undefined || task.delayMs <= 0) return record;
  return {
    ...record,
    subject: taskSubject(spec, 'later', task.id),
    delivery: { target: subject, atMs: wallNowMs + task.delayMs },
  };
}

/** The record of a task that is dead. */
export function deadRecord(spec: FullQueueSpec, delivery: TaskDelivery, reason: string): NewRecord {
  const { id } = placeOf(spec, delivery.subject);
  return {
    subject: taskSubject(spec, 'dead', id),
    payload: delivery.payload,
    headers: {
      ...taskHeaders(delivery.headers),
      [attemptsHeader]: String(delivery.attempt),
      [reasonHeader]: oneLine(reason),
    },
    messageId: `${spec.name}.${id}.dead.${delivery.sequence}`,
  };
}

/** The record that lets a dead task wait again. */
export function replayRecord(spec: FullQueueSpec, dead: LogRecord): NewRecord {
  const { id } = placeOf(spec, dead.subject);
  const partition: Partition = `p${priorityOf(dead)}`;
  return {
    subject: taskSubject(spec, partition, id),
    payload: dead.payload,
    headers: taskHeaders(dead.headers),
    messageId: `${spec.name}.${id}.replay.${dead.sequence}`,
  };
}

/** The priority that a record of a task states. */
export function priorityOf({ headers }: Pick<LogRecord, 'headers'>): number {
  return Number(headers[priorityHeader] ?? 0);
}

/** Deliveries after which the task is dead. */
export function maxAttemptsOf(spec: FullQueueSpec, { headers }: Pick<TaskDelivery, 'headers'>): number {
  return Number(headers[maxAttemptsHeader] ?? spec.maxAttempts);
}

/** A delivery as its taker sees it. */
export function leasedTask(spec: FullQueueSpec, delivery: TaskDelivery, expiresAtMs: number): LeasedTask {
  const { partition, id } = placeOf(spec, delivery.subject);
  const { attempt, token, payload, acceptedAtMs } = delivery;
  return {
    lease: { id, attempt, token, expiresAtMs },
    id,
    body: payload,
    attempt,
    maxAttempts: maxAttemptsOf(spec, delivery),
    priority: Number(partition.slice(1)),
    acceptedAtMs,
  };
}

/** A dead task as a person sees it. */
export function deadTask(spec: FullQueueSpec, record: LogRecord): DeadTask {
  return {
    id: placeOf(spec, record.subject).id,
    body: record.payload,
    attempts: Number(record.headers[attemptsHeader] ?? 0),
    reason: record.headers[reasonHeader] ?? '',
    diedAtMs: record.acceptedAtMs,
  };
}

function taskHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const name of [priorityHeader, maxAttemptsHeader])
    if (headers[name] !== undefined) kept[name] = headers[name];
  return kept;
}

/** A header holds one line of ASCII. */
function oneLine(reason: string): string {
  return reason.replaceAll(/[^\x20-\x7e]+/g, ' ').slice(0, maxReasonLength);
}
