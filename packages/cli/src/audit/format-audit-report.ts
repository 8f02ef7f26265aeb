import { styleText } from 'node:util';
import type { VerifiedChain } from '@aion/audit-chain';
import { toPlainText } from '../output/to-plain-text.ts';
import { countUnproven, type AuditVerification } from './verify-trail.ts';

/** Formats the result of a verification for people: one block per chain, then a summary. */
export function formatAuditReport({ chains, bundle }: AuditVerification, hasSigner: boolean): string {
  const lines = chains.flatMap((chain) => formatChain(chain, hasSigner));
  if (bundle !== undefined && !bundle.ok) {
    lines.push(styleText('red', 'FAILED  the bundle itself: run aion verify for the details'));
  }
  const ok = isIntact({ chains, bundle });
  lines.push(
    '',
    ok ? styleText('green', 'The audit trail is intact.') : styleText('red', 'The audit trail is NOT intact.'),
    '',
  );
  return lines.join('\n');
}

/** Reports whether all chains and the bundle that contains them are intact. */
export function isIntact({ chains, bundle }: AuditVerification): boolean {
  return chains.every(({ report }) => report.ok) && bundle?.ok !== false;
}

function formatChain(chain: VerifiedChain, hasSigner: boolean): string[] {
  const { tenantId, report } = chain;
  const { events, erased, earlier, head, problems, moreProblems } = report;
  const withoutContent = `, the content of ${erased} erased: compare this with your erasure certificates`;
  return [
    `chain   ${tenantId === null ? 'of the platform' : `of tenant ${tenantId}`}`,
    `events  ${events}${erased === 0 ? '' : withoutContent}`,
    `head    ${head === undefined ? 'none' : `${head.seq} ${head.hash.toString('hex')}`}`,
    ...formatProof(chain, hasSigner).map((line) => `proof   ${line}`),
    ...(earlier === 0 ? [] : [`earlier ${earlier} events compared with their earlier state`]),
    ...problems.map(({ kind, seq, detail }) =>
      styleText('red', `FAILED  event ${seq}: ${kind.replaceAll('_', ' ')}: ${toPlainText(detail)}`),
    ),
    ...(moreProblems === 0 ? [] : [styleText('red', `FAILED  ${moreProblems} further problems`)]),
  ];
}

function formatProof({ checkpoints, report }: VerifiedChain, hasSigner: boolean): string[] {
  if (!hasSigner) return [`${checkpoints} checkpoints, signatures not checked: pass --signer`];
  const { provenSeq } = report;
  const unproven = countUnproven(report);
  if (provenSeq === 0) return [`${checkpoints} checkpoints; none is valid`, `not yet proven: ${unproven}`];
  return [
    `${checkpoints} checkpoints; the newest valid one proves events 1 to ${provenSeq}`,
    ...(unproven === 0 ? [] : [`not yet proven: ${unproven}; a later export contains the checkpoint that proves them`]),
  ];
}
