import type { OllamaAddress } from './ollama-address.ts';
import type { Reply } from './ollama.ts';

/**
 * Chooses between the two `Host` headers of an address. The name in the address is tried first. If Ollama refuses this
 * name as unknown, the other header is tried. The first accepted header is used from then on.
 */
export class HostHeader {
  readonly #choices: OllamaAddress['hostHeaders'];
  #chosen: 0 | 1 = 0;

  constructor(address: OllamaAddress) {
    this.#choices = address.hostHeaders;
  }

  /** The header to send now. */
  get value(): string {
    return this.#choices[this.#chosen];
  }

  /** The alternative header. */
  get other(): string {
    return this.#choices[this.#chosen === 0 ? 1 : 0];
  }

  /** Notes that Ollama accepted this header, which is sent from now on. */
  keep(header: string): void {
    this.#chosen = this.#choices[0] === header ? 0 : 1;
  }
}

/** Ollama refuses a `Host` it does not know with 403, an empty body and no content type. */
export function isHostRefusal({ status, headers, body }: Reply): boolean {
  return status === 403 && body.length === 0 && headers['content-type'] === undefined;
}
