import { badConfiguration, CommandError, exitCodes } from '../errors.ts';

const timeoutMs = 5_000;
const maxAnswerBytes = 32_000_000;

/**
 * Reads one of the gateway's own routes.
 *
 * @throws CommandError `gateway-unreachable` when nobody answers, or something that is no Drover does
 */
export async function getJson(baseUrl: string, path: string): Promise<unknown> {
  if (!/^https?:\/\//.test(baseUrl) || !URL.canParse(baseUrl)) {
    throw badConfiguration('--url', `is no http address: ${baseUrl}`);
  }
  const url = new URL(path, baseUrl).href;
  let response: Response;
  let text: string;
  try {
    response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) });
    text = await response.text();
  } catch (error) {
    throw unreachable(`no Drover answers at ${baseUrl}: ${reason(error)}`, error);
  }
  if (text.length > maxAnswerBytes)
    throw unreachable(`${url} answered more than ${maxAnswerBytes} bytes`, undefined);
  if (!response.ok) throw unreachable(`${url} answered ${response.status}: ${text.slice(0, 200)}`, undefined);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw unreachable(`${url} answered something that is no JSON`, error);
  }
}

function unreachable(message: string, cause: unknown): CommandError {
  return new CommandError('gateway-unreachable', exitCodes.missing, message, {
    fix: 'start one with "drover up", or name its address with --url',
    cause,
  });
}

/** Why a fetch failed, as one clause. */
export function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return `no answer within ${timeoutMs / 1000} s`;
  const cause = error.cause instanceof Error ? error.cause : undefined;
  const refused = cause !== undefined && 'code' in cause && cause.code === 'ECONNREFUSED';
  return refused ? 'nobody listens there' : (cause?.message ?? error.message);
}
