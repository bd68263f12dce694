import { expect } from 'vitest';
import { type CompatibleClient, type Fleet, toFive, weather } from './client.ts';

/** The calls of Claude Code as it sends them: headers, query, names, cache marks and tools of the server. */
const headers = {
  'content-type': 'application/json',
  'anthropic-version': '2023-06-01',
  'anthropic-beta':
    'claude-code-20250219,interleaved-thinking-2025-05-14,fine-grained-tool-streaming-2025-05-14',
  'anthropic-dangerous-direct-browser-access': 'true',
  'x-app': 'cli',
  authorization: 'Bearer none',
  'user-agent': 'claude-cli/2.0.50 (external, cli)',
  'x-stainless-retry-count': '0',
};

const cache = { cache_control: { type: 'ephemeral' } };

const turn = {
  model: 'claude-sonnet-4-5-20250929',
  max_tokens: 5,
  stream: true,
  temperature: 1,
  metadata: { user_id: 'user_0_account__session_0' },
  system: [
    { type: 'text', text: "You are Claude Code, Anthropic's official CLI for Claude.", ...cache },
    { type: 'text', text: 'Be brief.', ...cache },
  ],
  messages: [
    {
      role: 'user',
      content: [
        { type: 'text', text: '<system-reminder>x</system-reminder>' },
        { type: 'text', text: 'count', ...cache },
      ],
    },
  ],
  thinking: { type: 'enabled', budget_tokens: 31_999 },
};

async function post({ url }: Fleet, path: string, body: object): Promise<Response> {
  return await fetch(url + path, { method: 'POST', headers, body: JSON.stringify(body) });
}

/** Names of the events of a stream, and the text in them. */
async function read(
  response: Response,
): Promise<{ readonly names: readonly string[]; readonly text: string }> {
  const body = await response.text();
  const names = [...body.matchAll(/^event: (.*)$/gm)].map(([, name = '']) => name);
  const text = [...body.matchAll(/"text_delta","text":"([^"]*)"/g)].map(([, piece = '']) => piece).join('');
  return { names: names.filter((name, index) => name !== names[index - 1]), text };
}

const events = [
  'message_start',
  'content_block_start',
  'content_block_delta',
  'content_block_stop',
  'message_delta',
  'message_stop',
];

/** Claude Code with its own names of models, which an alias maps. */
export const claudeCode: CompatibleClient = {
  name: "Claude Code's calls",
  version: 'replayed',
  checks: {
    'streamed chat': async (fleet) => {
      const response = await post(fleet, '/v1/messages?beta=true', turn);
      expect(await read(response)).toEqual({ names: events, text: toFive });
      expect(response.headers.get('x-drover-ignored')?.split(',')).toEqual(
        expect.arrayContaining(['metadata', 'cache_control', 'thinking.budget_tokens']),
      );
    },
    'call of a tool': async (fleet) => {
      const tools = [
        {
          name: 'get_weather',
          description: 'd',
          input_schema: { $schema: 'x', additionalProperties: false, ...weather },
        },
        { type: 'web_search_20250305', name: 'web_search', max_uses: 8 },
      ];
      const response = await post(fleet, '/v1/messages?beta=true', {
        ...turn,
        model: 'sim-chat',
        max_tokens: 200,
        tools,
      });
      const body = await response.text();
      expect(body).toContain('"type":"tool_use"');
      expect(body).toContain('"stop_reason":"tool_use"');
      expect(response.headers.get('x-drover-ignored')).toContain('tools.web_search_20250305');
    },
    'result of a tool': async (fleet) => {
      const call = { type: 'tool_use', id: 'toolu_1', name: 'get_weather', input: { city: 'x', days: 1 } };
      const result = {
        type: 'tool_result',
        tool_use_id: 'toolu_1',
        content: 'sunny',
        is_error: false,
        ...cache,
      };
      const messages = [
        ...turn.messages,
        { role: 'assistant', content: [{ type: 'thinking', thinking: 'hm', signature: '' }, call] },
        { role: 'user', content: [result] },
      ];
      expect((await read(await post(fleet, '/v1/messages?beta=true', { ...turn, messages }))).names).toEqual(
        events,
      );
    },
    'count of tokens': async (fleet) => {
      const { model, messages } = turn;
      const response = await post(fleet, '/v1/messages/count_tokens?beta=true', {
        model,
        messages,
        tools: [],
      });
      expect(await response.json()).toEqual({ input_tokens: expect.any(Number) as unknown });
    },
    'name mapped by an alias': async (fleet) => {
      const response = await post(fleet, '/v1/messages?beta=true', {
        ...turn,
        model: 'claude-3-5-haiku-20241022',
        stream: false,
      });
      expect([response.status, response.headers.get('x-drover-model')]).toEqual([200, 'sim-count:latest']);
      await response.text();
    },
    'error for an unknown model': async (fleet) => {
      const response = await post(fleet, '/v1/messages?beta=true', { ...turn, model: 'nosuch' });
      expect([response.status, await response.json()]).toMatchObject([
        404,
        { type: 'error', error: { type: 'not_found_error' }, request_id: response.headers.get('request-id') },
      ]);
    },
  },
};
