import { InvalidArgumentError } from '../errors.ts';
import type { ElectionConfig } from '../leadership/election/election-config.ts';
import { joinLeadership } from '../leadership/join-leadership.ts';
import { serveLeader } from '../leadership/leader-request.ts';
import type { Leadership } from '../leadership/leadership.ts';
import { optionNames, requireKnownOptions } from '../known-options.ts';
import type { LocalNode } from '../membership/local-node.ts';
import type { ViewRequest } from '../membership/view/decide-view.ts';
import { encodeView } from '../membership/view/view-codec.ts';
import { ViewFollower } from '../membership/view/view-follower.ts';
import { anyToken, controlGroup } from '../transport/subjects.ts';
import { ViewLog } from './view-log.ts';
import { readRequest, type ViewRequestOutcome } from './view-request.ts';
import { serveVoters } from './voter-request.ts';
import { ViewWriter } from './view-writer.ts';

const controlOptions = optionNames<ControlOptions>({ voters: true, election: true, replicas: true });

/** How the control group works. */
export interface ControlOptions {
  /** Voters that are recorded where none are yet: 1, 3 or 5. @default this node */
  readonly voters?: readonly string[];
  /** Differences from the default times of an election. */
  readonly election?: Partial<ElectionConfig>;
  /** Copies of the group's stream. @default 1 */
  readonly replicas?: number;
}

/** The part of this node in the control of the cluster. */
export interface Control {
  readonly leadership: Leadership;
  /** Gives up the control leadership if held, and takes no further part. */
  stop(): Promise<void>;
}

/**
 * Takes part in the control of the cluster: competes for the leadership of the group `control`, writes the view while
 * this node leads, and reads the view from the log otherwise. Once per node, on nodes of the role `host` or `voter`. A
 * cluster in which no node calls this has no view; presence alone then decides which nodes have ended.
 *
 * @throws InvalidArgumentError naming the option that is invalid, and for a second call on one node
 */
export function startControl(node: LocalNode, options: ControlOptions = {}): Control {
  requireKnownOptions('options', options, controlOptions);
  const { view, transport, subjects, nodeId } = node;
  if (!(view instanceof ViewFollower))
    throw new InvalidArgumentError('node', 'must be a node that joinCluster has made');
  const { voters, ...given } = options;
  const bootstrap = voters === undefined ? {} : { bootstrapVoters: voters };
  const leadership = joinLeadership(node, { ...given, ...bootstrap, group: controlGroup });
  let writer: ViewWriter | undefined;
  const fromLog = new ViewLog(node, {
    onView: (one, isOtherLog) => view.take(one, isOtherLog),
    onLost: () => writer?.writeAgain(),
  });
  view.followLog((announced) => void fromLog.lookAgain(announced));
  let written: Uint8Array | undefined;
  const follow = (): void => {
    const tenure = leadership.tenure();
    if (tenure === undefined || tenure === writer?.tenure) return;
    written = undefined;
    writer = new ViewWriter(node, tenure, {
      // A write of the last tenure may still be on its way: its epoch is not used for another view.
      afterEpoch: writer?.lastEpoch ?? 0,
      onWritten: (one) => {
        written = encodeView(one);
        view.take(one);
      },
    });
  };
  const ends = [
    leadership.onChange(follow),
    () => fromLog.close(),
    subscribe(subjects.viewQuestion(nodeId, anyToken), (_, respond) => {
      if (written !== undefined && leadership.tenure()?.isTrusted() === true) respond(written);
    }),
    serveLeader(node, (asked) => {
      const request = readRequest(asked);
      return request && answerRequest(request);
    }),
    serveVoters(node, () => leadership.tenure()),
  ];
  follow();
  void node.system.terminated.then(() => stop());
  const stop = async (): Promise<void> => {
    for (const end of ends.splice(0)) end();
    await leadership.resign();
  };
  return { leadership, stop };

  async function answerRequest(request: ViewRequest): Promise<ViewRequestOutcome> {
    return (await writer?.request(request)) ?? { ok: false, code: 'no-leader' };
  }

  function subscribe(
    subject: string,
    handle: (payload: Uint8Array, respond: (answer: Uint8Array) => void) => void | Promise<void>,
  ): () => void {
    const subscription = transport.subscribe(subject, ({ payload, respond }) => {
      if (respond !== undefined) void handle(payload, respond);
    });
    return () => subscription.unsubscribe();
  }
}
