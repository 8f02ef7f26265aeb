/**
 * Returns the `status` label of a duration: the status of a success, the class (`4xx`, `5xx`) of a failure. A histogram
 * has fifteen series, so every status of every route would be ten thousand; `http_requests_total` counts each status.
 */
export function toDurationStatus(status: string): string {
  return /^[45]\d\d$/.test(status) ? `${status.charAt(0)}xx` : status;
}
