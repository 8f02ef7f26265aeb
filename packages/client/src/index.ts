export { ApiError, readApiError } from './api-error.ts';
export { DamagedArchiveError } from './damaged-archive-error.ts';
export { downloadArchive, type DownloadArchiveOptions, type DownloadLinks } from './download-archive.ts';
export { fetchErrorReason } from './fetch-error-reason.ts';
export { followExport, type FollowExportOptions } from './follow-export.ts';
export { readBody } from './read-body.ts';
export { readEvents, type ReadEventsOptions } from './read-events.ts';
export { UnreachableError } from './unreachable-error.ts';
