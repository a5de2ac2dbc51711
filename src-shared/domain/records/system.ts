/** The machine: findings of the doctor, and its folders. */
export interface DoctorItem {
  readonly area: string;
  readonly name: string;
  readonly value: string;
  readonly state: "ok" | "warning" | "missing";
  readonly reason?: string;
  readonly remedy?: string;
}

export interface SystemInfo {
  readonly host: "electron" | "web";
  readonly version: string;
  readonly platform: string;
  readonly items: readonly DoctorItem[];
  readonly backend: string;
  readonly device: string;
  readonly cores: number;
  readonly memoryBytes: number;
}

export interface FolderEntry {
  readonly name: string;
  readonly path: string;
  readonly kind: "folder" | "file";
  readonly bytes: number;
  readonly isProject: boolean;
}

export interface FolderListing {
  readonly path: string;
  readonly parent: string | null;
  readonly roots: readonly string[];
  readonly entries: readonly FolderEntry[];
}
