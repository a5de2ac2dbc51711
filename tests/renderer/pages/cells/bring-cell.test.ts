import { beforeEach, expect, it } from "vitest";
import { parseCellText } from "../../../../src-main/engine/spaces/cell/file.ts";
import { importCell } from "../../../../src-renderer/pages/cells/bring-cell.ts";
import { useCellDesk } from "../../../../src-renderer/stores/cell-desk.ts";
import { connectFakeStudio } from "../../support/fake-studio.ts";

const studio = await connectFakeStudio();
beforeEach(() =>
  studio.reset({
    "settings.set": () => null,
    "cells.parse": ({ text }) => {
      const { normal, reduction } = parseCellText(text, "The text");
      return reduction === undefined ? { normal } : { normal, reduction };
    },
  }),
);

const CELL = { nodes: [{ operation: "sepConv3x3", inputs: [1] }] };
const TERMS = "[('sep_conv_3x3', 0), ('none', 0)]";
const GENOTYPE = `CELL = Genotype(normal=${TERMS}, normal_concat=[2], reduce=${TERMS}, reduce_concat=[2])`;

it.each([
  ["a cell file", "a.json", JSON.stringify({ format: "ghn-studio-cell", version: 1, name: "Mine", normal: CELL }), "Mine"],
  ["a genotype, named by its file", "best.genotype.txt", GENOTYPE, "best"],
])("imports %s", async (_, file, text, name) => {
  const id = await importCell(new File([text], file), null);
  expect(useCellDesk().take(id)).toMatchObject({ name, architecture: { normal: CELL } });
});
