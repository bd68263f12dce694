import { RequestFailure } from '../errors.ts';

/**
 * Digest of the copy of the model that must serve the request, as in `/api/tags` and `drover status`. Without the
 * header, any copy with the model's name may serve it.
 *
 * @throws RequestFailure 400 for a header that is not a digest
 */
export function digestOf(header: string | undefined): { readonly digest?: string } {
  if (header === undefined) return {};
  if (!/^(sha256:)?[0-9a-f]{64}$/.test(header)) {
    throw new RequestFailure(
      400,
      'invalid-header',
      'x-drover-model-digest must be a sha256 digest of 64 hexadecimal digits',
    );
  }
  return { digest: header };
}
