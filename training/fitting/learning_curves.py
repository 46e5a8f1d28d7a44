"""Training curves as a picture."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from training.fitting.checkpoint import EpochResult


def plot_curves(histories: Sequence[Sequence["EpochResult"]], path: Path) -> None:
    """Loss and validation AUC by epoch, one line for each learning-rate cycle."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, (loss, auc) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
    for index, history in enumerate(histories, start=1):
        epochs = [result.epoch for result in history]
        name = f"cycle {index}" if len(histories) > 1 else "network"
        loss.plot(epochs, [result.loss for result in history], label=f"{name}, train")
        loss.plot(
            epochs,
            [result.val_loss for result in history],
            "--",
            label=f"{name}, validation",
        )
        auc.plot(epochs, [result.val_auc for result in history], label=name)
    loss.set(xlabel="epoch", ylabel="cross-entropy", title="Loss")
    auc.set(xlabel="epoch", ylabel="AUC", title="Validation AUC, averaged weights")
    for axes in (loss, auc):
        axes.legend()
        axes.grid(alpha=0.3)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.partial.png")
    figure.savefig(temporary, dpi=120)
    plt.close(figure)
    temporary.replace(path)
