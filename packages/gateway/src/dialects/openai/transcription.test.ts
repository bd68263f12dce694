import OpenAI, { toFile } from 'openai';
import { expect, it } from 'vitest';
import { startScriptedGateway } from '../../testing/scripted-gateway.ts';

const spoken = '{"model":"m","message":{"role":"assistant","content":" two words\\n"},"done":true}';

it('asks a model what it hears, for the package openai', async () => {
  await using gateway = await startScriptedGateway();
  const client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: 'none', maxRetries: 0 });
  const asked = client.audio.transcriptions
    .create({
      model: 'm',
      file: await toFile(Buffer.from([0, 255, 44, 58, 123]), 'a.wav'),
      language: 'en',
      prompt: 'p',
      temperature: 0.5,
    })
    .withResponse();
  const call = await gateway.fleet.next();
  expect(JSON.parse(call.body)).toEqual({
    model: 'm',
    messages: [
      { role: 'system', content: expect.stringContaining('The audio is in en. Context: p') as unknown },
      { role: 'user', content: 'What exact words are spoken in this audio?', images: ['AP8sOns='] },
    ],
    stream: false,
    options: { temperature: 0 },
  });
  call.head({ contentType: 'application/json; charset=utf-8' });
  call.lines(spoken);
  call.end();
  const { data, response } = await asked;
  expect(data.text).toBe('two words');
  expect(response.headers.get('x-drover-ignored')).toBe('temperature');
});

function form(fields: Record<string, string>, audio?: string): FormData {
  const data = new FormData();
  for (const [name, value] of Object.entries(fields)) data.append(name, value);
  if (audio !== undefined) data.append('file', new Blob([audio]), 'a.wav');
  return data;
}

it('answers plain text if asked for it', async () => {
  await using gateway = await startScriptedGateway();
  const body = form({ model: 'm', response_format: 'text' }, 'x');
  const answered = fetch(`${gateway.url}/v1/audio/transcriptions`, { method: 'POST', body });
  const call = await gateway.fleet.next();
  call.head({ contentType: 'application/json; charset=utf-8' });
  call.lines(spoken);
  call.end();
  expect(await (await answered).text()).toBe('two words');
});

it.each([
  ['no model', form({}, 'x'), 'model is required'],
  ['no file', form({ model: 'm' }), 'file is required: http: no such file'],
  ['an empty file', form({ model: 'm' }, ''), 'audio file is empty'],
  ['another type', '{}', "failed to parse multipart form: request Content-Type isn't multipart/form-data"],
  [
    'too many parts',
    form({ model: 'm', ...Object.fromEntries(Array.from({ length: 70 }, (_, n) => [`f${n}`, ''])) }, 'x'),
    'failed to parse multipart form: more than 64 parts',
  ],
])('refuses a request with %s', async (_, body, message) => {
  await using gateway = await startScriptedGateway();
  const response = await fetch(`${gateway.url}/v1/audio/transcriptions`, { method: 'POST', body });
  expect([response.status, await response.json()]).toMatchObject([400, { error: { message } }]);
});

it('refuses a form that breaks off', async () => {
  await using gateway = await startScriptedGateway();
  const response = await fetch(`${gateway.url}/v1/audio/transcriptions`, {
    method: 'POST',
    headers: { 'content-type': 'multipart/form-data; boundary=b' },
    body: '--b\r\ncontent-disposition: form-data; name="model"\r\n\r\nm',
  });
  expect(response.status).toBe(400);
});
