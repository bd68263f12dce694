import { it, expect } from 'vitest';
import { CHATML_TEMPLATE, OPEN_CHATML_TEMPLATE } from './model.ts';
import { renderTemplate } from './template.ts';

const user = { Role: 'user', Content: 'hi', Open: false };

it('renders a conversation and opens the answer', () => {
  expect(renderTemplate(CHATML_TEMPLATE, { Messages: [user], Open: false })).toBe(
    '<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n',
  );
});

it('leaves a last assistant message open when the template does so', () => {
  const open = { Role: 'assistant', Content: '1 2', Open: true };
  expect(renderTemplate(OPEN_CHATML_TEMPLATE, { Messages: [user, open], Open: true })).toBe(
    '<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n1 2',
  );
});

it('chooses between two branches', () => {
  const template = '{{ if .Suffix }}<{{ .Suffix }}>{{ else }}none{{ end }}';
  expect(renderTemplate(template, { Suffix: 'x' })).toBe('<x>');
  expect(renderTemplate(template, { Suffix: '' })).toBe('none');
});

it('refuses an unclosed action as Go does', () => {
  expect(() => renderTemplate('a\n{{ .Bad', {})).toThrow('template: :2: unclosed action');
});
