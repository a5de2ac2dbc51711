import type { Attribution, DatasetId } from "../images/types.ts";

/** One file of an official release. */
export interface OfficialFile {
  readonly name: string;
  /** Published size in bytes, for progress and limits; the checksum decides whether a file is right. */
  readonly bytes: number;
  readonly md5: string;
  /** Full URLs, tried in this order. */
  readonly urls: readonly string[];
}

/** Facts about a dataset that are known without opening it. */
export interface CatalogEntry {
  readonly id: DatasetId;
  readonly name: string;
  readonly attribution: Attribution;
  /** Shape of one image; null when the user chooses it. */
  readonly shape: readonly [height: number, width: number, channels: number] | null;
  readonly classNames: readonly string[];
  readonly trainExpected: number;
  readonly testExpected: number;
  /** Files to download; empty when the dataset cannot be downloaded. */
  readonly files: readonly OfficialFile[];
  /** Bytes on disk after unpacking. */
  readonly unpackedBytes: number;
  /** Suitable augmentation; a run may use another. */
  readonly augmentation: { readonly cropPadding: number; readonly horizontalFlip: boolean; readonly cutout: number };
}

const DIGIT_NAMES = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];

const CIFAR10_NAMES = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"];

const CIFAR100_NAMES = (
  "apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus butterfly camel can castle caterpillar cattle " +
  "chair chimpanzee clock cloud cockroach couch crab crocodile cup dinosaur dolphin elephant flatfish forest fox girl hamster house " +
  "kangaroo keyboard lamp lawn_mower leopard lion lizard lobster man maple_tree motorcycle mountain mouse mushroom oak_tree orange " +
  "orchid otter palm_tree pear pickup_truck pine_tree plain plate poppy porcupine possum rabbit raccoon ray road rocket rose sea seal " +
  "shark shrew skunk skyscraper snail snake spider squirrel streetcar sunflower sweet_pepper table tank telephone television tiger " +
  "tractor train trout tulip turtle wardrobe whale willow_tree wolf woman worm"
).split(" ");

const FASHION_NAMES = ["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"];

const KMNIST_NAMES = ["o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"];

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

/** All datasets by id. The checksums are those published by the authors and by torchvision. */
export const CATALOG: Readonly<Record<DatasetId, CatalogEntry>> = {
  digits: {
    id: "digits",
    name: "Handwritten digits 8×8",
    attribution: {
      source: "Optical Recognition of Handwritten Digits, UCI Machine Learning Repository (E. Alpaydin, C. Kaynak)",
      url: "https://archive.ics.uci.edu/dataset/80/optical+recognition+of+handwritten+digits",
      licence: "CC BY 4.0",
      citation: "E. Alpaydin, C. Kaynak. Optical Recognition of Handwritten Digits. UCI Machine Learning Repository, 1998. https://doi.org/10.24432/C50P49",
    },
    shape: [8, 8, 1],
    classNames: DIGIT_NAMES,
    trainExpected: 1437,
    testExpected: 360,
    files: [],
    unpackedBytes: 57_523,
    augmentation: { cropPadding: 1, horizontalFlip: false, cutout: 0 },
  },
  cifar10: {
    id: "cifar10",
    name: "CIFAR-10",
    attribution: { source: "CIFAR-10 (A. Krizhevsky, V. Nair, G. Hinton)", ...KRIZHEVSKY },
    shape: [32, 32, 3],
    classNames: CIFAR10_NAMES,
    trainExpected: 50_000,
    testExpected: 10_000,
    files: [
      {
        name: "cifar-10-binary.tar.gz",
        bytes: 170_052_171,
        md5: "c32a1d4ab5d03f1284b67883e8d87530",
        urls: ["https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"],
      },
    ],
    unpackedBytes: 184_380_060,
    augmentation: { cropPadding: 4, horizontalFlip: true, cutout: 0 },
  },
  cifar100: {
    id: "cifar100",
    name: "CIFAR-100",
    attribution: { source: "CIFAR-100 (A. Krizhevsky, V. Nair, G. Hinton)", ...KRIZHEVSKY },
    shape: [32, 32, 3],
    classNames: CIFAR100_NAMES,
    trainExpected: 50_000,
    testExpected: 10_000,
    files: [
      {
        name: "cifar-100-binary.tar.gz",
        bytes: 168_513_733,
        md5: "03b5dce01913d631647c71ecec9e9cb8",
        urls: ["https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz"],
      },
    ],
    unpackedBytes: 184_440_000,
    augmentation: { cropPadding: 4, horizontalFlip: true, cutout: 0 },
  },
  mnist: {
    id: "mnist",
    name: "MNIST",
    attribution: {
      source: "The MNIST database of handwritten digits (Y. LeCun, C. Cortes, C. Burges)",
      url: "http://yann.lecun.com/exdb/mnist/",
      licence: "CC BY-SA 3.0",
      citation: "Y. LeCun, L. Bottou, Y. Bengio, P. Haffner. Gradient-based learning applied to document recognition. Proceedings of the IEEE, 1998.",
    },
    shape: [28, 28, 1],
    classNames: DIGIT_NAMES,
    trainExpected: 60_000,
    testExpected: 10_000,
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
    augmentation: { cropPadding: 2, horizontalFlip: false, cutout: 0 },
  },
  "fashion-mnist": {
    id: "fashion-mnist",
    name: "Fashion-MNIST",
    attribution: {
      source: "Fashion-MNIST (Zalando Research)",
      url: "https://github.com/zalandoresearch/fashion-mnist",
      licence: "MIT",
      citation: "H. Xiao, K. Rasul, R. Vollgraf. Fashion-MNIST: a Novel Image Dataset for Benchmarking Machine Learning Algorithms. arXiv:1708.07747, 2017.",
    },
    shape: [28, 28, 1],
    classNames: FASHION_NAMES,
    trainExpected: 60_000,
    testExpected: 10_000,
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
    augmentation: { cropPadding: 2, horizontalFlip: true, cutout: 0 },
  },
  kmnist: {
    id: "kmnist",
    name: "Kuzushiji-MNIST",
    attribution: {
      source: "KMNIST dataset (created by CODH), adapted from the Kuzushiji dataset (created by NIJL and others)",
      url: "http://codh.rois.ac.jp/kmnist/",
      licence: "CC BY-SA 4.0",
      citation: "T. Clanuwat et al. Deep Learning for Classical Japanese Literature. arXiv:1812.01718, 2018. https://doi.org/10.20676/00000341",
    },
    shape: [28, 28, 1],
    classNames: KMNIST_NAMES,
    trainExpected: 60_000,
    testExpected: 10_000,
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
    augmentation: { cropPadding: 2, horizontalFlip: false, cutout: 0 },
  },
  folder: {
    id: "folder",
    name: "Image folder",
    attribution: { source: "The user's own images", url: "", licence: "Not known to this program", citation: "" },
    shape: null,
    classNames: [],
    trainExpected: 0,
    testExpected: 0,
    files: [],
    unpackedBytes: 0,
    augmentation: { cropPadding: 4, horizontalFlip: true, cutout: 0 },
  },
};
