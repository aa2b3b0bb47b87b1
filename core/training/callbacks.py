"""What listens to the training loop. Each holds its state as plain data, to be resumed."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class Epoch:
    """One row of the history. `epoch` counts from 1 within its stage."""

    epoch: int
    loss: float
    accuracy: float
    validation_loss: float
    validation_accuracy: float
    learning_rate: float
    seconds: float


class Callback:
    """A listener. Hooks are named by their moment; the state survives a killed process."""

    state: dict[str, Any]

    def __init__(self) -> None:
        self.state = {}

    def on_batch_end(self, epoch: int, step: int, steps: int, pictures: int) -> None:
        """After `step` of `steps` batches, the last of them of `pictures` pictures."""

    def on_epoch_end(self, model: "keras.Model", epoch: Epoch) -> None:
        """After training and validation of an epoch."""

    @property
    def wants_to_stop(self) -> bool:
        """Whether the stage should end after this epoch."""
        return False


class BestEpoch(Callback):
    """Knows the epoch of lowest validation loss, and whether this is it."""

    def __init__(self) -> None:
        super().__init__()
        self.state = {"epoch": 0, "validation_loss": float("inf")}

    def on_epoch_end(self, model: "keras.Model", epoch: Epoch) -> None:  # noqa: ARG002, D102
        if epoch.validation_loss < self.state["validation_loss"]:
            self.state = {"epoch": epoch.epoch, "validation_loss": epoch.validation_loss}

    def is_best(self, epoch: Epoch) -> bool:
        """Whether this epoch has the lowest validation loss so far."""
        return bool(self.state["epoch"] == epoch.epoch)


class EarlyStopping(Callback):
    """Ends a stage when validation loss has not fallen for `patience` epochs."""

    def __init__(self, patience: int) -> None:
        super().__init__()
        self.patience = patience
        self.state = {"lowest": float("inf"), "waited": 0}

    def on_epoch_end(self, model: "keras.Model", epoch: Epoch) -> None:  # noqa: ARG002, D102
        if epoch.validation_loss < self.state["lowest"]:
            self.state = {"lowest": epoch.validation_loss, "waited": 0}
        else:
            self.state = self.state | {"waited": self.state["waited"] + 1}

    @property
    def wants_to_stop(self) -> bool:  # noqa: D102
        return bool(self.state["waited"] >= self.patience)


class ReduceLearningRate(Callback):
    """Lowers the learning rate when validation accuracy stands still for `patience` epochs.

    There is no floor: a floor above a stage's own rate would switch the callback off.
    """

    def __init__(self, patience: int, factor: float) -> None:
        super().__init__()
        self.patience = patience
        self.factor = factor
        self.state = {"highest": -1.0, "waited": 0}

    def on_epoch_end(self, model: "keras.Model", epoch: Epoch) -> None:  # noqa: D102
        if epoch.validation_accuracy > self.state["highest"]:
            self.state = {"highest": epoch.validation_accuracy, "waited": 0}
            return
        waited = self.state["waited"] + 1
        if waited >= self.patience:
            model.optimizer.learning_rate = epoch.learning_rate * self.factor
            waited = 0
        self.state = self.state | {"waited": waited}
