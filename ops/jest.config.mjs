import { definePackage } from '../jest.preset.mjs';

/** The slow tests of these folders are left out of `pnpm test` while nothing in `ops` changed: see checks/list-omitted-projects.ts. */
export default definePackage(import.meta.dirname, {}, ['bench', 'tools']);
