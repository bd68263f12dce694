import { z } from 'zod';
import type { EntityEvent, Remedy, RuntimeEvent } from '../actor/runtime-event.ts';

const maxTextLength = 500;
const maxEvidence = 16;

/** A remedy as it travels. Fields and actions are only added. */
export const remedySchema: z.ZodType<Remedy> = z.object({
  action: z.enum(['restart', 'park', 're-place', 'eject', 're-elect', 'requeue', 'declare-dead']),
  subject: z.string().max(maxTextLength),
  cause: z.string().max(maxTextLength),
  evidence: z.record(z.string().max(64), z.union([z.string().max(maxTextLength), z.number(), z.boolean()])),
});

/** The remedy that a runtime event stands for; undefined where nothing was mended. */
export function remedyOf(event: RuntimeEvent): Remedy | undefined {
  switch (event.type) {
    case 'remedy': {
      const { action, subject, cause, evidence } = event;
      return bounded({ action, subject, cause, evidence });
    }
    case 'restarted': {
      const { path, incarnation, cause } = event;
      return bounded({ action: 'restart', subject: path, cause: textOf(cause), evidence: { incarnation } });
    }
    case 'parked':
      return bounded({ action: 'park', subject: event.path, cause: textOf(event.cause), evidence: {} });
    case 'entity':
      return entityRemedy(event);
    default:
      return undefined;
  }
}

function entityRemedy({ what, entity, cause, fence }: EntityEvent): Remedy | undefined {
  if (what !== 'moved' && what !== 'lost') return undefined;
  return bounded({ action: 're-place', subject: entity, cause, evidence: { what, fence } });
}

/** Texts and evidence of bounded size, so that each remedy fits into one message. */
function bounded({ action, subject, cause, evidence }: Remedy): Remedy {
  const facts = Object.entries(evidence)
    .slice(0, maxEvidence)
    .map(([name, fact]) => [
      name.slice(0, 64),
      typeof fact === 'string' ? fact.slice(0, maxTextLength) : fact,
    ]);
  return {
    action,
    subject: subject.slice(0, maxTextLength),
    cause: cause.slice(0, maxTextLength),
    evidence: Object.fromEntries(facts) as Remedy['evidence'],
  };
}

function textOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
