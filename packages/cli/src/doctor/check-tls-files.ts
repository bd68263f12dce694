import { materialOf, readTlsFiles } from '@drover/gateway/tls';
import type { ClusterFile } from '../cluster/cluster-file.ts';
import { bad, type Check, good } from './check.ts';
import { judgeCertificate } from './judge-certificate.ts';

/** Checks the files of the gateway on this machine, where that does not answer: they may be why. */
export async function checkTlsFiles(cluster: Pick<ClusterFile, 'gatewayTls'> | undefined): Promise<Check> {
  if (cluster?.gatewayTls === undefined)
    return good('certificate', 'not checked: the gateway does not answer');
  const { certFile, keyFile } = cluster.gatewayTls;
  const paths = { tlsCert: certFile, tlsKey: keyFile, tlsCa: '' };
  try {
    const { leaf, expiresAtMs } = materialOf(await readTlsFiles(paths), paths, Date.now());
    const tls = { subject: leaf.subject ?? '', expiresAt: new Date(expiresAtMs).toISOString() };
    return judgeCertificate({ tls }, Date.now());
  } catch (error) {
    const { message } = error as Error;
    return bad(
      'certificate',
      message.replace(/^tls(Cert|Key)/, (_, file: string) => `--tls-${file.toLowerCase()}`),
    );
  }
}
