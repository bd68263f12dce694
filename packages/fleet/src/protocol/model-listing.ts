import { wireArray } from '@drover/actor-core/internal';
import { z } from 'zod';

/** One entry of Ollama's `/api/tags`, unchanged. */
export type OllamaTag = Record<string, unknown> & { readonly name: string; readonly digest: string };
/** One entry of Ollama's `/api/ps`, unchanged. */
export type OllamaRunning = Record<string, unknown> & { readonly name: string };

/** The answer to `describe`: all models that the Ollama of an instance lists, in pages that fit a bus message. */
export interface ModelListing {
  readonly instance: string;
  readonly version: string;
  readonly tags: readonly OllamaTag[];
  /** On the first page. */
  readonly running: readonly OllamaRunning[];
  /** `from` of the next page; absent on the last page. */
  readonly next?: number | undefined;
}

const named = z.looseObject({ name: z.string() });

export const modelListingSchema: z.ZodType<ModelListing> = z.object({
  instance: z.string(),
  version: z.string(),
  tags: wireArray(z.looseObject({ name: z.string(), digest: z.string() })),
  running: wireArray(named),
  next: z.number().int().positive().optional(),
});
