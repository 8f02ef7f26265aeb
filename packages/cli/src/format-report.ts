import type { VerificationCheck, VerificationReport } from '@aion/bundle';
import { styleText } from 'node:util';
import { toPlainText } from './output/to-plain-text.ts';

/** Formats a report for people: a table of checks and a summary. */
export function formatReport(report: VerificationReport): string {
  const width = Math.max(...report.checks.map(({ name }) => name.length));
  const title = `AION bundle ${toPlainText(report.exportId ?? '(unknown)')}\n`;
  return `${title}${report.checks.map((check) => formatCheck(check, width)).join('')}${formatSummary(report)}`;
}

function formatCheck({ name, ok, message }: VerificationCheck, width: number): string {
  const mark = ok ? styleText('green', 'ok    ') : styleText('red', 'FAILED');
  return `  ${mark}  ${toPlainText(name).padEnd(width)}  ${toPlainText(message)}\n`;
}

function formatSummary(report: VerificationReport): string {
  if (!report.ok) return styleText('red', 'FAILED: do not rely on this bundle.\n');
  const notes = [
    ...(report.contentChecked ? [] : ['The content was not decrypted: pass --identity FILE to check every row.']),
    ...(report.signerTrusted ? [] : ['The signer was not checked: pass --signer FILE with a key that you trust.']),
  ];
  const summary = report.contentChecked
    ? `OK: ${report.totals.rows} rows of ${report.totals.tables} tables are complete.`
    : `OK: ${report.totals.files} encrypted files are intact.`;
  return `${styleText('green', summary)}\n${notes.map((note) => `${styleText('yellow', note)}\n`).join('')}`;
}
