import { bodyOf, readOne } from '@drover/ollama-sim/testing';
import { expect, it } from 'vitest';
import { RequestFailure } from '../../errors.ts';
import { RawJson } from '../../go-compat/raw-json.ts';
import { responsesAnswer } from './responses-answer.ts';

function setup(
  changes: Partial<Parameters<typeof responsesAnswer>[0]> = {},
): ReturnType<typeof responsesAnswer> {
  let ids = 0;
  return responsesAnswer({
    id: 'resp_1',
    request: { model: 'm' },
    stream: true,
    forced: undefined,
    nowSeconds: () => 9,
    freshId: () => `id${ids++}`,
    ...changes,
  });
}

interface Event {
  readonly type: string;
  readonly sequence_number: number;
  readonly [field: string]: unknown;
}

function eventsOf(body: string): readonly Event[] {
  const events = body
    .split('\n\n')
    .slice(0, -1)
    .map((text) => {
      const [, name, data = ''] = /^event: (.*)\ndata: (.*)$/s.exec(text) ?? [];
      const event = JSON.parse(data) as Event;
      expect(event.type).toBe(name);
      return event;
    });
  expect(events.map(({ sequence_number: number }) => number)).toEqual(events.map((_, index) => index));
  return events;
}

function said(message: object): string {
  return JSON.stringify({ model: 'm', message: { role: 'assistant', content: '', ...message }, done: false });
}

const last =
  '{"model":"m","message":{"role":"assistant","content":""},"done":true,"done_reason":"stop","prompt_eval_count":5,"eval_count":3}';

/** Events in short form: the type, and the text or item that it brings. */
function short({ type, delta, text, item }: Event): string {
  const shown = delta ?? text ?? (item as { type?: string } | undefined)?.type;
  return typeof shown === 'string' ? `${type} ${shown}` : type;
}

it('streams reasoning, text and calls as items', () => {
  const call =
    '{"message":{"content":"","tool_calls":[{"id":"c1","function":{"name":"f","arguments":{"2":1.0,"1":"x"}}}]},"done":false}';
  const events = eventsOf(
    setup().lines([said({ thinking: 'hm' }), said({ content: 'o' }), said({ content: 'k' }), call, last]),
  );
  expect(events.map(short)).toEqual([
    'response.created',
    'response.in_progress',
    'response.output_item.added reasoning',
    'response.reasoning_summary_part.added',
    'response.reasoning_summary_text.delta hm',
    'response.reasoning_summary_text.done hm',
    'response.reasoning_summary_part.done',
    'response.output_item.done reasoning',
    'response.output_item.added message',
    'response.content_part.added',
    'response.output_text.delta o',
    'response.output_text.delta k',
    'response.output_text.done ok',
    'response.content_part.done',
    'response.output_item.done message',
    'response.output_item.added function_call',
    'response.function_call_arguments.delta {"2":1.0,"1":"x"}',
    'response.function_call_arguments.done',
    'response.output_item.done function_call',
    'response.completed',
  ]);
  expect(events.at(-1)?.['response']).toMatchObject({
    id: 'resp_1',
    status: 'completed',
    created_at: 9,
    completed_at: 9,
    output: [
      { id: 'rs_id0', type: 'reasoning', encrypted_content: 'hm' },
      { id: 'msg_id1', type: 'message', content: [{ type: 'output_text', text: 'ok' }] },
      { id: 'fc_id2', type: 'function_call', call_id: 'c1', name: 'f', arguments: '{"2":1.0,"1":"x"}' },
    ],
    usage: { input_tokens: 5, output_tokens: 3, total_tokens: 8 },
  });
  expect(events.map(({ output_index: index }) => index).filter((index) => index !== undefined)).toEqual([
    0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2,
  ]);
});

it('repeats the fields of the request with their text', () => {
  const tools = new RawJson('[{"type":"function","name":"f","parameters":{"2":{},"1":1.0}}]');
  const body = setup({ request: { model: 'm', tools, instructions: 'be kind', max_output_tokens: 4 } }).lines(
    [last],
  );
  expect(body).toContain(`"tools":${tools.text}`);
  expect(eventsOf(body)[0]?.['response']).toMatchObject({
    object: 'response',
    status: 'in_progress',
    instructions: 'be kind',
    max_output_tokens: 4,
    tool_choice: 'auto',
    text: { format: { type: 'text' } },
    usage: null,
  });
});

it('sends an error inside the stream as a failed response and an error event', () => {
  for (const body of [
    setup().lines(['{"error":"unexpected EOF"}']),
    setup().brokenStream(new RequestFailure(503, 'server_error', 'unexpected EOF')),
  ]) {
    const [, , failed, error] = eventsOf(body);
    expect(failed).toMatchObject({
      type: 'response.failed',
      response: { status: 'failed', error: { code: 'server_error', message: 'unexpected EOF' } },
    });
    expect(error).toMatchObject({
      type: 'error',
      message: 'unexpected EOF',
      error: { message: 'unexpected EOF' },
    });
  }
});

it('answers whole requests with recorded answers of Ollama', () => {
  const head = { status: 200, contentType: 'application/json; charset=utf-8' };
  const whole = (name: string): { output: object[] } => {
    const reply = setup({ stream: false }).whole(head, bodyOf(readOne('chat', name).response));
    return JSON.parse(reply.body) as { output: object[] };
  };
  expect(whole('nonstream')).toMatchObject({
    object: 'response',
    status: 'completed',
    output: [{ type: 'message' }],
  });
  expect(whole('tools-nonstream').output).toMatchObject([{ type: 'function_call', name: 'get_weather' }]);
  expect(whole('think-true-on-thinking-nonstream').output).toMatchObject([
    { type: 'reasoning' },
    { type: 'message' },
  ]);
});
