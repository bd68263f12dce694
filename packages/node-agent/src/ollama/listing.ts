import type { OllamaRunning, OllamaTag } from '@drover/fleet';

/** What one probe of an Ollama has found. */
export interface Listing {
  readonly version: string;
  readonly tags: readonly OllamaTag[];
  /** Undefined when `ps` did not answer, which can last half a minute. */
  readonly running: readonly OllamaRunning[] | undefined;
}
