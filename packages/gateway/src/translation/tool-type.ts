import { goList, goRaw, goString, type GoStruct, goStruct } from '../go-compat/go-struct.ts';

/**
 * A tool as Ollama's decoder checks it. Properties have their own decoder; the host, which decodes the same text,
 * reports their errors.
 */
export const toolType: GoStruct = goStruct(
  {
    type: goString,
    items: goRaw,
    function: goStruct(
      {
        name: goString,
        description: goString,
        parameters: goStruct(
          {
            type: goString,
            $defs: goRaw,
            items: goRaw,
            required: goList(goString, '[]string'),
            properties: goRaw,
          },
          'api.ToolFunctionParameters',
        ),
      },
      'api.ToolFunction',
    ),
  },
  'api.Tool',
);
