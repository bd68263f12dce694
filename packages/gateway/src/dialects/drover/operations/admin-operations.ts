import { z } from 'zod';
import type { OperationGroup } from '../../../openapi/operation.ts';
import { instant } from './common.ts';

const bytes = z.number().min(0);
const job = z
  .looseObject({
    id: z.string().describe('Of this run.'),
    operation: z.enum(['pull', 'push', 'create', 'copy', 'delete']),
    model: z.string(),
    node: z.string(),
    instance: z.string(),
    state: z.enum(['waiting', 'running', 'done', 'failed']),
    attempts: z.int().min(0).describe('How often its node-agent has begun.'),
    submittedAt: instant,
    status: z.string().describe('What Ollama said last.'),
    totalBytes: bytes,
    completedBytes: bytes,
    error: z.string().optional().describe('The text of Ollama, of a job that failed.'),
  })
  .meta({ id: 'AdminJob' });

/** Changes of models at the hosts. */
export const adminOperations: OperationGroup = {
  name: 'models',
  description: 'Durable jobs that change the models of the hosts: one for each operation, model and host.',
  operations: {
    'GET /api/v1/admin-jobs': {
      summary: 'Jobs that run, and those that ended within the last hour',
      answers: { 200: { description: 'The jobs.', schema: z.object({ jobs: z.array(job) }) } },
    },
    'DELETE /api/v1/admin-jobs/{id}': {
      summary: 'Ends a job',
      answers: { 204: { description: 'Its node-agent ends it within seconds.' } },
      errors: { 404: ['job-not-found'] },
    },
  },
};
