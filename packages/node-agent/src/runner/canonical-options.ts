import { InvalidArgumentError } from '@drover/actor-core';
import {
  modelKey,
  type RunnerOptionName,
  type RunnerOptions,
  type RunnerOptionValue,
  runnerOptionNames,
} from '@drover/fleet';

const everyModel = '*';

/** The runner options that the owner of a host states, by model. */
export class CanonicalOptions {
  readonly #byModel = new Map<string, RunnerOptions>();

  /**
   * @param entries `MODEL=OPTION:VALUE`, such as `llama3.2=num_ctx:8192`; `*` is each model without an own value
   * @throws InvalidArgumentError naming `runnerOptions`
   */
  constructor(entries: readonly string[]) {
    for (const entry of entries) {
      const [, model = '', name = '', text = ''] = /^([^=]+)=(\w+):(.+)$/.exec(entry.trim()) ?? [];
      const key = model === everyModel ? everyModel : modelKey(model);
      this.#byModel.set(key, { ...this.#byModel.get(key), [requireName(name, entry)]: valueOf(name, text) });
    }
  }

  of(model: string): RunnerOptions {
    return { ...this.#byModel.get(everyModel), ...this.#byModel.get(modelKey(model)) };
  }
}

function requireName(name: string, entry: string): RunnerOptionName {
  const known = runnerOptionNames.find((one) => one === name);
  if (known !== undefined) return known;
  const form = `must be MODEL=OPTION:VALUE with one of ${runnerOptionNames.join(', ')}`;
  throw new InvalidArgumentError('runnerOptions', `${form} (got ${JSON.stringify(entry)})`);
}

function valueOf(name: string, text: string): RunnerOptionValue {
  if (name === 'use_mmap' && (text === 'true' || text === 'false')) return text === 'true';
  if (name !== 'use_mmap' && /^-?\d{1,9}$/.test(text)) return Number(text);
  const expected = name === 'use_mmap' ? 'true or false' : 'a whole number';
  throw new InvalidArgumentError(
    'runnerOptions',
    `${name} must be ${expected} (got ${JSON.stringify(text)})`,
  );
}
