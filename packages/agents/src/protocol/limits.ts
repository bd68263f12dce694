import { z } from 'zod';

/** Bounds of what travels and what is stored. The numbers only grow. */
export const maxNameChars: number = 128;
export const maxModelChars: number = 512;
export const maxOptionsChars: number = 8_192;
export const maxKeyChars: number = 256;

/** Bytes of a message of the bus kept free beside a task's input or an answer. */
export const recordReserveBytes: number = 4_096;

/** Longest answer, in characters, that fits one message and one record: JSON writes at most six bytes for a character. */
export function outputCharsFor(maxPayloadBytes: number): number {
  return Math.max(1, Math.floor((maxPayloadBytes - recordReserveBytes) / 6));
}

export const idSchema: z.ZodString = z.string().regex(/^[a-z0-9][a-z0-9_-]{0,63}$/);
export const countSchema: z.ZodNumber = z.number().int().min(0);
export const incarnationSchema: z.ZodNumber = z.number().int().min(1);
/** Hard bound of any text field; the configured limits lie below it. */
export const textSchema: z.ZodString = z.string().max(262_144);

/** Leadership group of the directory, and the name of its stream's subjects. */
export const agentsGroup: string = 'agents';
