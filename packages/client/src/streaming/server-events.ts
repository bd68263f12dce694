/** One server-sent event. */
export interface ServerEvent {
  /** The last id that was sent, with this event or before it. */
  readonly id: string;
  /** `message` where none is named. */
  readonly event: string;
  /** Empty where only an id was sent. */
  readonly data: string;
}

/** Puts the lines of a stream of server-sent events together; comments and `retry` are left out. */
export async function* serverEvents(lines: AsyncIterable<string>): AsyncGenerator<ServerEvent, void> {
  let id = '';
  let event = '';
  let data: string[] = [];
  let hasFields = false;
  for await (const line of lines) {
    if (line === '') {
      if (hasFields) yield { id, event: event === '' ? 'message' : event, data: data.join('\n') };
      event = '';
      data = [];
      hasFields = false;
      continue;
    }
    const [, name = '', value = ''] = /^([^:]*)(?:: ?([\s\S]*))?$/.exec(line) ?? [];
    if (name === 'data') data.push(value);
    else if (name === 'event') event = value;
    else if (name === 'id') id = value;
    else continue;
    hasFields = true;
  }
}
