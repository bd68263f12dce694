export type { AuditHead } from './audit/audit-chain.ts';
export {
  type AuditSigner,
  auditSigner,
  type AuditVerifyingKey,
  auditVerifyingKey,
  newAuditKey,
} from './audit/audit-key.ts';
export type { AuditFault, AuditFaultKind } from './audit/audit-fault.ts';
export { type AuditRetention, defaultRetention } from './audit/audit-store.ts';
export type { ChainReport } from './audit/chain-check.ts';
export { keepAuditLog } from './audit/keep-audit-log.ts';
export { emptyChain, sealBatch, type SealedBatch } from './audit/seal-batch.ts';
export { type AuditReport, AuditVerifier, type VerifyOptions } from './audit/verify-audit.ts';
