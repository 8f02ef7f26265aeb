import * as chat from './public/chat-completions.ts';
import * as exports from './public/exports.ts';
import * as meta from './public/meta.ts';
import * as tenants from './public/tenants.ts';
import type { Route } from './route.ts';

/** Every route of the public API, in the order of the reference. */
export const PUBLIC_ROUTES: readonly Route[] = [
  chat.createChatCompletion,
  chat.listModels,
  tenants.createTenant,
  tenants.createApiKey,
  exports.createExport,
  exports.listExports,
  exports.getExport,
  exports.watchExport,
  exports.createDownloadLinks,
  exports.downloadArchive,
  exports.downloadFile,
  meta.getOpenApi,
];
