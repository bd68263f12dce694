import { readFileSync } from 'node:fs';

/** How often the ancestors are looked at; what npm leaves behind is gone well within the promised 5 s. */
const watchPeriodMs = 500;

/**
 * Calls `onGone` once when the npm that started this process has ended.
 *
 * npm runs a script through a shell, forwards SIGTERM to that shell alone, and can be killed: in both cases this
 * process would go on with nobody to stop it. Started by anything else, it is left alone: whoever put it into the
 * background wants it to stay. Returns the end of watching.
 */
export function watchNpm(environment: NodeJS.ProcessEnv, onGone: () => void): () => void {
  if (environment['npm_command'] === undefined || process.platform === 'win32') return () => {};
  const before = ancestors();
  const timer = setInterval(() => {
    if (sameAncestors(before, ancestors())) return;
    clearInterval(timer);
    onGone();
  }, watchPeriodMs);
  timer.unref();
  return () => clearInterval(timer);
}

/** The shell or npm that started this process, and what started that; 0 where it cannot be told. */
export interface Ancestors {
  readonly parent: number;
  readonly grandparent: number;
}

/** The grandparent counts only while the parent is alive to have one, and where the system tells. */
export function sameAncestors(before: Ancestors, now: Ancestors): boolean {
  if (now.parent !== before.parent) return false;
  return before.grandparent === 0 || now.grandparent === 0 || now.grandparent === before.grandparent;
}

function ancestors(): Ancestors {
  const parent = process.ppid;
  try {
    const status = readFileSync(`/proc/${parent}/status`, 'utf8');
    return { parent, grandparent: Number(/^PPid:\s+(\d+)/m.exec(status)?.[1] ?? 0) };
  } catch {
    return { parent, grandparent: 0 };
  }
}
