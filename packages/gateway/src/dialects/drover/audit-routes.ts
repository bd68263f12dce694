import type { Handler, Route } from '../../http/route.ts';
import { AuditPager, parseCursor } from '../../audit/audit-pager.ts';
import type { GatewayAudit } from '../../audit/gateway-audit.ts';
import type { Exchange } from '../../http/exchange.ts';
import type { GatewayServices } from '../../services.ts';
import { droverJson } from './drover-reply.ts';
import { invalidField, readQuery } from './memory-query.ts';

const defaultLimit = 100;
const maxLimit = 1_000;
const chainPattern = /^[a-z0-9][a-z0-9_-]{0,63}$/;
const ndjson = 'application/x-ndjson';

/**
 * The audit records of all gateways, the oldest first:
 * - `GET /api/v1/audit?chain=&cursor=&limit=`
 * - `GET /api/v1/audit/export?chain=`: every record as it is stored, one a line
 * - `GET /api/v1/audit/chain`: the chain of this gateway, its public key, and what is kept
 */
export function auditRoutes({ audit }: GatewayServices): readonly Route[] {
  if (audit === undefined) return [];
  return [
    get('', (exchange) => list(audit, exchange)),
    get('/export', (exchange) => sendAll(audit, exchange)),
    get('/chain', (exchange) => describe(audit, exchange)),
  ];
}

function get(path: string, handler: Handler): Route {
  return { methods: ['GET'], path: `/api/v1/audit${path}`, right: 'administer', counted: false, handler };
}

async function list({ store }: GatewayAudit, exchange: Exchange): Promise<void> {
  const query = readQuery(exchange.query, ['chain', 'cursor', 'limit']);
  const limit = Number(query.limit ?? defaultLimit);
  if (!Number.isInteger(limit) || limit < 1 || limit > maxLimit)
    throw invalidField('limit', `must be 1 to ${maxLimit}`);
  const cursor = query.cursor === undefined ? { sequence: 0, line: 0 } : parseCursor(query.cursor);
  if (cursor === undefined) throw invalidField('cursor', 'must be the cursor of the page before');
  const pager = new AuditPager(store, requireChain(query.chain), cursor);
  const records: unknown[] = [];
  let line: string | undefined;
  while (records.length < limit && (line = await pager.next()) !== undefined) records.push(valueOf(line));
  exchange.reply(droverJson({ records, ...(records.length === limit && { cursor: pager.cursor }) }));
}

async function sendAll({ store }: GatewayAudit, exchange: Exchange): Promise<void> {
  const { chain } = readQuery(exchange.query, ['chain']);
  const pager = new AuditPager(store, requireChain(chain), { sequence: 0, line: 0 });
  let line = await pager.next();
  exchange.begin(200, ndjson);
  while (line !== undefined && !exchange.isGone) {
    if (!exchange.write(`${line}\n`)) await exchange.drained();
    line = await pager.next();
  }
  exchange.end();
}

async function describe(audit: GatewayAudit, exchange: Exchange): Promise<void> {
  const { spec, records, bytes } = await audit.store.info();
  const { maxAgeMs, maxBytes } = spec;
  const { publicKey, head, status } = audit;
  const kept = { messages: records, bytes, maxAgeMs, maxBytes };
  exchange.reply(droverJson({ ...status, publicKey, ...(head !== undefined && { head }), kept }));
}

function requireChain(chain: string | undefined): string | undefined {
  if (chain !== undefined && !chainPattern.test(chain))
    throw invalidField('chain', 'must be the id of a gateway');
  return chain;
}

/** A record that is damaged is shown as the text that it is. */
function valueOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return { damaged: line };
  }
}
