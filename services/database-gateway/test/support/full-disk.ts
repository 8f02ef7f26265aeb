import { execFile } from 'node:child_process';
import { mkdtemp, rename, rm, rmdir, stat, statfs, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { runSql } from './bootstrapped-database.ts';
import { DATABASE, type OwnCluster } from './own-cluster.ts';

const run = promisify(execFile);
const TMPFS_BYTES = 64 * 1_048_576;

/** Disk of the database of AION in a cluster, which can be filled and freed. */
export interface FullDisk {
  fill(): Promise<void>;
  free(): Promise<void>;
  /** Removes the disk after the cluster was removed. */
  remove(): Promise<void>;
}

/**
 * Moves the empty database to a disk that can be filled: a small tmpfs, if this user may mount one. Otherwise `/dev/full`
 * replaces the file of a table without rows; the kernel rejects writes to it with the same ENOSPC, but only that table is
 * out of space.
 */
export async function putOnFullDisk(cluster: OwnCluster): Promise<FullDisk> {
  const directory = await mkdtemp(join(tmpdir(), 'aion-test-disk-'));
  const { uid, gid } = await stat(cluster.dataDir);
  const options = `size=${TMPFS_BYTES},mode=0700,uid=${uid},gid=${gid}`;
  try {
    await run('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', directory]);
  } catch {
    await rmdir(directory);
    return fileOfDevFull(cluster);
  }
  const admin = cluster.superuserUrl('postgres');
  await runSql(admin, `CREATE TABLESPACE small LOCATION '${directory}'`);
  await runSql(admin, `ALTER DATABASE ${DATABASE} SET TABLESPACE small`);
  const filler = join(directory, 'filler');
  return {
    fill: async () => {
      const { bavail, bsize } = await statfs(directory);
      await writeFile(filler, Buffer.alloc(bavail * bsize));
    },
    free: () => rm(filler),
    remove: async () => {
      await run('umount', [directory]);
      await rmdir(directory);
    },
  };
}

function fileOfDevFull(cluster: OwnCluster): FullDisk {
  const sql = <R extends Record<string, unknown>>(text: string) => runSql<R>(cluster.superuserUrl(DATABASE), text);
  const fileOfTable = async () => {
    const [row] = await sql<{ path: string }>(
      `SELECT pg_relation_filepath('generations_' || to_char(now() AT TIME ZONE 'UTC', 'YYYY_MM')) AS path`,
    );
    return join(cluster.dataDir, row?.path ?? '');
  };
  // Sessions keep files open.
  const endSessions = () => sql(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'aion_app'`);
  return {
    fill: async () => {
      const path = await fileOfTable();
      await rename(path, `${path}.away`);
      await symlink('/dev/full', path);
      await endSessions();
    },
    free: async () => {
      const path = await fileOfTable();
      await rename(`${path}.away`, path);
      await endSessions();
    },
    remove: () => Promise.resolve(),
  };
}
