import { z } from 'zod';
import type { OperationGroup } from '../../../openapi/operation.ts';
import { eventStream, queryNumber } from './common.ts';

/** What happens in the cluster. */
export const eventOperations: OperationGroup = {
  name: 'events',
  description: 'What happens in the cluster, and what happens to the agents, runs and data of a tenant.',
  operations: {
    'GET /api/agents/ws': {
      summary: 'Agents, tasks and figures of the tenant over a WebSocket',
      detail:
        'The server sends JSON messages: `snapshot` with `sequence` and `agents`, `event` with `sequence` and `event`, `metrics` every 5 s, `events-lost` with `upTo`. A client that comes back states the last sequence as `after`. It may send `{"type":"ping"}`. A browser, which cannot set headers, offers the protocols `drover` and `bearer.KEY`.',
      query: z.object({
        topics: z
          .string()
          .optional()
          .describe(
            'Some of agents, tasks, metrics and events, separated by commas; the first three without it.',
          ),
        after: queryNumber('Go on after this sequence, without a snapshot.'),
      }),
      answers: { 101: { description: 'The WebSocket is open.' } },
      errors: {
        426: ['upgrade-required'],
        503: ['store-unavailable', 'too-many-streams'],
      },
    },
    'GET /api/v1/events': {
      summary: 'Events as they happen, and those that are stored',
      detail:
        'The id of a stored event is its sequence: send it as `Last-Event-ID` (browsers do) to go on after it. The data of each is JSON: `sequence` (of a stored one), `v`, `id`, `type`, `time`, `source`, `targets`, `tenant`, `traceparent`, `causationId`, `payload`, `meta`. An event `events-lost` says that stored events after that id were removed before they were read.',
      query: z.object({
        after: queryNumber('Begin after this sequence. `Last-Event-ID` goes before it.'),
        since: z.string().optional().describe('Begin at this instant, or this duration ago, such as `1h`.'),
        type: z
          .string()
          .optional()
          .describe('Only these types, separated by commas; `node.*` stands for all that begin so.'),
        target: z
          .string()
          .optional()
          .describe('Only events about these, separated by commas; `agent/*` stands for all agents.'),
        follow: z
          .enum(['true', 'false'])
          .optional()
          .describe('`false`: end after the newest stored event. `true` without it.'),
      }),
      answers: { 200: { description: 'Events until the client leaves.', contentType: eventStream } },
      errors: { 503: ['store-unavailable', 'store-missing', 'too-many-streams'] },
    },
  },
};
