"""The watcher of training: it sees what happens, leaves no trace, and never gets in the way."""

from __future__ import annotations

import random
import warnings
from contextlib import nullcontext, suppress

import pytest
import torch
from torch.nn.utils import clip_grad_norm_
from torch.optim import lr_scheduler

from course.checks.tiny import as_batch, draw_reviews, tiny_bert
from course.watching import Event, Watch

ACTIONS = ["forward", "backward", "clip", "step", "schedule", "clear"]
PATCHED = (
    (torch.Tensor, "backward"),
    (torch.autograd, "backward"),
    (torch.autograd, "grad"),
    (torch.nn.utils, "clip_grad_norm_"),
    (torch.nn.utils, "clip_grad_value_"),
    (torch.nn.utils.clip_grad, "_clip_grads_with_norm_"),
    (torch.optim.Optimizer, "zero_grad"),
    (torch.nn.Module, "zero_grad"),
    (torch.nn.Module, "__call__"),
    (lr_scheduler.LRScheduler, "step"),
    (lr_scheduler.ReduceLROnPlateau, "step"),
)


def state_of_torch() -> list:
    """Return all that the watcher touches."""
    from torch.nn.modules import module
    from torch.optim import optimizer

    hooks = [value for name, value in vars(module).items() if name.startswith("_global_")]
    hooks += [optimizer._global_optimizer_pre_hooks, optimizer._global_optimizer_post_hooks]
    return [
        *(dict(one) for one in hooks if isinstance(one, dict)),
        *(vars(owner)[name] for owner, name in PATCHED),
    ]


@pytest.fixture(autouse=True)
def torch_is_as_it_was():
    before = state_of_torch()
    yield
    assert state_of_torch() == before


class Training:
    """A tiny model with batches, an SGD and a schedule, and one step of it, action by action."""

    def __init__(self, seed: int = 1) -> None:
        rng = random.Random(seed)
        self.model = tiny_bert(seed, classes=2).train()
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=0.1)
        self.scheduler = lr_scheduler.LambdaLR(self.optimizer, lambda step: 1 / (step + 1))
        self.batches = [as_batch(draw_reviews(rng, 3), [0, 1, 1]) for _ in range(4)]

    def do(self, action: str) -> None:
        match action:
            case "forward":
                self.loss = self.model(**self.batches[0]).loss
            case "backward":
                self.loss.backward(retain_graph=True)
            case "clip":
                clip_grad_norm_(self.model.parameters(), 1.0)
            case "step":
                self.optimizer.step()
            case "schedule":
                self.scheduler.step()
            case "clear":
                self.optimizer.zero_grad()

    def weights(self) -> torch.Tensor:
        return torch.nn.utils.parameters_to_vector(self.model.parameters()).detach().clone()

    def backward(self, number: int = 0) -> torch.Tensor:
        loss = self.model(**self.batches[number]).loss
        loss.backward()
        return loss


def kinds(watch: Watch) -> list[str]:
    return [event.kind for event in watch.events]


def only(watch: Watch, kind: str) -> list[Event]:
    return [event for event in watch.events if event.kind == kind]


def test_a_step_is_seen_in_its_order_with_its_numbers():
    training = Training()
    with Watch(gradients=True) as watch:
        for _ in range(2):
            for action in ACTIONS:
                training.do(action)
    assert kinds(watch) == 2 * ACTIONS
    assert watch.updates == 2 and not watch.failures
    forward, backward = only(watch, "forward")[0], only(watch, "backward")[0]
    assert forward.name == "BertForSequenceClassification"
    assert forward.training is True and forward.gradients is True
    assert forward.loss == backward.loss and forward.loss > 0
    assert [event.stale for event in only(watch, "backward")] == [None, False]
    first, second = only(watch, "step")
    assert first.rates == (0.1,) and second.rates == (0.05,) and first.number == 0
    assert first.norms[0] == pytest.approx(1, rel=1e-4) and 0 < first.largest[0] < 1
    # Without being asked, it does not look at the gradients: that costs time on a real model.
    with Watch() as watch:
        training.do("step")
    assert watch.events == [Event("step", "SGD", number=0, rates=(0.1 / 3,))]


@pytest.mark.parametrize("seed", range(20))
def test_any_order_is_seen_and_changes_nothing(seed):
    rng = random.Random(seed)
    actions = ["forward", *rng.choices(ACTIONS, k=12)]
    results = []
    for watched in (False, True):
        training = Training(seed)
        watch = Watch(gradients=True)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with watch if watched else nullcontext():
                for action in actions:
                    with suppress(RuntimeError):  # PyTorch's, of an odd order
                        training.do(action)
        results.append(training.weights())
    assert torch.equal(*results)
    assert kinds(watch) == actions and not watch.failures


class Bare(torch.optim.Optimizer):
    """An optimizer that forgot its base class."""

    def __init__(self, params):
        self.param_groups = [{"params": list(params)}]

    def step(self, closure=None):
        if closure is not None:
            closure()
        with torch.no_grad():
            for parameter in self.param_groups[0]["params"]:
                if parameter.grad is not None:
                    parameter -= 0.01 * parameter.grad


class Own(torch.optim.Optimizer):
    """An optimizer that steps whatever lies in its groups."""

    def __init__(self, params):
        super().__init__(params, {"lr": 0.1})

    def step(self, closure=None):
        return None if closure is None else closure()


class Touchy:
    """Raises whatever is asked of it."""

    def __getattribute__(self, name):
        raise RuntimeError(name)


#: What may stand where a learning rate should, and how it is read.
RATES = {
    "none": (lambda: None, None),
    "text": (lambda: "0.1", None),
    "callable": (lambda: lambda step: 0.1, None),
    "huge": (lambda: 10**400, None),
    "list": (lambda: [0.1], None),
    "touchy": (Touchy, None),
    "two": (lambda: torch.tensor([0.1, 0.2]), None),
    "meta": (lambda: torch.tensor(0.1, device="meta"), None),
    "complex": (lambda: torch.tensor(1j), None),
    "tensor": (lambda: torch.tensor(0.5), 0.5),
    "integer": (lambda: torch.tensor(2), 2.0),
}


@pytest.mark.parametrize("name", RATES)
def test_no_rate_can_break_it(name):
    training = Training()
    optimizer = Own(training.model.parameters())
    make, readable = RATES[name]
    optimizer.param_groups[0]["lr"] = make()
    with Watch(gradients=True) as watch:
        training.backward()
        optimizer.step()
        del optimizer.param_groups[0]["lr"]
        optimizer.step()
    first, second = only(watch, "step")
    assert first.rates == (readable,) and second.rates == (None,)
    assert first.norms[0] > 0 and not watch.failures


def gradient(kind: str) -> torch.nn.Parameter:
    """Return a parameter whose gradient is of an unusual kind."""
    weights = torch.nn.Parameter(torch.ones(4, 2))
    if kind == "sparse":
        weights.grad = torch.tensor([[2.0, 0.0]] * 4).to_sparse()
    elif kind == "empty":
        weights = torch.nn.Parameter(torch.ones(0))
        weights.grad = torch.ones(0)
    elif kind == "complex":
        weights = torch.nn.Parameter(torch.ones(2, dtype=torch.complex64))
        weights.grad = torch.full((2,), 2j)
    elif kind == "meta":
        weights = torch.nn.Parameter(torch.ones(2, device="meta"))
        weights.grad = torch.ones(2, device="meta")
    elif kind == "bfloat16":
        weights = torch.nn.Parameter(torch.ones(3, dtype=torch.bfloat16))
        weights.grad = torch.ones(3, dtype=torch.bfloat16)
    return weights


@pytest.mark.parametrize(
    ("kind", "norm"),
    [("sparse", 4), ("empty", 0), ("complex", 8**0.5), ("meta", None), ("bfloat16", 3**0.5),
     ("none", 0)],
)  # fmt: skip
def test_no_gradient_can_break_it(kind, norm):
    optimizer = Own([gradient(kind)])
    with Watch(gradients=True) as watch:
        for _ in range(2):
            optimizer.step()
            torch.ones(1, requires_grad=True).sum().backward()
    event = only(watch, "step")[0]
    assert event.norms == (norm if norm is None else pytest.approx(norm),) and not watch.failures


GROUPS = {
    "none": lambda: None,
    "number": lambda: 3,
    "empty": list,
    "of none": lambda: [None],
    "no params": lambda: [{}],
    "params none": lambda: [{"params": None}],
    "params numbers": lambda: [{"params": [1]}],
    "a dict": lambda: {"lr": 1},
    "touchy": Touchy,
    "touchy group": lambda: [Touchy()],
}


@pytest.mark.parametrize("name", GROUPS)
def test_no_groups_can_break_it(name):
    optimizer = Own([torch.nn.Parameter(torch.ones(1))])
    optimizer.param_groups = GROUPS[name]()
    with Watch(gradients=True) as watch:
        optimizer.step()
        optimizer.step(lambda: None)
        del optimizer.param_groups
        optimizer.step()
    assert kinds(watch) == ["step"] * 3 and not watch.failures


def test_a_step_with_a_closure_is_noted_with_the_gradients_it_used():
    training = Training()

    def closure():
        training.optimizer.zero_grad()
        loss = training.backward()
        clip_grad_norm_(training.model.parameters(), 0.5)
        return loss

    with Watch(gradients=True) as watch:
        training.optimizer.step(closure)
    assert kinds(watch) == ["clear", "forward", "backward", "clip", "step"]
    assert only(watch, "step")[0].norms[0] == pytest.approx(0.5, rel=1e-4)


@pytest.mark.parametrize("style", ["bare", "by hand", "data"])
def test_what_is_no_known_optimizer_shows_in_its_effect(style):
    training = Training()
    bare = Bare(training.model.parameters())
    with Watch() as watch:
        for _ in range(3):
            training.model.zero_grad()
            training.backward()
            if style == "bare":
                bare.step()
            elif style == "by hand":
                with torch.no_grad():
                    for parameter in training.model.parameters():
                        parameter -= 0.01 * parameter.grad
            else:
                for parameter in training.model.parameters():
                    parameter.data = parameter.data - 0.01 * parameter.grad
    assert kinds(watch) == 3 * ["clear", "forward", "backward", "change"]
    assert watch.updates == 3 and not watch.failures


def test_two_optimizers_and_one_within_another_make_one_update():
    training = Training()
    head = torch.optim.AdamW(training.model.classifier.parameters(), lr=1e-3)
    body = torch.optim.SGD(training.model.bert.parameters(), lr=1e-3)

    class Outer(Own):
        def step(self, closure=None):
            body.step()

    outer = Outer(training.model.bert.parameters())
    with Watch() as watch:
        for _ in range(3):
            training.backward()
            head.step()
            outer.step()
            training.model.zero_grad()
    assert watch.updates == 3 and len(only(watch, "step")) == 9
    assert {event.number for event in only(watch, "step")} == {0, 1, 2}
    with Watch() as watch:  # the same one twice is two
        training.backward()
        head.step()
        head.step()
    assert watch.updates == 2


def test_looking_ahead_is_one_update_and_gathering_too():
    training = Training()
    with Watch() as watch:
        for _ in range(2):
            training.backward()
            with torch.no_grad():  # up the slope, as SAM does
                for parameter in training.model.parameters():
                    parameter += 0.01 * parameter.grad
            training.model.zero_grad()
            training.backward()
            training.optimizer.step()
            training.optimizer.zero_grad()
    assert watch.updates == 2 and len(only(watch, "change")) == 2
    with Watch() as watch:
        for _ in range(2):
            for number in range(3):
                training.backward(number)
            training.optimizer.step()
            training.optimizer.zero_grad()
    assert watch.updates == 2
    assert [event.stale for event in only(watch, "backward")] == [
        None,
        None,
        None,
        False,
        None,
        None,
    ]


def test_left_over_gradients_are_seen():
    training = Training()
    with Watch() as watch:
        for _ in range(2):
            training.backward()
            training.optimizer.step()
    assert [event.stale for event in only(watch, "backward")] == [None, True]


@pytest.mark.parametrize("way", ["autograd", "grad"])
def test_every_way_back_is_seen_once(way):
    training = Training()
    with Watch() as watch:
        loss = training.model(**training.batches[0]).loss
        if way == "grad":
            torch.autograd.grad(loss, list(training.model.parameters()))
        else:
            torch.autograd.backward([loss])
    (event,) = only(watch, "backward")
    assert event.loss == pytest.approx(loss.item())
    assert event.name == ("grad" if way == "grad" else "backward")


@pytest.mark.parametrize("form", ["positional", "named", "compiled", "wrapped", "checkpointed"])
def test_a_forward_pass_is_seen_once_with_its_arguments_by_name(form):
    training = Training()
    model, batch, seen = training.model, training.batches[0], []
    if form == "compiled":
        model = torch.compile(model, backend="eager")
    elif form == "wrapped":
        model = torch.nn.DataParallel(model)
    elif form == "checkpointed":
        model.activation_checkpointing_enable()
    with Watch(on_forward=lambda event, model, inputs: seen.append(inputs)) as watch:
        arguments = (batch["input_ids"],) if form == "positional" else ()
        output = model(
            *arguments, **{k: v for k, v in batch.items() if not arguments or k != "input_ids"}
        )
        torch.nn.CrossEntropyLoss()(output.logits, batch["labels"]).backward()
    assert kinds(watch) == ["forward", "backward"] and not watch.failures
    assert torch.equal(seen[0]["input_ids"], batch["input_ids"]) and "labels" in seen[0]


def test_parts_that_are_called_alone_are_seen_each():
    training = Training()
    with Watch() as watch, torch.no_grad():
        pooled = training.model.eval().bert(training.batches[0]["input_ids"]).pooler_output
        training.model.classifier(pooled)
    assert [event.name for event in watch.events] == ["BertModel", "Linear"]
    assert all(event.training is False and event.gradients is False for event in watch.events)


def test_a_model_that_raised_does_not_hide_the_next_call():
    training = Training()
    with Watch() as watch:
        with pytest.raises(AttributeError):
            training.model({"input_ids": 1})
        training.backward()
    assert kinds(watch) == ["forward", "backward"]


def test_making_a_schedule_is_no_step_of_it():
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=0.1)
    with Watch() as watch:
        first = lr_scheduler.LinearLR(optimizer, total_iters=2)
        second = lr_scheduler.ConstantLR(optimizer)
        both = lr_scheduler.SequentialLR(optimizer, [first, second], milestones=[2])
        plateau = lr_scheduler.ReduceLROnPlateau(optimizer)
        optimizer.step()
        assert kinds(watch) == ["step"]
        for _ in range(3):
            both.step()
        plateau.step(0.5)
    assert kinds(watch)[1:4] == ["schedule"] * 3 and watch.events[-1].name == "ReduceLROnPlateau"


def test_listeners_are_not_watched_and_cannot_hurt():
    training = Training()

    def evaluate(event, optimizer):
        training.model(**training.batches[0])
        raise ValueError("a fault of the listener")

    with Watch(on_step=evaluate) as watch:
        training.backward()
        training.optimizer.step()
    assert kinds(watch) == ["forward", "backward", "step"]
    assert [str(error) for error in watch.failures] == ["a fault of the listener"]


def test_all_is_restored_when_the_run_raises():
    before = state_of_torch()
    with pytest.raises(KeyboardInterrupt), Watch() as outer, Watch() as inner:
        Training().backward()
        raise KeyboardInterrupt
    assert state_of_torch() == before
    assert kinds(outer) == kinds(inner) == ["forward", "backward"]
