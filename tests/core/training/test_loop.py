"""The loop of one stage: cached as uncached, resumed as uninterrupted."""

import numpy as np
import pytest

from core.config import Head
from core.model.prefix import PrefixCache
from core.model.stages import apply_stage, cuts_of, tail_model
from core.model.vgg19 import build_model
from core.model.weights import Weights
from core.protocols import REPORT
from core.training import checkpoint
from core.training.callbacks import BestEpoch, Callback, EarlyStopping, ReduceLearningRate
from core.training.loop import StageData, compile_for, fit, predict

SMALL = REPORT.model_copy(
    update={
        "input": REPORT.input.model_copy(update={"size": 32}),
        "head": Head(units=(64, 32), dropout=0.3),
    }
)

SYMMETRIC = SMALL.model_copy(
    update={
        "head": Head(
            pooling="symmetry", layers=("block3_pool", "block4_pool", "block5_pool"), units=(32,)
        )
    }
)


@pytest.fixture(scope="module")
def pictures():
    """Forty pictures; the positive ones have a bright patch."""
    made = np.random.default_rng(1).integers(0, 120, (40, 32, 32, 3), dtype=np.uint8)
    made[::2, 8:20, 8:20] += 100
    return made


class Rows(Callback):
    def __init__(self):
        super().__init__()
        self.epochs = []

    def on_epoch_end(self, model, epoch):
        self.epochs.append(epoch)

    def figures(self):
        return np.array(
            [[e.loss, e.accuracy, e.validation_loss, e.validation_accuracy] for e in self.epochs]
        )


def train(
    pictures,
    stage,
    *,
    fed=None,
    protocol=SMALL,
    cache=None,
    epochs=3,
    model=None,
    callbacks=(),
    first=1,
    **kwargs,
):
    stage = protocol.stage(stage).model_copy(update={"epochs": epochs, **kwargs})
    model = model or build_model(protocol, Weights("random"))
    apply_stage(model, stage)
    cuts = cuts_of(stage, protocol.head) if cache else ()
    known = cache.activations(model, cuts, pictures, "unit") if cuts else {}
    network = tail_model(model, cuts)
    inputs = tuple(known[cut] for cut in cuts) or (pictures,)
    data = StageData(
        inputs, np.arange(40) % 2 == 0, np.arange(28), np.arange(28, 40), "unit", **(fed or {})
    )
    compile_for(network, stage)
    rows = Rows()
    fit(network, data, stage, [*callbacks, rows], batch_size=8, seed=3, first_epoch=first)
    return rows, model, network, data


@pytest.mark.parametrize("protocol", [SMALL, SYMMETRIC], ids=["chain", "symmetry"])
@pytest.mark.parametrize("stage", ["baseline", "stage1", "stage2", "stage3"])
def test_cached_and_uncached_training_give_the_same_history(pictures, tmp_path, stage, protocol):
    cached, model, *_ = train(pictures, stage, protocol=protocol, cache=PrefixCache(tmp_path))
    uncached, other, *_ = train(pictures, stage, protocol=protocol)
    np.testing.assert_allclose(cached.figures(), uncached.figures(), rtol=2e-3, atol=2e-3)
    for ours, theirs in zip(model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-3)


@pytest.mark.parametrize("fed", [{}, {"label_smoothing": 0.2, "balanced": True}])
def test_an_epochs_loss_and_accuracy_are_those_of_all_its_pictures(pictures, fed):
    """Whatever is minimised, they are measured as those of validation are."""
    protocol = SMALL.model_copy(update={"head": Head(units=(32,), dropout=0.0)})
    model = build_model(protocol, Weights("random"))
    rows, _, network, data = train(
        pictures, "baseline", epochs=1, model=model, learning_rate=1e-12, fed=fed
    )
    probability = predict(network, data, data.train, batch_size=8)
    positive = data.positive[data.train]
    given = np.where(positive, probability, 1 - probability)
    assert rows.epochs[0].loss == pytest.approx(-np.log(given).mean(), rel=1e-3)
    assert rows.epochs[0].accuracy == pytest.approx(((probability >= 0.5) == positive).mean())


def test_it_learns_and_what_is_frozen_stays(pictures, tmp_path):
    model = build_model(SMALL, Weights("random"))
    before = {layer.name: layer.get_weights() for layer in model.layers}
    rows, model, network, data = train(
        pictures, "stage1", cache=PrefixCache(tmp_path), epochs=12, model=model, learning_rate=2e-4
    )
    assert rows.epochs[-1].loss < rows.epochs[0].loss / 2
    changed = {
        layer.name
        for layer in model.layers
        if any((a != b).any() for a, b in zip(layer.get_weights(), before[layer.name], strict=True))
    } - {"head_dropout"}
    assert changed == {"block5_conv3", "block5_conv4", "head_dense1", "head_dense2", "prediction"}
    # The tail and the whole are one network: no weight was copied, none can differ.
    full = predict(model, StageData((pictures,), *_rest(data)), np.arange(40), batch_size=8)
    tail = predict(network, data, np.arange(40), batch_size=8)
    np.testing.assert_allclose(full, tail, atol=1e-4)


def _rest(data):
    return data.positive, data.train, data.validation, "unit"


def test_steps_per_epoch_shortens_an_epoch_and_none_sees_every_picture_once(pictures):
    class Count(Callback):
        def __init__(self):
            super().__init__()
            self.seen = []

        def on_batch_end(self, epoch, step, steps, pictures):
            self.seen.append((epoch, step, steps, pictures))

    short, whole = Count(), Count()
    train(pictures, "baseline", epochs=1, steps_per_epoch=2, callbacks=[short])
    train(pictures, "baseline", epochs=1, callbacks=[whole])
    assert short.seen == [(1, 1, 2, 8), (1, 2, 2, 8)]
    assert sum(row[3] for row in whole.seen) == 28


def test_loss_and_accuracy_of_an_epoch_are_means_over_its_pictures(pictures):
    """With a learning rate of next to nothing and no dropout, the epoch is one evaluation."""
    stage = SMALL.stage("baseline").model_copy(update={"epochs": 1, "learning_rate": 1e-12})
    model = build_model(
        SMALL.model_copy(update={"head": Head(units=(16,), dropout=0)}), Weights("random")
    )
    apply_stage(model, stage)
    data = StageData((pictures,), np.arange(40) % 2 == 0, np.arange(28), np.arange(28), "unit")
    compile_for(model, stage)
    rows = Rows()
    fit(model, data, stage, [rows], batch_size=8, seed=3)
    (epoch,) = rows.epochs
    assert epoch.loss == pytest.approx(epoch.validation_loss, rel=1e-4)
    assert epoch.accuracy == pytest.approx(epoch.validation_accuracy)


def test_resumed_from_a_checkpoint_the_rest_is_the_same(pictures, tmp_path):
    path = tmp_path / "checkpoint.npz"
    reduce = ReduceLearningRate(1, 0.5)

    class Keep(Callback):
        def on_epoch_end(self, model, epoch):
            if epoch.epoch == 2:
                checkpoint.save(path, model, {"epoch": 2, "reduce": reduce.state})

    whole, *_ = train(pictures, "stage2", epochs=4, callbacks=[reduce, Keep()])

    stage = SMALL.stage("stage2").model_copy(update={"epochs": 4})
    model = build_model(SMALL, Weights("random"))
    apply_stage(model, stage)
    network = tail_model(model, ())
    compile_for(network, stage)
    state = checkpoint.load(path, network)
    again = ReduceLearningRate(1, 0.5)
    again.state = state["reduce"]
    rows = Rows()
    data = StageData((pictures,), np.arange(40) % 2 == 0, np.arange(28), np.arange(28, 40), "unit")
    fit(network, data, stage, [again, rows], batch_size=8, seed=3, first_epoch=3)
    np.testing.assert_allclose(rows.figures(), whole.figures()[2:], rtol=1e-4, atol=1e-5)
    assert [e.learning_rate for e in rows.epochs] == [e.learning_rate for e in whole.epochs[2:]]


def test_a_checkpoint_holds_no_pickle(pictures, tmp_path):
    path = tmp_path / "checkpoint.npz"
    _, _, network, _ = train(pictures, "baseline", epochs=1)
    checkpoint.save(path, network, {"epoch": 1})
    with np.load(path, allow_pickle=False) as stored:
        assert all(stored[name].dtype != object for name in stored.files)


def _epochs(callback, losses, accuracies=None):
    """Feed a history to a callback through a model that has only a learning rate."""
    from core.training.callbacks import Epoch

    class Optimizer:
        learning_rate = 1.0

    class Model:
        optimizer = Optimizer()

    stops = []
    for i, loss in enumerate(losses, start=1):
        accuracy = accuracies[i - 1] if accuracies else 0.5
        rate = Model.optimizer.learning_rate
        callback.on_epoch_end(Model, Epoch(i, 0, 0, loss, accuracy, rate, 0))
        stops.append(callback.wants_to_stop)
    return stops, Model.optimizer.learning_rate


def test_early_stopping_waits_for_four_epochs_without_a_lower_loss():
    stops, _ = _epochs(EarlyStopping(4), [1.0, 0.9, 0.95, 0.9, 0.91, 0.92])
    assert stops == [False] * 5 + [True]
    assert not any(_epochs(EarlyStopping(4), [1.0, 1.1, 1.1, 1.1, 0.9, 1.0])[0])


def test_learning_rate_halves_after_three_epochs_of_standing_still():
    assert _epochs(ReduceLearningRate(3, 0.5), [1] * 3, [0.5, 0.5, 0.5])[1] == 1.0
    assert _epochs(ReduceLearningRate(3, 0.5), [1] * 4, [0.5, 0.5, 0.4, 0.5])[1] == 0.5
    assert _epochs(ReduceLearningRate(3, 0.5), [1] * 7, [0.5] * 7)[1] == 0.25


def test_best_epoch_is_the_first_of_the_lowest_loss():
    best = BestEpoch()
    _epochs(best, [1.0, 0.5, 0.7, 0.5])
    assert best.state == {"epoch": 2, "validation_loss": 0.5}


def test_smoothed_labels_and_balanced_weights():
    positive = np.array([True, True, True, False])
    rows = np.arange(4)
    data = StageData(np.zeros((4, 1)), positive, rows, rows, "unit", 0.1, balanced=True)
    np.testing.assert_allclose(data.targets(rows), [[0.05, 0.95]] * 3 + [[0.95, 0.05]], rtol=1e-6)
    weights = data.weights(rows)
    assert weights.mean() == pytest.approx(1)
    assert weights[positive].sum() == pytest.approx(weights[~positive].sum())
    plain = StageData(np.zeros((4, 1)), positive, rows, rows, "unit")
    assert plain.weights(rows) is None
    assert plain.targets(rows).tolist() == [[0, 1], [0, 1], [0, 1], [1, 0]]


def test_a_balanced_epoch_weighs_the_rare_class_up(pictures, monkeypatch):
    """Of one batch, at next to no rate, what is minimised is the mean of the classes' means."""
    protocol = SMALL.model_copy(update={"head": Head(units=(64, 32), dropout=0.0)})
    model = build_model(protocol, Weights("random"))
    stage = SMALL.stage("baseline").model_copy(update={"epochs": 1, "learning_rate": 1e-12})
    apply_stage(model, stage)
    compile_for(model, stage)
    rare = np.arange(40) % 4 == 0
    train, validation = np.arange(32), np.arange(32, 40)
    data = StageData((pictures,), rare, train, validation, "unit", balanced=True)
    step, minimised = model.train_on_batch, []

    def watched(*fed, **options):
        logs = step(*fed, **options)
        minimised.append(float(logs["loss"]))
        return logs

    monkeypatch.setattr(model, "train_on_batch", watched)
    fit(model, data, stage, [], batch_size=32, seed=3)
    probability = predict(model, data, train, batch_size=32)
    losses = -np.log(np.where(rare[train], probability, 1 - probability))
    expected = (losses[rare[train]].mean() + losses[~rare[train]].mean()) / 2
    assert minimised == [pytest.approx(expected, rel=1e-3)]
