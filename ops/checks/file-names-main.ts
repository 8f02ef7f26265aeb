// Usage: node ops/checks/file-names-main.ts [path...]
import { checkFileName } from './check-file-name.ts';
import { FILE_NAME_EXCEPTIONS } from './file-name-exceptions.ts';
import { runFileCheck } from './run-file-check.ts';

runFileCheck({
  name: 'File names',
  files:
    /^(?!.*\/migrations\/)(ops|packages\/[^/]+\/src|services\/[^/]+\/src)\/(.*\/)?(?!index\.ts$|([^/]+-)?main\.ts$)[^/.]+\.ts$/,
  exceptions: FILE_NAME_EXCEPTIONS,
  check: checkFileName,
});
