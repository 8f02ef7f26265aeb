import { redactText } from '@aion/logging';

/** Redacts a request path for telemetry and responses; decodes it first, since percent-encoding could hide a secret. */
export function redactPath(path: string): string {
  try {
    return redactText(decodeURIComponent(path));
  } catch {
    // Invalid percent-encoding: the path is redacted as it is.
    return redactText(path);
  }
}
