import { z } from 'zod';
import type { OperationGroup } from '../../../openapi/operation.ts';
import { instant } from './common.ts';

const counts = {
  requests: z.int().min(0),
  promptTokens: z.int().min(0),
  outputTokens: z.int().min(0),
  gpuSeconds: z.number().min(0).describe('Time in which a host worked on prompts and answers.'),
  queueSeconds: z.number().min(0).describe('Time that requests waited until they were inside an Ollama.'),
};

const usage = z
  .looseObject({
    from: instant,
    until: instant,
    by: z.array(z.string()),
    rows: z.array(
      z.looseObject({
        hour: instant.optional(),
        key: z.string().optional().describe('Id of the key; empty where no key was asked for.'),
        keyName: z.string().optional(),
        tenant: z.string().optional(),
        model: z.string().optional(),
        agent: z.string().optional().describe('Id of the agent; empty for requests of clients.'),
        ...counts,
      }),
    ),
    total: z.looseObject(counts),
    complete: z.boolean().describe('False where there are more than 10,000 rows.'),
  })
  .meta({ id: 'Usage' });

/** What requests used. */
export const usageOperations: OperationGroup = {
  name: 'usage',
  description: 'What requests used: tokens, time of the hosts and time in queues.',
  operations: {
    'GET /api/v1/usage': {
      summary: 'What requests used, by key, tenant, model, agent and hour',
      detail: 'An administrator sees all keys, everybody else the own key.',
      query: z.object({
        since: z.string().optional().describe('A date or an instant; 30 days before the end without it.'),
        until: z.string().optional().describe('A date or an instant; now without it.'),
        by: z
          .string()
          .optional()
          .describe('Fields to sum up by, separated by commas: hour, key, tenant, model, agent.'),
        key: z.string().optional().describe('Only this key, by its id or name.'),
        tenant: z.string().optional(),
        model: z.string().optional(),
        agent: z.string().optional(),
      }),
      answers: { 200: { description: 'The sums.', schema: usage } },
      errors: { 503: ['store-full', 'store-missing', 'store-unavailable'] },
    },
  },
};
