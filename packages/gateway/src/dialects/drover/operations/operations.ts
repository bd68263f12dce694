import { readFileSync } from 'node:fs';
import type { DocumentFacts } from '../../../openapi/document.ts';
import { adminOperations } from './admin-operations.ts';
import { agentOperations } from './agent-operations.ts';
import { auditOperations } from './audit-operations.ts';
import { clusterOperations } from './cluster-operations.ts';
import { failureSchema } from './common.ts';
import { eventOperations } from './event-operations.ts';
import { keyOperations } from './key-operations.ts';
import { memoryOperations } from './memory-operations.ts';
import { queueOperations } from './queue-operations.ts';
import { usageOperations } from './usage-operations.ts';
import { serviceOperations } from './service-operations.ts';

/** Everything that the document says about Drover's own routes. */
export function droverOperations(): DocumentFacts {
  return {
    version: packageVersion(),
    groups: [
      serviceOperations,
      agentOperations,
      memoryOperations,
      queueOperations,
      clusterOperations,
      adminOperations,
      eventOperations,
      keyOperations,
      usageOperations,
      auditOperations,
    ],
    parameters: {
      id: 'The id of the agent, of the message or of the job.',
      runId: 'The id of the run.',
      requestId: 'The `x-drover-request-id` of the request.',
      scope: '`global`, `tenant:ID`, `session:ID`, `run:ID` or `agent:ID`.',
      q: 'The name of the queue, percent-encoded.',
      node: 'The id of the node.',
      key: 'The key of the memory, percent-encoded (`-` is reserved), or the id or name of a key of a client.',
      group: 'The name of the group.',
    },
    errors: {
      400: '`invalid-input`: a field, parameter or header is wrong.',
      405: '`method-not-allowed`: the path has no such method.',
      500: '`internal`: an unexpected error, which is in the log of the gateway.',
      401: 'A key is needed, or the one that was sent is not valid.',
      403: 'The key may not do this.',
      503: '`gateway-stopping`, `too-many-requests` and the like; with `retry-after`.',
    },
    bodyErrors: {
      408: '`body-timeout`: the body did not arrive in time.',
      413: '`body-too-large`, `body-too-complex`: the body is above `--max-body`, or its JSON is too deep.',
    },
    errorSchema: failureSchema,
  };
}

function packageVersion(): string {
  const text = readFileSync(new URL('../../../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
