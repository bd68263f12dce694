import type { ActorEntry, ActorsReport, NodeActors } from '../gateway-client/actors-report.ts';
import { printable } from './figures.ts';

/** Actors or nodes that one piece of advice names. */
const maxNamed = 3;

interface Finding {
  readonly node: NodeActors;
  readonly actor: ActorEntry;
}

/** What is wrong and what to do now, one sentence or two each; empty when nothing is. Pure. */
export function actorAdvice({ nodes }: ActorsReport): string[] {
  const all = nodes.flatMap((node) => node.actors.map((actor) => ({ node, actor })));
  const parked = all.filter(({ actor }) => actor.state === 'parked');
  const restarting = all.filter(({ actor }) => actor.state === 'restarting');
  const full = all.filter(({ actor }) => actor.mailboxDepth * 2 > actor.mailboxCapacity);
  const silent = nodes.filter(
    ({ silence }) => silence?.code === 'no-answer' || silence?.code === 'not-there',
  );
  const isCutOff = nodes.some(({ silence }) => silence?.code === 'bus-unavailable');
  const advice: string[] = [];
  if (parked.length > 0)
    advice.push(
      `parked: ${named(parked)}: failed more often than its supervisor allows, and stays down while its siblings go on. ` +
        `Mend what its last failure names, then restart ${processes(parked)}.`,
    );
  if (restarting.length > 0)
    advice.push(
      `restarting: ${named(restarting)}: comes back by itself after a pause; if it keeps failing it is parked, or takes ` +
        `its supervisor down with it. Its last failure says why.`,
    );
  if (full.length > 0)
    advice.push(
      `mailbox more than half full: ${named(full)}: messages come faster than they are handled; once it is full, more are ` +
        `refused or dropped. "drover actors --watch" shows whether it drains.`,
    );
  if (silent.length > 0)
    advice.push(
      `no answer: ${list(silent.map(({ id }) => id))}: a process that has just ended comes back by itself under drover up; ` +
        `one that is frozen has to be ended (kill its pid). "drover doctor" checks the rest.`,
    );
  if (isCutOff)
    advice.push(
      'no bus: the gateway is not connected to NATS and sees only its own actors; it reconnects by itself once NATS is ' +
        'back. "drover doctor" says whether it is.',
    );
  return advice.map(printable);
}

function named(findings: readonly Finding[]): string {
  return list(findings.map(({ node, actor }) => `${node.id} ${actor.path}`));
}

/** The processes behind them; `drover up` starts one again that was ended. */
function processes(findings: readonly Finding[]): string {
  const ids = [
    ...new Set(
      findings.map(({ node }) => `${node.id} (end pid ${node.pid}; drover up starts its own again)`),
    ),
  ];
  return list(ids);
}

function list(names: readonly string[]): string {
  const rest = names.length - maxNamed;
  return names.slice(0, maxNamed).join(', ') + (rest > 0 ? ` and ${rest} more` : '');
}
