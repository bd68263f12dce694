import { type ActorRef, type Props, props, receive, setup } from '@drover/actor-core';
import type { CallRecord, SessionShared } from './call-record.ts';
import { callError } from './call-error.ts';
import { sessionProps } from './fleet-session.ts';

/** Message to the supervisor of a client's sessions: start a session for this call. */
export interface RunCall {
  readonly kind: 'run';
  readonly record: CallRecord;
}

/** Props of the supervisor of a fleet client's sessions. */
export function sessionSupervisorProps(shared: SessionShared): Props<RunCall> {
  return props<RunCall>(
    () =>
      setup((context) => {
        const running = new Map<ActorRef<never>, CallRecord>();
        return receive<RunCall>(
          ({ record }) => {
            const session = context.spawn(sessionProps(shared, record));
            record.session = session;
            running.set(session, record);
            context.watch(session);
          },
          (signal) => {
            if (signal.type !== 'terminated') return;
            const record = running.get(signal.ref);
            running.delete(signal.ref);
            // A session that was killed could not end its call itself.
            if (record?.call.ended === false)
              record.call.finish(callError('cancelled', 'the session was killed', record.request));
          },
        );
      }),
    { restart: 'permanent', supervision: { dynamic: true }, mailbox: { capacity: shared.config.maxCalls } },
  );
}
