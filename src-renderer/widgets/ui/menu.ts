import type { Component } from "vue";

export interface MenuItem {
  readonly label: string;
  readonly run: () => void;
  readonly icon?: Component;
  readonly shortcut?: string;
  readonly danger?: boolean;
  readonly disabled?: boolean;
  readonly checked?: boolean;
  readonly testid?: string;
}
export type MenuEntry = MenuItem | "line";
