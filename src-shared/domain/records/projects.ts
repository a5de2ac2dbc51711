/** Projects as windows list them. Times are ISO 8601 in UTC. */
export interface ProjectInfo {
  readonly id: string;
  readonly name: string;
  readonly folder: string;
  readonly createdAt: string;
  readonly runs: number;
  readonly bytes: number;
  readonly isSample: boolean;
  /** Records that were found to be damaged since the project was opened, one sentence each. */
  readonly damage?: readonly string[];
  /** The process that executes the runs, if it is not the one of this window, which then only views the project. */
  readonly leader?: ProjectLeader;
  /** Why this process cannot take over a project that no process executes any more. */
  readonly notTakenOver?: string;
}

export interface ProjectLeader {
  readonly pid: number;
  /** Name of its computer. */
  readonly host: string;
}

export interface RecentProject {
  readonly folder: string;
  readonly name: string;
  readonly openedAt: string;
  /** False when the folder does not exist or cannot be reached. */
  readonly exists: boolean;
  readonly runs: number | null;
}
