import { z } from 'zod';

/** One entry of Ollama's `/api/tags`, untouched. */
export type OllamaTag = Record<string, unknown> & { readonly name: string; readonly digest: string };
/** One entry of Ollama's `/api/ps`, untouched. */
export type OllamaRunning = Record<string, unknown> & { readonly name: string };

/** The answer to `describe`: everything an instance's Ollama lists. */
export interface CatalogueMessage {
  readonly instance: string;
  readonly version: string;
  readonly tags: readonly OllamaTag[];
  readonly running: readonly OllamaRunning[];
}

const named = z.looseObject({ name: z.string() });

export const catalogueMessageSchema: z.ZodType<CatalogueMessage> = z.object({
  instance: z.string(),
  version: z.string(),
  tags: z.array(z.looseObject({ name: z.string(), digest: z.string() })),
  running: z.array(named),
});
