export { materialOf, readTlsFiles, type TlsFiles, type TlsMaterial, type TlsPaths } from './tls/tls-files.ts';
