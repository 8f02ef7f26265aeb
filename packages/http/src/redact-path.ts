import { redactText } from '@aion/logging';

/** A request's path made fit for telemetry and answers: percent-encoding must not hide a secret from the redactor. */
export function redactPath(path: string): string {
  try {
    return redactText(decodeURIComponent(path));
  } catch {
    // Not valid percent-encoding: what can be seen of it is redacted.
    return redactText(path);
  }
}
