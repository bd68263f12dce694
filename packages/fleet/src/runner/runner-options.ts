import { membersOf, type MemberSpan, skipSpace } from '../json/json-spans.ts';

/**
 * Options that Ollama fixes when it starts a runner: a request with another value makes it load the model again
 * (measured, `ollama-observed.md` part 4b). `shift`, a field beside `options`, does so too, but changes the meaning of
 * a request, so it is not in the list.
 */
export const runnerOptionNames = [
  'num_ctx',
  'num_batch',
  'num_gpu',
  'main_gpu',
  'use_mmap',
  'num_thread',
] as const;

export type RunnerOptionName = (typeof runnerOptionNames)[number];
export type RunnerOptionValue = number | boolean;

/** Values by their names; a name that is absent is not set, which Ollama fills in by itself. */
export type RunnerOptions = Readonly<
  Partial<Record<Exclude<RunnerOptionName, 'use_mmap'>, number> & { use_mmap: boolean }>
>;

/** The runner options that a request to Ollama states. `null` and values of another type count as not stated. */
export function readRunnerOptions(body: Uint8Array): RunnerOptions {
  const json = bufferOf(body);
  const found: Record<string, RunnerOptionValue> = {};
  for (const { name, value } of statedOptions(json)) {
    if (value === undefined) delete found[name];
    else found[name] = value;
  }
  return found;
}

/**
 * The same request with these runner options and no others; every other byte stays as the client wrote it. The body is
 * returned itself where nothing has to change.
 */
export function withRunnerOptions(body: Uint8Array, wanted: RunnerOptions): Uint8Array {
  const json = bufferOf(body);
  const asked = readRunnerOptions(body);
  if (runnerOptionNames.every((name) => asked[name] === wanted[name])) return body;
  const text = runnerOptionNames
    .filter((name) => wanted[name] !== undefined)
    .map((name) => `"${name}":${String(wanted[name])}`)
    .join(',');
  const brace = skipSpace(json, 0);
  const options = optionsOf(json, brace);
  if (options === undefined) return insert(json, brace, `"options":{${text}}`);
  const kept = [...membersOf(json, options.valueStart)]
    .filter(({ name }) => !isRunnerOption(name))
    .map(({ start, end }) => json.subarray(start, end));
  const parts = text === '' ? kept : [...kept, Buffer.from(text)];
  return Buffer.concat([
    json.subarray(0, options.valueStart + 1),
    ...parts.flatMap((part, index) => (index === 0 ? [part] : [Buffer.from(','), part])),
    json.subarray(closingBrace(json, options)),
  ]);
}

/** Puts a member first into the object. */
function insert(json: Buffer, brace: number, member: string): Uint8Array {
  const rest = json.subarray(brace + 1);
  const isEmpty = /^\s*\}/.test(rest.subarray(0, 64).toString('latin1'));
  return Buffer.concat([json.subarray(0, brace + 1), Buffer.from(member + (isEmpty ? '' : ',')), rest]);
}

function* statedOptions(
  json: Buffer,
): Generator<{ readonly name: RunnerOptionName; readonly value: RunnerOptionValue | undefined }, undefined> {
  if (!runnerOptionNames.some((name) => json.includes(`"${name}"`))) return undefined;
  const options = optionsOf(json, skipSpace(json, 0));
  if (options === undefined) return undefined;
  for (const { name, valueStart, end } of membersOf(json, options.valueStart))
    if (isRunnerOption(name))
      yield { name, value: valueOf(name, json.toString('utf8', valueStart, end).trimEnd()) };
  return undefined;
}

/** The last member `options` that is an object: of two fields with one name, in any case, Ollama reads the last one. */
function optionsOf(json: Buffer, brace: number): MemberSpan | undefined {
  if (json[brace] !== 0x7b) return undefined;
  const found = [...membersOf(json, brace)].findLast(({ name }) => name.toLowerCase() === 'options');
  return found !== undefined && json[found.valueStart] === 0x7b ? found : undefined;
}

/** Index of the brace that ends the value of the member. */
function closingBrace(json: Buffer, { valueStart, end }: MemberSpan): number {
  const at = json.lastIndexOf(0x7d, end - 1);
  return at > valueStart ? at : end;
}

function valueOf(name: RunnerOptionName, text: string): RunnerOptionValue | undefined {
  if (name === 'use_mmap') return text === 'true' || text === 'false' ? text === 'true' : undefined;
  return /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(text) ? Math.trunc(Number(text)) : undefined;
}

function isRunnerOption(name: string): name is RunnerOptionName {
  return (runnerOptionNames as readonly string[]).includes(name);
}

function bufferOf(body: Uint8Array): Buffer {
  return Buffer.from(body.buffer, body.byteOffset, body.byteLength);
}
