"""The networks, by name. Each takes canonical pixels and ends in logits; scaling is inside, softmax outside.

The first article draws two 3x3 convolutions of 32, a pooling, two of 64, a pooling, dense 128, dropout, dense 10, asks for batch
normalisation after each convolution, and limits itself to 200,000 parameters. These do not fit together:

- As drawn (biases, no normalisation) the layers hold 9,568 / 55,424 / 401,536 / 1,290 = 467,818 parameters; with batch normalisation
  and bias-free convolutions 468,010. The dense layer behind a 7x7 flatten alone passes the limit.
- Its table says 2,496 / 36,256 / 131,584 / 1,290, about 170,000. The table's dense figure is nearly that of a 4x4 flatten (131,200).

So `article` pools a third time (7x7 to 4x4, rounding up) and has 197,674 parameters; `article-as-drawn` is the drawing as printed.

The second article's `dense512` is one hidden layer of 512 with 407,050 parameters, which begin as Keras begins them.

`residual-deeper` has a third pooling and nine convolutions where the released `residual-deep` has six. Both have a form for pictures of
48 x 48, which read Arabic-Indic digits.

`strided` is what Wong et al. 2020 (Fast is better than free) train against an adversary on MNIST: a twentieth of the released network's
multiplications, since every batch of such training costs eight. What defends it is compared with itself undefended.
"""

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn

PARAMETER_LIMIT = 200_000
"""The article's own limit, kept by every network but `article-as-drawn` and the second article's `dense512`."""

STUDENT_LIMIT = 20_000
"""What `student` keeps: a tenth of the article's, for the smallest devices."""


class DigitNetwork(nn.Module):
    """Pixels to logits: `uint8[n, 28, 28]` (or float in 0..255 while training) to `float32[n, 10]`; those of CLOSER take 48 x 48."""

    def __init__(self, layers: nn.Sequential) -> None:
        super().__init__()
        self.layers = layers

    def forward(self, pixels: Tensor) -> Tensor:
        logits: Tensor = self.layers(pixels.unsqueeze(1).float() / 255)
        return logits.float()


class Residual(nn.Module):
    """`relu(x + norm(conv(x)))`: one 3x3 convolution that starts near the identity (He et al. 2016, one layer a block)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(channels)

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(x + self.norm(self.convolution(x)))


def _convolution(inputs: int, outputs: int, kernel: int = 3, padding: int | None = None) -> nn.Sequential:
    around = kernel // 2 if padding is None else padding
    return nn.Sequential(nn.Conv2d(inputs, outputs, kernel, padding=around, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True))


def _plain_convolution(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(inputs, outputs, 3, padding=1), nn.ReLU(inplace=True))


def _article(dropout: float) -> nn.Sequential:
    return nn.Sequential(
        _convolution(1, 32),
        _convolution(32, 32),
        nn.MaxPool2d(2),
        _convolution(32, 64),
        _convolution(64, 64),
        nn.MaxPool2d(2),
        nn.MaxPool2d(2, ceil_mode=True),
        nn.Flatten(),
        nn.Linear(64 * 4 * 4, 128),
        nn.ReLU(inplace=True),
        nn.Dropout(dropout),
        nn.Linear(128, 10),
    )


def _article_as_drawn(dropout: float) -> nn.Sequential:
    return nn.Sequential(
        _plain_convolution(1, 32),
        _plain_convolution(32, 32),
        nn.MaxPool2d(2),
        _plain_convolution(32, 64),
        _plain_convolution(64, 64),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(64 * 7 * 7, 128),
        nn.ReLU(inplace=True),
        nn.Dropout(dropout),
        nn.Linear(128, 10),
    )


def _residual_flat(dropout: float) -> nn.Sequential:
    return nn.Sequential(
        _convolution(1, 32, kernel=5),
        nn.MaxPool2d(2),
        _convolution(32, 64),
        Residual(64),
        nn.MaxPool2d(2),
        Residual(64),
        Residual(64),
        nn.Flatten(),
        nn.Dropout(dropout),
        nn.Linear(64 * 7 * 7, 10),
    )


def _residual_deep(dropout: float, left: int = 6) -> nn.Sequential:
    """`left`: the side of what both poolings leave of a picture."""
    return nn.Sequential(
        _convolution(
            1, 32, kernel=5, padding=0
        ),  # 24 x 24: next to no digit's ink is nearer to the edge, and all behind it costs a quarter less
        nn.MaxPool2d(2),
        _convolution(32, 64),
        Residual(64),
        nn.MaxPool2d(2),
        Residual(64),
        Residual(64),
        Residual(64),
        nn.Flatten(),
        nn.Dropout(dropout),
        nn.Linear(64 * left * left, 10),
    )


def _residual_deeper(dropout: float, left: int = 3) -> nn.Sequential:
    """As `_residual_deep`, of three poolings."""
    return nn.Sequential(
        _convolution(1, 24, kernel=5, padding=0),
        nn.MaxPool2d(2),
        _convolution(24, 32),
        Residual(32),
        Residual(32),
        nn.MaxPool2d(2),
        _convolution(32, 64),
        Residual(64),
        Residual(64),
        nn.MaxPool2d(2),
        Residual(64),
        Residual(64),
        nn.Flatten(),
        nn.Dropout(dropout),
        nn.Linear(64 * left * left, 10),
    )


def _residual_pooled(dropout: float) -> nn.Sequential:
    return nn.Sequential(
        _convolution(1, 24, kernel=5),
        nn.MaxPool2d(2),
        _convolution(24, 48),
        Residual(48),
        nn.MaxPool2d(2),
        _convolution(48, 96),
        Residual(96),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Dropout(dropout),
        nn.Linear(96, 10),
    )


def _student(dropout: float) -> nn.Sequential:
    return nn.Sequential(
        _convolution(1, 16, kernel=5, padding=0),
        nn.MaxPool2d(2),
        _convolution(16, 22),
        Residual(22),
        nn.MaxPool2d(2),
        Residual(22),
        Residual(22),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Dropout(dropout),
        nn.Linear(22 * 3 * 3, 10),
    )


def _dense512(dropout: float) -> nn.Sequential:
    layers = nn.Sequential(nn.Flatten(), nn.Linear(28 * 28, 512), nn.ReLU(inplace=True), nn.Dropout(dropout), nn.Linear(512, 10))
    for layer in layers:
        if isinstance(layer, nn.Linear):
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)
    return layers


def _strided(dropout: float) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(1, 16, 4, stride=2, padding=1),
        nn.ReLU(inplace=True),
        nn.Conv2d(16, 32, 4, stride=2, padding=1),
        nn.ReLU(inplace=True),
        nn.Flatten(),
        nn.Linear(32 * 7 * 7, 100),
        nn.ReLU(inplace=True),
        nn.Dropout(dropout),
        nn.Linear(100, 10),
    )


_LAYERS: dict[str, Callable[[float], nn.Sequential]] = {
    "article": _article,
    "article-as-drawn": _article_as_drawn,
    "dense512": _dense512,
    "residual-flat": _residual_flat,
    "residual-deep": _residual_deep,
    "residual-deeper": _residual_deeper,
    "residual-pooled": _residual_pooled,
    "student": _student,
    "strided": _strided,
}

_CLOSER: dict[str, Callable[[float], nn.Sequential]] = {
    "residual-deep-48": partial(_residual_deep, left=11),
    "residual-deeper-48": partial(_residual_deeper, left=5),
}

NETWORKS = tuple(_LAYERS)
"""Every name that `build` knows of a network that takes 28 x 28."""

CLOSER = tuple(_CLOSER)
"""Those that take 48 x 48."""

RELEASABLE = tuple(name for name in NETWORKS if name != "dense512")
"""Those that `model.inference` can fold; the second article's is measured and never served."""


def build(name: str, *, dropout: float = 0.5) -> DigitNetwork:
    """A freshly initialised network. Raises ValueError for a name neither in `NETWORKS` nor in `CLOSER`."""
    layers = (_LAYERS | _CLOSER).get(name)
    if layers is None:
        raise ValueError(f"no network is called {name!r}; there are {', '.join((*NETWORKS, *CLOSER))}")
    return DigitNetwork(layers(dropout))


def parameter_count(network: nn.Module) -> int:
    """Trainable numbers; running statistics of the normalisation are not counted."""
    return sum(parameter.numel() for parameter in network.parameters())
