import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const timeoutMs = 3_000;

/**
 * The status of an answer; undefined where the server gives none. Carries no key and reads no body, so the certificate
 * of the server is not checked.
 */
export function askStatus(url: string, { method, path, headers = {} }: Asked): Promise<number | undefined> {
  const target = new URL(path, url);
  const request = target.protocol === 'https:' ? requestHttps : requestHttp;
  return new Promise((resolve) => {
    const sent = request(
      target,
      { method, headers, agent: false, rejectUnauthorized: false, signal: AbortSignal.timeout(timeoutMs) },
      (response) => {
        resolve(response.statusCode);
        response.destroy();
      },
    );
    sent.on('error', () => resolve(undefined));
    sent.end();
  });
}
