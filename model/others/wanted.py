"""The sets of other digits that the card answers for: those measured by name, and those that nobody could get as not evaluated."""

from typing import NamedTuple


class Wanted(NamedTuple):
    """A known set of other digits."""

    title: str
    told: str
    """What it is, and where a copy is found."""


WANTED = {
    "usps-test": Wanted(
        "USPS, test part",
        "digits of zip codes on envelopes, 16 x 16, that fill their frame (Hull 1994), smoothed; `usps.t.bz2` of libsvm's data sets",
    ),
    "usps-h5-test": Wanted(
        "USPS, test part, sharp", "the same pictures in the same order, not smoothed and of full contrast; part `test` of `usps.h5`"
    ),
    "uci-test": Wanted(
        "UCI 8x8, test part",
        "13 writers, 8 x 8 pixels in sixteenths, filling their frame (Alpaydin and Kaynak 1998); `sklearn/datasets/data/digits.csv.gz` in "
        "scikit-learn's wheel, which `pip download scikit-learn --no-deps` brings",
    ),
    "uci-train": Wanted("UCI 8x8, training part", "30 further writers of the same forms; `optdigits.tra` of the UCI repository"),
    "svhn-test": Wanted("SVHN, cropped", "printed house numbers in photographs, 32 x 32 in colour (Netzer et al. 2011); `test_32x32.mat`"),
    "emnist-digits-test": Wanted(
        "EMNIST Digits", "digits of the same forms as MNIST's (Cohen et al. 2017); `emnist-digits-test-images-idx3-ubyte.gz` and its labels"
    ),
    "qmnist-test50k": Wanted(
        "QMNIST's 50,000 further test pictures",
        "by writers of the same forms as MNIST's test set (Yadav and Bottou 2019); `qmnist-test-images-idx3-ubyte.gz` and its labels",
    ),
}
"""By the name that `evaluate --name` takes."""
