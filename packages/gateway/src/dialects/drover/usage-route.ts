import type { Exchange } from '../../http/exchange.ts';
import type { Route } from '../../http/route.ts';
import type { GatewayServices } from '../../services.ts';
import {
  type UsageField,
  usageFields,
  type UsageQuestion,
  type UsageSum,
  UsageSums,
} from '../../usage/sum-usage.ts';
import type { UsageCounts } from '../../usage/usage-row.ts';
import { dayOf, hourMs, hoursOfDay } from '../../usage/usage-store.ts';
import { droverJson } from './drover-reply.ts';
import { invalidField, readQuery } from './memory-query.ts';

const defaultHours = 30 * hoursOfDay;
const maxHours = 400 * hoursOfDay;
const defaultBy: readonly UsageField[] = ['key', 'tenant', 'model', 'agent'];
const parameters = ['since', 'until', 'by', 'key', 'tenant', 'model', 'agent'] as const;

/**
 * `GET /api/v1/usage?since=&until=&by=&key=&tenant=&model=&agent=`: what requests used, of all keys for an
 * administrator, else of the key that asks.
 */
export function usageRoute(services: GatewayServices): Route {
  return {
    methods: ['GET', 'HEAD'],
    path: '/api/v1/usage',
    right: 'list',
    counted: false,
    handler: async (exchange) => {
      const question = questionOf(services, exchange);
      // What this gateway counted and has not written yet.
      await services.usage.ledger.flush();
      const sums = new UsageSums(question);
      for (let day = dayOf(question.fromHour); day <= dayOf(question.toHour); day++)
        for await (const part of services.usage.store.day(day)) sums.add(part);
      exchange.reply(
        droverJson({
          from: isoOf(question.fromHour),
          until: isoOf(question.toHour + 1),
          by: question.by,
          rows: sums.sums.map((sum) => shown(services, sum)),
          total: countsOf(sums.total),
          complete: sums.isComplete,
        }),
      );
    },
  };
}

/** @throws RequestFailure 400 naming the parameter */
function questionOf({ node, keys }: GatewayServices, exchange: Exchange): UsageQuestion {
  const { since, until, by, key, tenant, model, agent } = readQuery(exchange.query, parameters);
  const nowHour = Math.floor(node.clock.wallNow() / hourMs);
  const toHour = until === undefined ? nowHour : Math.min(nowHour, hourOf('until', until));
  const fromHour = since === undefined ? toHour - defaultHours : hourOf('since', since);
  if (fromHour > toHour) throw invalidField('since', 'must not be after the end');
  if (toHour - fromHour > maxHours) throw invalidField('since', 'must be at most 400 days before the end');
  const { keyId, roles } = exchange.principal;
  const wantedKey = key === undefined || keys === undefined ? key : idOf(keys.list(), key);
  const only = { key: roles.includes('admin') ? wantedKey : keyId, tenant, model, agent };
  const stated = Object.fromEntries(Object.entries(only).filter(([, value]) => value !== undefined));
  return { fromHour, toHour, only: stated, by: fieldsOf(by) };
}

/** The id of a key that is named by its id or its name. A key that does not exist has no usage. */
function idOf(keys: readonly { readonly id: string; readonly name: string }[], text: string): string {
  return keys.find(({ id }) => id === text)?.id ?? keys.find(({ name }) => name === text)?.id ?? text;
}

function hourOf(field: string, text: string): number {
  const ms = Date.parse(text);
  if (!Number.isFinite(ms) || !/^\d{4}-\d{2}/.test(text))
    throw invalidField(field, 'must be a date or an instant such as 2026-12-01T10:00:00Z');
  return Math.floor(ms / hourMs);
}

function fieldsOf(text: string | undefined): readonly UsageField[] {
  if (text === undefined) return defaultBy;
  const wanted = text === '' ? [] : text.split(',');
  const wrong = wanted.find((one) => !(usageFields as readonly string[]).includes(one));
  if (wrong !== undefined) throw invalidField('by', `must be a list of ${usageFields.join(', ')}`);
  return usageFields.filter((field) => wanted.includes(field));
}

function shown({ keys }: GatewayServices, { fields, counts }: UsageSum): object {
  const { hour, ...others } = fields;
  const record = keys?.list().find(({ id }) => id === others.key);
  return {
    ...(hour !== undefined && { hour: isoOf(Number(hour)) }),
    ...others,
    ...(record !== undefined && record.name !== '' && { keyName: record.name }),
    ...countsOf(counts),
  };
}

function countsOf({ requests, promptTokens, outputTokens, workMs, queuedMs }: UsageCounts): object {
  return {
    requests,
    promptTokens,
    outputTokens,
    gpuSeconds: Math.round(workMs) / 1_000,
    queueSeconds: Math.round(queuedMs) / 1_000,
  };
}

function isoOf(hour: number): string {
  return new Date(hour * hourMs).toISOString();
}
