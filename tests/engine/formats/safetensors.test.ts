import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readSafetensors, writeSafetensors } from "../../../src-main/engine/formats/safetensors.ts";
import { isUserError } from "../../../src-main/lib/errors.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "safetensors-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const array = (shape: number[], ...values: number[]) => ({ shape, values: Float32Array.from(values) });

/** A file from its parts, as the format defines it. */
function bytes(header: string | Uint8Array, data: Uint8Array = new Uint8Array(0), headerLength?: bigint): Buffer {
  const text = Buffer.from(header);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(headerLength ?? BigInt(text.byteLength));
  return Buffer.concat([length, text, data]);
}

async function failure(content: Uint8Array): Promise<{ code: string; message: string }> {
  const file = path.join(folder, "bad.safetensors");
  await writeFile(file, content);
  try {
    await readSafetensors(file);
  } catch (error) {
    if (isUserError(error)) return { code: error.code, message: error.message };
    throw error;
  }
  throw new Error("The file was accepted.");
}

describe("safetensors", () => {
  it("writes the bytes that the format defines", async () => {
    const file = path.join(folder, "known.safetensors");
    const result = await writeSafetensors(
      file,
      new Map([
        ["a", array([2], 1, -2)],
        ["b", array([1, 1], 0.5)],
      ]),
      { k: "v" },
    );
    const content = await readFile(file);
    const header = '{"__metadata__":{"k":"v"},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1,1],"data_offsets":[8,12]}}';
    const padded = header.padEnd(Math.ceil(header.length / 8) * 8, " ");
    expect(content).toEqual(bytes(padded, Buffer.from("0000803f000000c00000003f", "hex")));
    expect(result).toEqual({ bytes: content.byteLength, sha256: createHash("sha256").update(content).digest("hex") });
  });

  it("reads what another program wrote: no padding, any order of names", async () => {
    const file = path.join(folder, "foreign.safetensors");
    const header = '{"second":{"dtype":"F32","shape":[],"data_offsets":[4,8]},"first":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}';
    await writeFile(file, bytes(header, Buffer.from("0000803f0000003f", "hex")));
    const { tensors, metadata } = await readSafetensors(file);
    expect([...tensors]).toEqual([
      ["first", array([1], 1)],
      ["second", array([], 0.5)],
    ]);
    expect(metadata).toEqual({});
  });

  it("gives back every value, shape and text", async () => {
    const file = path.join(folder, "deep", "er", "round.safetensors");
    const special = Float32Array.from([Number.NaN, Infinity, -0, 1e-45, 3.4e38]);
    const window = new Float32Array(Float32Array.from([9, 9, 1, 2, 3, 4, 9]).buffer, 8, 4);
    const arrays = new Map([
      ["special", { shape: [5], values: special }],
      ["naïve/名前", { shape: [2, 2], values: window }],
      ["__proto__", array([1], 7)],
      ["empty", array([0, 3])],
    ]);
    const text = { state: JSON.stringify({ a: 'quote " and \u0000' }), ["__proto__"]: "x" };
    await writeSafetensors(file, arrays, text);
    const { tensors, metadata } = await readSafetensors(file);
    expect(tensors.get("special")).toEqual({ shape: [5], values: special });
    expect(tensors.get("naïve/名前")).toEqual(array([2, 2], 1, 2, 3, 4));
    expect(tensors.get("__proto__")).toEqual(array([1], 7));
    expect(tensors.get("empty")).toEqual(array([0, 3]));
    expect(metadata.state).toBe(text.state);
    expect(Object.getPrototypeOf(metadata)).toBe(Object.prototype);
  });

  it("refuses to write what does not fit together", async () => {
    const file = path.join(folder, "never.safetensors");
    await expect(writeSafetensors(file, new Map([["a", array([3], 1, 2)]]), {})).rejects.toThrow("has 2 values");
    await expect(writeSafetensors(file, new Map([["__metadata__", array([1], 1)]]), {})).rejects.toThrow("cannot be called");
    expect(await readdir(folder)).not.toContain("never.safetensors");
  });

  it("says that a file is missing", async () => {
    await expect(readSafetensors(path.join(folder, "missing.safetensors"))).rejects.toMatchObject({ code: "file-missing" });
    await expect(readSafetensors(folder)).rejects.toMatchObject({ code: "safetensors-damaged" });
  });

  const entry = (offsets: string, shape = "[1]", dtype = '"F32"') => `{"dtype":${dtype},"shape":${shape},"data_offsets":${offsets}}`;
  const data = (count: number) => new Uint8Array(count);
  const cases: [string, Uint8Array, RegExp][] = [
    ["an empty file", new Uint8Array(0), /too short/],
    ["a picture", Buffer.concat([Buffer.from("89504e470d0a1a0a", "hex"), data(100)]), /header is too long/],
    ["a header length beyond the file", bytes("{}", data(0), 3n), /ends within its header/],
    ["an enormous header length", bytes("{}", data(0), 2n ** 64n - 1n), /header is too long/],
    ["a header that is not JSON", bytes("{..."), /header is not JSON/],
    ["a header that is not UTF-8", bytes(Uint8Array.from([0x22, 0xff, 0x22])), /header is not JSON/],
    ["a header that is a list", bytes("[1]"), /not a list of tensors/],
    ["metadata that are not text", bytes('{"__metadata__":{"a":1}}'), /metadata/],
    ["an entry that is no object", bytes('{"a":null}'), /is not an object/],
    ["an entry without type", bytes(`{"a":${entry("[0,4]", "[1]", "null")}}`, data(4)), /has no type/],
    ["a negative size", bytes(`{"a":${entry("[0,4]", "[-1,-1]")}}`, data(4)), /no valid shape/],
    ["a fractional size", bytes(`{"a":${entry("[0,4]", "[0.5,2]")}}`, data(4)), /no valid shape/],
    ["a position that is no pair", bytes(`{"a":${entry("[0,4,8]")}}`, data(4)), /no valid position/],
    ["a reversed position", bytes(`{"a":${entry("[4,0]")}}`, data(4)), /does not match its size/],
    ["a shape that does not fit the size", bytes(`{"a":${entry("[0,4]", "[2]")}}`, data(4)), /does not match its size/],
    ["a shape that overflows", bytes(`{"a":${entry("[0,4]", "[4294967296,4294967296,4294967296]")}}`, data(4)), /does not match its size/],
    ["tensors that overlap", bytes(`{"a":${entry("[0,8]", "[2]")},"b":${entry("[4,8]")}}`, data(8)), /overlap/],
    ["the same place twice", bytes(`{"a":${entry("[0,4]")},"b":${entry("[0,4]")}}`, data(4)), /overlap/],
    ["a gap", bytes(`{"a":${entry("[0,4]")},"b":${entry("[8,12]")}}`, data(12)), /gap/],
    ["values that are cut off", bytes(`{"a":${entry("[0,8]", "[2]")}}`, data(5)), /3 bytes of its tensors are missing/],
    ["bytes behind the values", bytes(`{"a":${entry("[0,4]")}}`, data(6)), /2 bytes follow/],
  ];
  it.each(cases)("refuses %s", async (_, content, message) => {
    expect(await failure(content)).toMatchObject({ code: "safetensors-damaged", message: expect.stringMatching(message) });
  });

  it("refuses other types by name", async () => {
    const { code, message } = await failure(bytes(`{"a":${entry("[0,2]", "[1]", '"BF16"')}}`, data(2)));
    expect(code).toBe("safetensors-unsupported");
    expect(message).toContain("BF16");
  });

  it("refuses every cut of a good file", async () => {
    const file = path.join(folder, "whole.safetensors");
    await writeSafetensors(file, new Map([["a", array([2, 2], 1, 2, 3, 4)]]), { k: "v" });
    const whole = await readFile(file);
    for (let length = 0; length < whole.byteLength; length++) expect((await failure(whole.subarray(0, length))).code).toBe("safetensors-damaged");
  });
});
