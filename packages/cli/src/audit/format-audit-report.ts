import { styleText } from 'node:util';
import type { VerifiedChain } from '@aion/audit-chain';
import type { AuditVerification } from './verify-trail.ts';

/** What was found, for people: one block a chain, then the verdict. */
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

/** Whether nothing was found wrong, with a chain or with the bundle that it came in. */
export function isIntact({ chains, bundle }: AuditVerification): boolean {
  return chains.every(({ report }) => report.ok) && bundle?.ok !== false;
}

function formatChain({ tenantId, checkpoints, report }: VerifiedChain, hasSigner: boolean): string[] {
  const { events, erased, head, provenSeq, problems, moreProblems } = report;
  const proven = hasSigner
    ? `${checkpoints} checkpoints; the newest that holds proves events 1 to ${provenSeq}`
    : `${checkpoints} checkpoints, their signatures not checked: give --signer`;
  return [
    `chain   ${tenantId === null ? 'of the platform' : `of tenant ${tenantId}`}`,
    `events  ${events}${erased === 0 ? '' : `, the content of ${erased} erased`}`,
    `head    ${head === undefined ? 'none' : `${head.seq} ${head.hash.toString('hex')}`}`,
    `proof   ${proven}`,
    ...problems.map(({ kind, seq, detail }) =>
      styleText('red', `FAILED  event ${seq}: ${kind.replaceAll('_', ' ')}: ${detail}`),
    ),
    ...(moreProblems === 0 ? [] : [styleText('red', `FAILED  ${moreProblems} more`)]),
  ];
}
