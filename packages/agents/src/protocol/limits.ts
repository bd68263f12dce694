import { z } from 'zod';

/** Limits of wire messages and records. A limit may be raised, never lowered. */
export const maxNameChars: number = 128;
export const maxModelChars: number = 512;
export const maxOptionsChars: number = 8_192;
export const maxKeyChars: number = 256;
export const maxTenantChars: number = 64;

/** Maximum number of agents in one `agents` answer, and in one page of an inventory or of states. */
export const pageSize: number = 200;

/** Bytes of a NATS message kept free beside a task's input or an answer. */
export const recordReserveBytes: number = 4_096;

/** Maximum characters of an answer that fits one message and one record: JSON needs up to six bytes per character. */
export function outputCharsFor(maxPayloadBytes: number): number {
  return Math.max(1, Math.floor((maxPayloadBytes - recordReserveBytes) / 6));
}

export const idSchema: z.ZodString = z.string().regex(/^[a-z0-9][a-z0-9_-]{0,63}$/);
/** The tenant of everything without a stated one. */
export const defaultTenant: string = 'default';
export const tenantSchema: z.ZodString = z.string().regex(/^[a-z0-9][a-z0-9_-]{0,63}$/);
export const countSchema: z.ZodNumber = z.number().int().min(0);
export const incarnationSchema: z.ZodNumber = z.number().int().min(1);
/** Hard limit of a text field; the configured limits are lower. */
export const textSchema: z.ZodString = z.string().max(262_144);

/** Leadership group of the agent directory, and token of its stream and subjects. */
export const agentsGroup: string = 'agents';
