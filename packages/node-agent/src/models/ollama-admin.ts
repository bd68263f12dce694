import type { AdminJob, AdminStep, BlobAnswer } from '@drover/fleet';

/**
 * How an attempt ended. `failed`: Ollama said so, and would again. `lost`: the connection broke or nobody answered;
 * another attempt goes on where Ollama has stopped.
 */
export type AdminOutcome =
  | { readonly kind: 'done' }
  | { readonly kind: 'failed'; readonly error: string; readonly status?: number }
  | { readonly kind: 'lost'; readonly reason: string };

/** The routes of one Ollama that change its models. Implemented by `ollama-js-admin.ts`. */
export interface OllamaAdmin {
  /** Performs the operation of a job once. `onStep` gets each line except the last one. Never throws. */
  perform(
    job: Pick<AdminJob, 'operation' | 'model' | 'request'>,
    options: { readonly signal: AbortSignal; readonly onStep: (step: AdminStep) => void },
  ): Promise<AdminOutcome>;
  /** Whether the file is there: Ollama's status, or 502. Never throws. */
  hasBlob(digest: string, signal: AbortSignal): Promise<BlobAnswer>;
  /** Uploads a file. Never throws. */
  putBlob(digest: string, parts: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<BlobAnswer>;
  close(): void;
}
