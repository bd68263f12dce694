import { expect, it } from 'vitest';
import { layerProblems } from './check-layers.mjs';

const order = ['errors.ts', 'protocol', 'dialects', 'dialects/native', 'index.ts'];

function problemsOf(...files) {
  return layerProblems(order, new Map(files));
}

it('accepts imports of lower layers and of the same layer', () => {
  expect(
    problemsOf(
      ['protocol/frame.ts', "import { Fault } from '../errors.ts';\nimport { read } from './read.ts';\n"],
      ['index.ts', "export { frame } from './protocol/frame.ts';\n"],
    ),
  ).toEqual([]);
});

it('reports an import of a higher layer with file, line and both layers', () => {
  expect(problemsOf(['protocol/frame.ts', "\nimport type { Chat } from '../dialects/chat.ts';\n"])).toEqual([
    'protocol/frame.ts:2 protocol must not import dialects (dialects/chat.ts): dialects is a higher layer',
  ]);
});

it('reports an import that spans several lines at the line that names the file', () => {
  expect(problemsOf(['errors.ts', "import {\n  frame,\n} from './protocol/frame.ts';\n"])).toHaveLength(1);
});

it('takes the longest name as the layer of a file', () => {
  expect(problemsOf(['dialects/shared.ts', "import { chat } from './native/chat.ts';\n"])).toEqual([
    'dialects/shared.ts:1 dialects must not import dialects/native (dialects/native/chat.ts): ' +
      'dialects/native is a higher layer',
  ]);
});

it('reports a file that belongs to no layer', () => {
  expect(problemsOf(['queue/ring.ts', ''])).toEqual([
    'queue/ring.ts:1 belongs to no layer: add its folder to scripts/layers.mjs',
  ]);
});

it('lets tests import everything', () => {
  expect(problemsOf(['protocol/frame.test.ts', "import { chat } from '../dialects/chat.ts';\n"])).toEqual([]);
});
