import type { TellOptions } from '@drover/actor-core';
import type { SessionMessage } from '@drover/fleet';

const patient: TellOptions = { mayWait: true };

/** Lines after the first ones may share a bus message with those of other streams; all else leaves at once. */
export function haste(message: SessionMessage): TellOptions | undefined {
  return message.kind === 'chunk' && message.first > 1 ? patient : undefined;
}
