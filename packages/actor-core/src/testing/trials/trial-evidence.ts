import type { ChildProcess } from 'node:child_process';
import { systemClock } from '../../clock/system-clock.ts';
import type { Leadership } from '../../leadership/leadership.ts';
import type { ClusterNode } from '../../node/cluster-node.ts';
import { controlGroup, controlStream } from '../../transport/subjects.ts';
import { askForEvidence, type ElectionStep } from './leader-messages.ts';
import { evidenceOf, type NodeEvidence } from './node-evidence.ts';

/** How long the processes have to answer. */
const answerMs = 8_000;
const lookMs = 50;
/** Steps of elections of the control group that are shown at most. */
const shownSteps = 150;

/** What the processes of a trial say when something did not happen in time, so that the failure explains itself. */
export class TrialEvidence {
  readonly #answers = new Map<string, NodeEvidence>();

  /** The answer of a process. */
  note(by: string, lines: NodeEvidence): void {
    this.#answers.set(by, lines);
  }

  /** Asks all of them, and shows what the watcher itself, the server and the last elections say. */
  async gather(
    processes: ReadonlyMap<string, ChildProcess>,
    watcher: { readonly node: ClusterNode; readonly leaderships: readonly Leadership[] },
    steps: readonly ElectionStep[],
  ): Promise<string> {
    this.#answers.clear();
    for (const child of processes.values()) child.stdin?.write(`${askForEvidence}\n`);
    const untilMs = systemClock.now() + answerMs;
    const own = await evidenceOf(watcher.node, watcher.leaderships);
    const stream = await shownStream(watcher.node);
    while (this.#answers.size < processes.size && systemClock.now() < untilMs)
      await new Promise<void>((resolve) => systemClock.setTimer(lookMs, resolve));
    const silent = [...processes.keys()].filter((name) => !this.#answers.has(name));
    const lines = [
      ...own,
      stream,
      `no answer from: ${silent.join(', ') || 'nobody'}`,
      ...[...this.#answers.values()].flat(),
      ...steps
        .filter(({ fields }) => fields['group'] === controlGroup)
        .slice(-shownSteps)
        .map(({ atMs, by, fields }) => `step ${atMs} ${by} ${JSON.stringify(fields)}`),
    ];
    return lines.join('\n');
  }
}

/** Which server leads the log of the view, and how far its copies are. */
async function shownStream({ transport, subjects }: ClusterNode): Promise<string> {
  const subject = `$JS.API.STREAM.INFO.${controlStream(subjects.cell, controlGroup)}`;
  try {
    const answer = await transport.request(subject, new Uint8Array(0), { timeoutMs: 5_000 });
    const { cluster, state, error } = JSON.parse(new TextDecoder().decode(answer)) as Record<string, unknown>;
    return `stream of the view: ${JSON.stringify(error ?? { cluster, state })}`;
  } catch (error) {
    return `stream of the view: ${String(error)}`;
  }
}
