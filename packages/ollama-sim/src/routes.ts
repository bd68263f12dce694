import type { Handler, Routes } from './http/router.ts';
import { chat, generate } from './native/chat.ts';
import { ps, tags, version } from './native/listing.ts';
import { show } from './native/show.ts';

const root: Handler = (exchange) => exchange.send(200, 'text/plain; charset=utf-8', 'Ollama is running');

/** Ollama's routes. The order of methods is that of the `Allow` header. */
export const routes: Routes = {
  '/': { GET: root, HEAD: root },
  '/api/version': { GET: version, HEAD: version },
  '/api/tags': { GET: tags, HEAD: tags },
  '/api/ps': { GET: ps },
  '/api/show': { POST: show },
  '/api/chat': { POST: chat },
  '/api/generate': { POST: generate },
};
