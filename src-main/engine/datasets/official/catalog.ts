import { DATASETS, type DatasetFacts, type DatasetId } from "../../../../src-shared/domain/dataset-facts.ts";
import type { Attribution } from "../images/types.ts";

/** One file of an official release. */
export interface OfficialFile {
  readonly name: string;
  /** Published size in bytes, for progress and limits; the checksum decides whether a file is right. */
  readonly bytes: number;
  readonly md5: string;
  /** Full URLs, tried in this order. */
  readonly urls: readonly string[];
}

/** The facts of a dataset together with where its files come from. */
export interface CatalogEntry extends DatasetFacts {
  readonly id: DatasetId;
  readonly attribution: Attribution;
  /** Files to download; empty when the dataset cannot be downloaded. */
  readonly files: readonly OfficialFile[];
  /** Bytes on disk after unpacking. */
  readonly unpackedBytes: number;
}

/** The four IDX files of MNIST and the datasets in its format. */
export const IDX_FILES = {
  trainImages: "train-images-idx3-ubyte",
  trainLabels: "train-labels-idx1-ubyte",
  testImages: "t10k-images-idx3-ubyte",
  testLabels: "t10k-labels-idx1-ubyte",
} as const;

function idxFiles(mirrors: readonly string[], sizesAndSums: readonly (readonly [bytes: number, md5: string])[]): OfficialFile[] {
  return Object.values(IDX_FILES).map((base, i) => {
    const [bytes, md5] = sizesAndSums[i] ?? [0, ""];
    const name = `${base}.gz`;
    return { name, bytes, md5, urls: mirrors.map((mirror) => mirror + name) };
  });
}

const KRIZHEVSKY: Omit<Attribution, "source"> = {
  url: "https://www.cs.toronto.edu/~kriz/cifar.html",
  licence: "No licence stated by the authors; they ask for the citation.",
  citation: "A. Krizhevsky. Learning Multiple Layers of Features from Tiny Images. Technical report, University of Toronto, 2009.",
};

/** Where the files of each dataset come from. The checksums are those published by the authors and by torchvision. */
export const CATALOG: Readonly<Record<DatasetId, CatalogEntry>> = {
  digits: {
    id: "digits",
    ...DATASETS.digits,
    attribution: {
      source: "Optical Recognition of Handwritten Digits, UCI Machine Learning Repository (E. Alpaydin, C. Kaynak)",
      url: "https://archive.ics.uci.edu/dataset/80/optical+recognition+of+handwritten+digits",
      licence: "CC BY 4.0",
      citation: "E. Alpaydin, C. Kaynak. Optical Recognition of Handwritten Digits. UCI Machine Learning Repository, 1998. https://doi.org/10.24432/C50P49",
    },
    files: [],
    unpackedBytes: 57_523,
  },
  cifar10: {
    id: "cifar10",
    ...DATASETS.cifar10,
    attribution: { source: "CIFAR-10 (A. Krizhevsky, V. Nair, G. Hinton)", ...KRIZHEVSKY },
    files: [
      {
        name: "cifar-10-binary.tar.gz",
        bytes: 170_052_171,
        md5: "c32a1d4ab5d03f1284b67883e8d87530",
        urls: ["https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"],
      },
    ],
    unpackedBytes: 184_380_060,
  },
  cifar100: {
    id: "cifar100",
    ...DATASETS.cifar100,
    attribution: { source: "CIFAR-100 (A. Krizhevsky, V. Nair, G. Hinton)", ...KRIZHEVSKY },
    files: [
      {
        name: "cifar-100-binary.tar.gz",
        bytes: 168_513_733,
        md5: "03b5dce01913d631647c71ecec9e9cb8",
        urls: ["https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz"],
      },
    ],
    unpackedBytes: 184_440_000,
  },
  mnist: {
    id: "mnist",
    ...DATASETS.mnist,
    attribution: {
      source: "The MNIST database of handwritten digits (Y. LeCun, C. Cortes, C. Burges)",
      url: "http://yann.lecun.com/exdb/mnist/",
      licence: "CC BY-SA 3.0",
      citation: "Y. LeCun, L. Bottou, Y. Bengio, P. Haffner. Gradient-based learning applied to document recognition. Proceedings of the IEEE, 1998.",
    },
    files: idxFiles(
      ["https://ossci-datasets.s3.amazonaws.com/mnist/", "https://storage.googleapis.com/cvdf-datasets/mnist/", "http://yann.lecun.com/exdb/mnist/"],
      [
        [9_912_422, "f68b3c2dcbeaaa9fbdd348bbdeb94873"],
        [28_881, "d53e105ee54ea40749a09fcbcd1e9432"],
        [1_648_877, "9fb629c4189551a2d022fa330f9573f3"],
        [4_542, "ec29112dd5afa0611ce80d1b7f02629c"],
      ],
    ),
    unpackedBytes: 11_600_000,
  },
  "fashion-mnist": {
    id: "fashion-mnist",
    ...DATASETS["fashion-mnist"],
    attribution: {
      source: "Fashion-MNIST (Zalando Research)",
      url: "https://github.com/zalandoresearch/fashion-mnist",
      licence: "MIT",
      citation: "H. Xiao, K. Rasul, R. Vollgraf. Fashion-MNIST: a Novel Image Dataset for Benchmarking Machine Learning Algorithms. arXiv:1708.07747, 2017.",
    },
    files: idxFiles(
      ["http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/", "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/"],
      [
        [26_421_880, "8d4fb7e6c68d591d4c3dfef9ec88bf0d"],
        [29_515, "25c81989df183df01b3e8a0aad5dffbe"],
        [4_422_102, "bef4ecab320f06d8554ea6380940ec79"],
        [5_148, "bb300cfdad3c16e7a12a480ee83cd310"],
      ],
    ),
    unpackedBytes: 30_900_000,
  },
  kmnist: {
    id: "kmnist",
    ...DATASETS.kmnist,
    attribution: {
      source: "KMNIST dataset (created by CODH), adapted from the Kuzushiji dataset (created by NIJL and others)",
      url: "http://codh.rois.ac.jp/kmnist/",
      licence: "CC BY-SA 4.0",
      citation: "T. Clanuwat et al. Deep Learning for Classical Japanese Literature. arXiv:1812.01718, 2018. https://doi.org/10.20676/00000341",
    },
    files: idxFiles(
      ["http://codh.rois.ac.jp/kmnist/dataset/kmnist/"],
      [
        [18_165_135, "bdb82020997e1d708af4cf47b453dcf7"],
        [29_497, "e144d726b3acfaa3e44228e80efcd344"],
        [3_041_136, "5c965bf0a639b31b8f53240b1b52f4d7"],
        [5_120, "7320c461ea6c1c855c0b718fb2a4b134"],
      ],
    ),
    unpackedBytes: 21_300_000,
  },
  folder: {
    id: "folder",
    ...DATASETS.folder,
    attribution: { source: "The user's own images", url: "", licence: "Not known to this program", citation: "" },
    files: [],
    unpackedBytes: 0,
  },
};
