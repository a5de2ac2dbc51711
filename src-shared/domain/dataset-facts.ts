/**
 * Facts about every dataset that are known without opening it. This table has one entry per dataset; checks, forms,
 * estimates and the window read it, and the catalog of the engine adds where its files come from.
 */

export interface DatasetFacts {
  readonly name: string;
  /** For narrow columns and run names. */
  readonly shortName: string;
  /** Shape of one image; null when the user chooses it. */
  readonly shape: readonly [height: number, width: number, channels: number] | null;
  readonly classNames: readonly string[];
  /** Images of the official release; 0 for image folders. */
  readonly trainImages: number;
  readonly testImages: number;
  /** Suitable augmentation; a run may use another. `horizontalFlip` is false where a mirrored image means something else. */
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

const ENTRIES = {
  digits: {
    name: "Handwritten digits 8×8",
    shortName: "Digits",
    shape: [8, 8, 1],
    classNames: DIGIT_NAMES,
    trainImages: 1437,
    testImages: 360,
    augmentation: { cropPadding: 1, horizontalFlip: false, cutout: 0 },
  },
  cifar10: {
    name: "CIFAR-10",
    shortName: "CIFAR-10",
    shape: [32, 32, 3],
    classNames: CIFAR10_NAMES,
    trainImages: 50_000,
    testImages: 10_000,
    augmentation: { cropPadding: 4, horizontalFlip: true, cutout: 0 },
  },
  cifar100: {
    name: "CIFAR-100",
    shortName: "CIFAR-100",
    shape: [32, 32, 3],
    classNames: CIFAR100_NAMES,
    trainImages: 50_000,
    testImages: 10_000,
    augmentation: { cropPadding: 4, horizontalFlip: true, cutout: 0 },
  },
  mnist: {
    name: "MNIST",
    shortName: "MNIST",
    shape: [28, 28, 1],
    classNames: DIGIT_NAMES,
    trainImages: 60_000,
    testImages: 10_000,
    augmentation: { cropPadding: 2, horizontalFlip: false, cutout: 0 },
  },
  "fashion-mnist": {
    name: "Fashion-MNIST",
    shortName: "Fashion-MNIST",
    shape: [28, 28, 1],
    classNames: FASHION_NAMES,
    trainImages: 60_000,
    testImages: 10_000,
    augmentation: { cropPadding: 2, horizontalFlip: true, cutout: 0 },
  },
  kmnist: {
    name: "Kuzushiji-MNIST",
    shortName: "Kuzushiji-MNIST",
    shape: [28, 28, 1],
    classNames: KMNIST_NAMES,
    trainImages: 60_000,
    testImages: 10_000,
    augmentation: { cropPadding: 2, horizontalFlip: false, cutout: 0 },
  },
  folder: {
    name: "Image folder",
    shortName: "Image folder",
    shape: null,
    classNames: [],
    trainImages: 0,
    testImages: 0,
    augmentation: { cropPadding: 4, horizontalFlip: true, cutout: 0 },
  },
} satisfies Readonly<Record<string, DatasetFacts>>;

export type DatasetId = keyof typeof ENTRIES;

export const DATASETS: Readonly<Record<DatasetId, DatasetFacts>> = ENTRIES;
export const DATASET_IDS = Object.keys(ENTRIES) as [DatasetId, ...DatasetId[]];
