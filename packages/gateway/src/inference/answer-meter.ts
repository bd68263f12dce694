/** What an answer of a host cost, as its last line says. */
export interface AnswerCost {
  readonly promptTokens: number;
  readonly outputTokens: number;
  /** Nanoseconds in which the host worked on the prompt and the answer. */
  readonly workNs: number;
}

const doneMark = '"done":true';
/** Counters stand at the end of an answer. */
const tailLength = 1_024;

/** Who answers a request. */
export interface Answering {
  readonly model: string;
  /** Milliseconds until the request was inside an Ollama. */
  readonly queuedMs: number;
}

/** Reads from the lines of an answer what it cost. */
export class AnswerMeter {
  /** Set once a host answers with success. */
  answering: Answering | undefined;
  #lines = 0;
  #last: string | undefined;

  /** Takes lines of a stream. */
  addLines(lines: readonly string[]): void {
    this.#lines += lines.length;
    const last = lines.at(-1);
    if (last?.includes(doneMark) === true) this.#last = last;
  }

  /** Takes an answer that is not a stream. */
  addWhole(body: string): void {
    this.#last = body.slice(-tailLength);
  }

  /** Tokens of prompt and answer together. */
  get tokens(): number | undefined {
    const { cost } = this;
    return cost && cost.promptTokens + cost.outputTokens;
  }

  /** Undefined for an answer without counters, such as an error. A stream that broke off cost a token for each line. */
  get cost(): AnswerCost | undefined {
    const text = this.#last;
    if (text === undefined)
      return this.#lines === 0 ? undefined : { promptTokens: 0, outputTokens: this.#lines, workNs: 0 };
    const promptTokens = numberIn(text, 'prompt_eval_count');
    const outputTokens = numberIn(text, 'eval_count');
    if (promptTokens === undefined && outputTokens === undefined) return undefined;
    return {
      promptTokens: promptTokens ?? 0,
      outputTokens: outputTokens ?? 0,
      workNs: (numberIn(text, 'prompt_eval_duration') ?? 0) + (numberIn(text, 'eval_duration') ?? 0),
    };
  }
}

/** The last number of a field in a JSON text. */
function numberIn(text: string, field: string): number | undefined {
  const at = text.lastIndexOf(`"${field}":`);
  if (at < 0) return undefined;
  const value = Number.parseInt(text.slice(at + field.length + 3), 10);
  return Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}
