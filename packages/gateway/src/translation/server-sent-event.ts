/**
 * A server-sent event. Line breaks in the JSON are white space; they become spaces, since they would end the event's
 * line.
 */
export function sseData(json: string): string {
  return `data: ${/[\n\r]/.test(json) ? json.replace(/[\n\r]/g, ' ') : json}\n\n`;
}

/** A server-sent event with a name. */
export function sseEvent(name: string, json: string): string {
  return `event: ${name}\n${sseData(json)}`;
}
