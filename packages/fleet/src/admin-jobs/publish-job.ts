import type { EventPublisher } from '../events/event-publisher.ts';
import { type AdminJob, isOver } from './admin-job.ts';

/** Publishes that a job was submitted, how far it is, or that it is over. */
export function publishJob(events: EventPublisher | undefined, job: AdminJob): void {
  if (events === undefined) return;
  const { id, operation, model, node, instance, state, attempts, error, steps } = job;
  const targets = [`job/${id}`, `model/${model}`, `node/${node}`];
  const facts = { job: id, operation, model, node, instance };
  if (isOver(job)) {
    const payload = { ...facts, state, attempts, ...(error !== undefined && { error }) };
    events.publish('model.job-finished', { targets, payload });
  } else if (state === 'waiting' && attempts === 0) {
    events.publish('model.job-submitted', { targets, payload: facts });
  } else {
    const sum = (of: 'total' | 'completed'): number =>
      steps.reduce((total, step) => total + (step[of] ?? 0), 0);
    const payload = { ...facts, completedBytes: sum('completed'), totalBytes: sum('total') };
    events.publish('model.job-progress', { targets, payload });
  }
}
