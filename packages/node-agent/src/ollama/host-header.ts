import type { OllamaAddress } from './ollama-address.ts';
import type { Reply } from './ollama.ts';

/**
 * Which of an address's two `Host` headers is sent. Begins with the address's own one; a refusal as Ollama gives it to
 * a name it does not know makes the other one be tried, and the one that is not refused is kept from then on.
 */
export class HostHeader {
  readonly #choices: OllamaAddress['hostHeaders'];
  #chosen: 0 | 1 = 0;

  constructor(address: OllamaAddress) {
    this.#choices = address.hostHeaders;
  }

  /** What to send now. */
  get value(): string {
    return this.#choices[this.#chosen];
  }

  /** The one that is not sent now. */
  get other(): string {
    return this.#choices[this.#chosen === 0 ? 1 : 0];
  }

  /** An answer to a request with that header was no such refusal: it is sent from now on. */
  keep(header: string): void {
    this.#chosen = this.#choices[0] === header ? 0 : 1;
  }
}

/** Ollama refuses a `Host` it does not know with 403, an empty body and no content type. */
export function isHostRefusal({ status, headers, body }: Reply): boolean {
  return status === 403 && body.length === 0 && headers['content-type'] === undefined;
}
