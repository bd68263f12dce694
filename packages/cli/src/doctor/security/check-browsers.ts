import { bad, type Check, good } from '../check.ts';
import { askStatus, type Asked } from './ask-status.ts';

const foreignHost = 'drover-doctor.invalid';
const foreignOrigin = `https://${foreignHost}`;

type Knock = 'preflight' | 'change' | 'hidden' | 'rebound';

const knocks: Readonly<Record<Knock, Asked>> = {
  preflight: {
    method: 'OPTIONS',
    path: '/api/chat',
    headers: { origin: foreignOrigin, 'access-control-request-method': 'POST' },
  },
  change: { method: 'DELETE', path: '/api/delete', headers: { origin: foreignOrigin } },
  hidden: { method: 'DELETE', path: '/api/delete', headers: { origin: 'null' } },
  rebound: { method: 'GET', path: '/healthz', headers: { host: foreignHost } },
};

export type BrowserAnswers = Readonly<Record<Knock, number | undefined>>;

/** Sends what the page of a foreign site would send. The gateway should refuse each of these requests. */
export async function checkBrowsers(url: string, isOpen: boolean): Promise<readonly Check[]> {
  const names = Object.keys(knocks) as Knock[];
  const answers = await Promise.all(names.map((name) => askStatus(url, knocks[name])));
  const found = Object.fromEntries(names.map((name, index) => [name, answers[index]])) as BrowserAnswers;
  return judgeBrowsers(found, isOpen);
}

/** Pure. */
export function judgeBrowsers(answers: BrowserAnswers, isOpen: boolean): readonly Check[] {
  const faults: Check[] = [];
  if (isLet(answers.preflight) || isLet(answers.change))
    faults.push(
      bad('browsers', `a page of any site, such as ${foreignOrigin}, may use the gateway`, narrowOrigins),
    );
  if (isLet(answers.hidden))
    faults.push(bad('browsers', 'a page that hides its origin (null) may change something', narrowOrigins));
  if (!isOpen && isLet(answers.rebound))
    faults.push(
      bad('browsers', `a request for the host ${foreignHost} is served on loopback (DNS rebinding)`),
    );
  if (faults.length > 0) return faults;
  const hosts = isOpen
    ? 'every Host is served, as on each address that other machines reach'
    : 'and foreign hosts';
  return [good('browsers', `pages of other sites are refused, ${hosts}`)];
}

/** Whether the gateway let the request through: any answer but a refusal. */
function isLet(status: number | undefined): boolean {
  return status !== undefined && status !== 403;
}

const narrowOrigins =
  'name the origins that may, one by one, with --origin; look at OLLAMA_ORIGINS too, where * allows every site';
