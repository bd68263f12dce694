import { wireArray } from '@drover/actor-core/internal';
import { z } from 'zod';

/** One entry of Ollama's `/api/tags`, untouched. */
export type OllamaTag = Record<string, unknown> & { readonly name: string; readonly digest: string };
/** One entry of Ollama's `/api/ps`, untouched. */
export type OllamaRunning = Record<string, unknown> & { readonly name: string };

/** The answer to `describe`: everything an instance's Ollama lists, in pages that fit the bus. */
export interface CatalogueMessage {
  readonly instance: string;
  readonly version: string;
  readonly tags: readonly OllamaTag[];
  /** On the first page. */
  readonly running: readonly OllamaRunning[];
  /** The list goes on: ask again with `from` this. */
  readonly next?: number | undefined;
}

const named = z.looseObject({ name: z.string() });

export const catalogueMessageSchema: z.ZodType<CatalogueMessage> = z.object({
  instance: z.string(),
  version: z.string(),
  tags: wireArray(z.looseObject({ name: z.string(), digest: z.string() })),
  running: wireArray(named),
  next: z.number().int().positive().optional(),
});
