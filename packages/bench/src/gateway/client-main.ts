import { percentile } from '../percentile.ts';
import type { BenchForm } from '../suite.ts';
import { RawConnection } from './raw-connection.ts';
import { TokenReader } from './token-reader.ts';
import { type ClientOutcome, type GatewayWorkload, gatewayWorkloads, tokenIntervalMs } from './workloads.ts';

/** Usage: client-main URL WORKLOAD FORM. Writes the outcome as one line of JSON. */
const [address = '', wanted = '', formText = ''] = process.argv.slice(2);
const url = new URL(address);
const form = formText as BenchForm;
/** Streams start this far apart, but all of them within two seconds. */
const apartMs = 5;
const rampMs = 2_000;

const workload = gatewayWorkloads.find(({ name }) => name === wanted);
if (workload === undefined) throw new Error(`no workload ${wanted}`);
const outcome = await run(workload);
process.stdout.write(`${JSON.stringify(outcome)}\n`, () => process.exit(0));

function run(work: GatewayWorkload): Promise<ClientOutcome> {
  if (work.kind === 'first-token') return firstTokens(work.perSecond, work.seconds[form]);
  if (work.kind === 'streams') return streams(work.streams[form], work.tokens[form]);
  const body = chat(1, 0, false);
  return requests(work.inFlight, work.seconds[form], (connection) =>
    work.kind === 'chat'
      ? connection.send('POST', '/api/chat', body)
      : connection.send('GET', '/api/version', ''),
  );
}

/** The stub host sends `tokens` lines, one each `intervalMs`. */
function chat(tokens: number, intervalMs: number, stream: boolean): string {
  return JSON.stringify({
    model: 'stub',
    stream,
    messages: [{ role: 'user', content: 'hello there' }],
    options: { num_predict: tokens, seed: intervalMs },
  });
}

/** Milliseconds since the epoch, by the clock that the stub host writes into its tokens. */
function nowMs(): number {
  return performance.timeOrigin + performance.now();
}

function until(atMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, atMs - nowMs())));
}

async function firstTokens(perSecond: number, seconds: number): Promise<ClientOutcome> {
  const idle: RawConnection[] = [];
  const times: number[] = [];
  let wrong = 0;
  const one = async (): Promise<void> => {
    const connection = idle.pop() ?? (await RawConnection.open(url));
    const sentAtMs = nowMs();
    let firstMs: number | undefined;
    let lines = 0;
    const status = await connection.send('POST', '/api/chat', chat(3, 0, true), () => {
      firstMs ??= nowMs();
      lines += 1;
    });
    if (status === 200 && lines === 4 && firstMs !== undefined) times.push(firstMs - sentAtMs);
    else wrong += 1;
    idle.push(connection);
  };
  const startMs = nowMs();
  const pending: Promise<void>[] = [];
  for (let index = 0; index < perSecond * seconds; index += 1) {
    await until(startMs + (index * 1_000) / perSecond);
    pending.push(one());
  }
  await Promise.all(pending);
  return {
    kind: 'first-token',
    answers: times.length,
    wrong,
    p50: percentile(times, 0.5),
    p99: percentile(times, 0.99),
  };
}

async function requests(
  inFlight: number,
  seconds: number,
  one: (connection: RawConnection) => Promise<number>,
): Promise<ClientOutcome> {
  const startMs = nowMs();
  const endMs = startMs + seconds * 1_000;
  const times: number[] = [];
  let wrong = 0;
  const worker = async (): Promise<void> => {
    const connection = await RawConnection.open(url);
    for (let sentAtMs = nowMs(); sentAtMs < endMs; sentAtMs = nowMs()) {
      if ((await one(connection)) === 200) times.push(nowMs() - sentAtMs);
      else wrong += 1;
    }
    connection.close();
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
  const perSecond = times.length / ((nowMs() - startMs) / 1_000);
  return { kind: 'requests', answers: times.length, wrong, perSecond, p95: percentile(times, 0.95) };
}

async function streams(count: number, tokens: number): Promise<ClientOutcome> {
  const delays: number[] = [];
  const firstTokenMs: number[] = [];
  const problems = new Set<string>();
  let whole = 0;
  let arrived = 0;
  const startMs = nowMs();
  const one = async (index: number): Promise<void> => {
    await until(startMs + index * Math.min(apartMs, rampMs / count));
    const connection = await RawConnection.open(url);
    const reader = new TokenReader(nowMs, delays);
    const sentAtMs = nowMs();
    const status = await connection.send(
      'POST',
      '/api/chat',
      chat(tokens, tokenIntervalMs, true),
      reader.onLine,
    );
    arrived += reader.tokens;
    if (reader.firstAtMs !== undefined) firstTokenMs.push(reader.firstAtMs - sentAtMs);
    const problem = reader.problem(status, tokens);
    if (problem === undefined) whole += 1;
    else problems.add(problem);
    connection.close();
  };
  const all = await Promise.allSettled(Array.from({ length: count }, (_, index) => one(index)));
  for (const result of all) if (result.status === 'rejected') problems.add(String(result.reason));
  return {
    kind: 'streams',
    whole,
    wrong: count - whole,
    problems: [...problems].slice(0, 5),
    tokens: arrived,
    firstTokenP50: percentile(firstTokenMs, 0.5),
    firstTokenP99: percentile(firstTokenMs, 0.99),
    delayP50: percentile(delays, 0.5),
    delayP99: percentile(delays, 0.99),
    delayMax: percentile(delays, 1),
  };
}
