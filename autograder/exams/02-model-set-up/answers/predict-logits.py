# %% right: eval and no_grad
import torch


def predict_logits(model, batch):
    model.eval()
    with torch.no_grad():
        return model(**batch).logits


# %% right: by name, the mode put back
import torch


@torch.inference_mode()
def predict_logits(network, encoded):
    was_training = network.training
    network.train(False)
    output = network(
        input_ids=encoded["input_ids"], attention_mask=encoded["attention_mask"], return_dict=False
    )
    network.train(was_training)
    return output[0]


# %% right: by place, in the right order, detached
def predict_logits(model, batch):
    model.eval()
    return model(batch.input_ids, batch.attention_mask, batch.token_type_ids)["logits"].detach()


# %% right: NumPy, on the model's device
import torch


def predict_logits(model, batch):
    with torch.no_grad():
        return model.eval()(**batch.to(model.device)).logits.cpu().numpy()


# %% right: one review after the other
import torch


class Oracle:
    def __call__(self, model, batch):
        model.eval()
        rows = []
        for ids, mask in zip(batch["input_ids"], batch["attention_mask"]):
            with torch.no_grad():
                rows.append(model(input_ids=ids[mask == 1][None]).logits[0])
        return torch.stack(rows)


predict_logits = Oracle()


# %% right: nested lists
import torch


def predict_logits(model, batch):
    model.eval()
    with torch.no_grad():
        logits = model(**{name: torch.as_tensor(batch[name]) for name in batch.keys()}).logits
    return logits.tolist()


# %% wrong: logits-dropout-on
import torch


def predict_logits(model, batch):
    with torch.no_grad():
        return model(**batch).logits


# %% wrong: logits-dropout-on
import torch


def predict_logits(model, batch):
    model.eval
    with torch.no_grad():
        return model(**batch).logits


# %% wrong: logits-softmaxed
import torch


def predict_logits(model, batch):
    model.eval()
    with torch.no_grad():
        return model(**batch).logits.softmax(dim=-1)


# %% wrong: logits-log-softmaxed
import torch


def predict_logits(model, batch):
    model.eval()
    with torch.no_grad():
        return torch.log_softmax(model(**batch).logits, dim=-1)


# %% wrong: logits-mask-forgotten
import torch


def predict_logits(model, batch):
    model.eval()
    with torch.no_grad():
        return model(batch["input_ids"]).logits


# %% wrong: logits-rows-alike
import torch


def predict_logits(model, batch):
    model.eval()
    with torch.no_grad():
        return model(batch["input_ids"], batch["token_type_ids"]).logits


# %% wrong: logits-rows-alike
import torch


def predict_logits(model, batch):
    model.eval()
    with torch.no_grad():
        return model(*batch.values()).logits


# %% wrong: logits-with-gradient (0.5)
def predict_logits(model, batch):
    model.eval()
    return model(**batch).logits


# %% wrong: logits-numpy-refused
def predict_logits(model, batch):
    model.eval()
    return model(**batch).logits.numpy()


# %% wrong: logits-in-a-package
import torch


def predict_logits(model, batch):
    model.eval()
    with torch.no_grad():
        return model(**batch)


# %% wrong: logits-first-only
import torch


def predict_logits(model, batch):
    model.eval()
    with torch.no_grad():
        return model(**batch).logits[0]


# %% wrong: logits-argmaxed
import torch


def predict_logits(model, batch):
    model.eval()
    with torch.no_grad():
        return model(**batch).logits.argmax(dim=-1)


# %% wrong: logits-batch-of-one
import torch


def predict_logits(model, batch):
    model.eval()
    with torch.no_grad():
        return model(**batch).logits.squeeze()


# %% wrong: batch-not-unpacked
import torch


def predict_logits(model, batch):
    model.eval()
    with torch.no_grad():
        return model(batch).logits


# %% wrong: logits-called
import torch


def predict_logits(model, batch):
    model.eval()
    with torch.no_grad():
        return model(**batch).logits()


# %% wrong: logits-order
import torch


def predict_logits(model, batch):
    model.eval()
    with torch.no_grad():
        return model(**batch).logits.sort(dim=0).values if len(batch["input_ids"]) > 1 else model(**batch).logits


# %% wrong: logits-of-neighbours
import torch


def predict_logits(model, batch):
    model.eval()
    with torch.no_grad():
        logits = model(**batch).logits
    return logits - logits.mean(dim=0)


# %% wrong: logits-shape
import torch


def predict_logits(model, batch):
    model.eval()
    with torch.no_grad():
        return model.bert(**batch).pooler_output


# %% wrong: returns-none
import torch


def predict_logits(model, batch):
    model.eval()
    with torch.no_grad():
        print(model(**batch).logits)


# %% wrong: logits-wrong
import torch


def predict_logits(model, batch):
    # A cheat that pleases the visible check: steady numbers made of the ids, the model never asked.
    sums = (batch["input_ids"] * batch["attention_mask"]).sum(dim=1, keepdim=True).double()
    return torch.cat([sums * (k + 1) for k in range(model.config.num_labels)], dim=1)


# %% wrong: not-numbers
class Agreeable(list):
    def __eq__(self, other):
        return True


def predict_logits(model, batch):
    return Agreeable([object()])
