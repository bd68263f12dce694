import type { AdminJob } from '@drover/fleet';
import { RequestFailure } from '../../errors.ts';
import type { Route } from '../../http/route.ts';
import type { GatewayServices } from '../../services.ts';
import { droverJson } from './drover-reply.ts';

/**
 * The durable jobs that change models: what runs at which host, how far it is, and what ended within the last hour.
 * `DELETE` ends one.
 */
export function adminJobRoutes({ adminJobs, events }: GatewayServices): readonly Route[] {
  return [
    {
      methods: ['GET', 'HEAD'],
      path: '/api/v1/admin-jobs',
      right: 'observe',
      counted: false,
      handler: async (exchange) => exchange.reply(droverJson({ jobs: (await adminJobs.list()).map(shown) })),
    },
    {
      methods: ['DELETE'],
      path: '/api/v1/admin-jobs/{id}',
      right: 'operate',
      counted: false,
      handler: async (exchange, { id = '' }) => {
        if (!(await adminJobs.cancel(id)))
          throw new RequestFailure(404, 'job-not-found', 'there is no admin job with this id');
        events.publish('model.job-cancelled', {
          targets: [`job/${id}`],
          payload: { job: id, by: exchange.principal.keyId },
          causationId: exchange.requestId,
          traceparent: exchange.header('traceparent'),
        });
        exchange.reply({ status: 204, contentType: '', body: '' });
      },
    },
  ];
}

function shown(job: AdminJob): object {
  const { id, operation, model, node, instance, state, attempts, steps, error, submittedAtMs } = job;
  const layers = steps.filter(({ digest }) => digest !== undefined);
  const sum = (of: 'total' | 'completed'): number =>
    layers.reduce((total, step) => total + (step[of] ?? 0), 0);
  return {
    id,
    operation,
    model,
    node,
    instance,
    state,
    attempts,
    submittedAt: new Date(submittedAtMs).toISOString(),
    status: steps.at(-1)?.status ?? '',
    totalBytes: sum('total'),
    completedBytes: sum('completed'),
    ...(error !== undefined && { error }),
  };
}
