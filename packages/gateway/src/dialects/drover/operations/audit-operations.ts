import { z } from 'zod';
import type { OperationGroup } from '../../../openapi/operation.ts';
import { cursorQuery, instant } from './common.ts';

const record = z
  .looseObject({
    chain: z.string().describe('The gateway that wrote it.'),
    n: z.int().min(0).describe('Its number in the chain, without a gap.'),
    prev: z.string().describe('The hash of the record before it.'),
    time: instant,
    kind: z.string().describe('`start`, `denied`, `act`, `request`, `lost` or `checkpoint`.'),
    request: z.string().optional().describe('The `x-drover-request-id`.'),
    key: z.string().optional().describe('Id of the key; empty where no key was asked for.'),
    tenant: z.string().optional(),
    roles: z.array(z.string()).optional(),
    method: z.string().optional(),
    route: z.string().optional(),
    target: z.string().optional(),
    phase: z.enum(['begin', 'end']).optional(),
    status: z.int().optional(),
    hash: z.string().describe('SHA-256 of the record without this member.'),
  })
  .meta({ id: 'AuditRecord' });

const chain = z.string().optional().describe('The id of a gateway; all gateways without it.');
const store = {
  400: ['invalid-input'],
  503: ['store-missing', 'store-unavailable', 'audit-unavailable'],
};

/** Who did what: the audit records of all gateways. */
export const auditOperations: OperationGroup = {
  name: 'audit',
  description: 'Who did what: the audit records of all gateways, as hash chains.',
  operations: {
    'GET /api/v1/audit': {
      summary: 'Audit records, the oldest first',
      query: z.object({ chain, ...cursorQuery }),
      answers: {
        200: {
          description: 'A page of records.',
          schema: z.object({ records: z.array(record), cursor: z.string().optional() }),
        },
      },
      errors: store,
    },
    'GET /api/v1/audit/export': {
      summary: 'All audit records as they are stored, one a line',
      query: z.object({ chain }),
      answers: {
        200: {
          description: 'Lines that `drover audit verify` takes.',
          contentType: 'application/x-ndjson',
        },
      },
      errors: store,
    },
    'GET /api/v1/audit/chain': {
      summary: 'The chain of this gateway, its public key, and how much is kept',
      answers: {
        200: {
          description: 'The chain.',
          schema: z.looseObject({
            chain: z.string(),
            publicKey: z.string().describe('Ed25519, PEM.'),
            head: z.string().optional().describe('The newest checkpoint, as a line.'),
            waiting: z.int(),
            lost: z.int(),
            kept: z.object({
              messages: z.int(),
              bytes: z.int(),
              maxAgeMs: z.number(),
              maxBytes: z.number(),
            }),
          }),
        },
      },
      errors: store,
    },
  },
};
