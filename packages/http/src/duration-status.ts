/**
 * The status under which a duration is counted: that of a success as it is, of a failure its class (`4xx`, `5xx`). A
 * histogram is fifteen series, so each status of each route would be ten thousand; `http_requests_total` counts each.
 */
export function durationStatus(status: string): string {
  return /^[45]\d\d$/.test(status) ? `${status.charAt(0)}xx` : status;
}
