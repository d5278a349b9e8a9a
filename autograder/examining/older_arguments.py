"""Importing this lets a Trainer that was written for transformers 4 run on transformers 5.

Colab has transformers 4 (4.57.3 was compared with 5.23.0). What ran there, with a ✓, is a right
answer here as well: an argument that has another name today is passed on under that name, and one
that is gone and changes no step of the training is left out. Any other raises its TypeError.
"""

from __future__ import annotations

import functools
from typing import Any

from transformers import training_args

#: A share of 1 means all steps; `warmup_steps=1` would mean one of them.
ALL_STEPS = 1 - 1e-9

RENAMED = {
    "no_cuda": "use_cpu",
    "per_gpu_train_batch_size": "per_device_train_batch_size",
    "per_gpu_eval_batch_size": "per_device_eval_batch_size",
}
#: Where results and logs go, and choices of hardware that this process does not have.
GONE = (
    "overwrite_output_dir", "logging_dir", "save_safetensors", "use_mps_device", "jit_mode_eval",
    "half_precision_backend", "fp16_backend", "fp16_opt_level", "tpu_num_cores",
    "tpu_metrics_debug", "past_index", "use_legacy_prediction_loop", "include_inputs_for_metrics",
    "push_to_hub_model_id", "push_to_hub_organization", "push_to_hub_token", "mp_parameters",
    "ray_scope", "include_tokens_per_second",
)  # fmt: skip


def todays(arguments: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments of transformers 4's TrainingArguments as transformers 5 names them."""
    found = {
        RENAMED.get(name, name): value for name, value in arguments.items() if name not in GONE
    }
    share = found.pop("warmup_ratio", None)
    if share and not found.get("warmup_steps"):  # the steps went before the share
        found["warmup_steps"] = min(share, ALL_STEPS)
    if found.pop("adafactor", False):
        found["optim"] = "adafactor"
    if found.pop("group_by_length", False):
        found["train_sampling_strategy"] = "group_by_length"
    return found


def _arguments_too(made: Any) -> Any:
    @functools.wraps(made)
    def init(self: Any, *args: Any, **named: Any) -> None:
        _accept_a_tokenizer()
        made(self, *args, **todays(named))

    return init


@functools.cache
def _accept_a_tokenizer() -> None:
    """Let `Trainer(tokenizer=…)` be its `processing_class`; called only by who will need a Trainer."""
    from transformers.trainer import Trainer

    made = Trainer.__init__

    @functools.wraps(made)
    def init(self: Any, *args: Any, **named: Any) -> None:
        if "tokenizer" in named and "processing_class" not in named:
            named["processing_class"] = named.pop("tokenizer")
        made(self, *args, **named)

    Trainer.__init__ = init  # type: ignore[method-assign]


# transformers 4 knows these names itself.
if "warmup_ratio" not in training_args.TrainingArguments.__dataclass_fields__:
    training_args.TrainingArguments.__init__ = _arguments_too(  # type: ignore[method-assign]
        training_args.TrainingArguments.__init__
    )
