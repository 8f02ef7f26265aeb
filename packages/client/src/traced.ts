/** Calls that propagate the trace of their caller. In a module of its own because it loads the OpenTelemetry SDK. */
export { callRoute, fetchRoute, type RouteCall } from './traced/call-route.ts';
export { downloadTracedArchive, type TracedDownloadOptions } from './traced/download-traced-archive.ts';
export { watchExportToEnd, type WatchExportOptions } from './traced/watch-export-to-end.ts';
