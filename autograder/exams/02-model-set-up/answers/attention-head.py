# %% right: step by step
import math


def attention_head(query, key, value, attention_mask):
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])
    scores = scores.masked_fill(attention_mask[:, None, :] == 0, float("-inf"))
    return torch.softmax(scores, dim=-1) @ value


# %% right: einsum, and a large negative number as transformers has it
def attention_head(query, key, value, attention_mask):
    scores = torch.einsum("bqd,bkd->bqk", query, key) * query.size(-1) ** -0.5
    scores = scores + (1.0 - attention_mask[:, None, :].to(scores.dtype)) * torch.finfo(scores.dtype).min
    weights = torch.nn.functional.softmax(scores, -1)
    return torch.einsum("bqk,bkd->bqd", weights, value)


# %% right: PyTorch's own function
def attention_head(query, key, value, attention_mask):
    return torch.nn.functional.scaled_dot_product_attention(
        query, key, value, attn_mask=attention_mask[:, None, :].bool()
    )


# %% right: loops over texts and tokens, without padding
def attention_head(query, key, value, attention_mask):
    result = torch.zeros_like(value)
    for text in range(len(query)):
        real = attention_mask[text].nonzero().flatten()
        for token in real:
            scores = key[text, real] @ query[text, token] / key.shape[-1] ** 0.5
            weights = scores.exp() / scores.exp().sum()
            result[text, token] = (weights[:, None] * value[text, real]).sum(0)
    return result


# %% right: weights of padding set to 0, and the rest made to add up to 1 again
def attention_head(query, key, value, attention_mask):
    weights = torch.softmax(torch.bmm(query, key.mT) / query.shape[2] ** 0.5, dim=2)
    weights = weights * attention_mask.unsqueeze(1)
    weights = weights / weights.sum(dim=2, keepdim=True)
    return torch.bmm(weights, value)


# %% right: numpy, with the weights beside the result
import numpy as np


def attention_head(query, key, value, attention_mask):
    q, k, v = query.numpy(), key.numpy(), value.numpy()
    scores = q @ np.swapaxes(k, 1, 2) / np.sqrt(q.shape[-1])
    scores = np.where(attention_mask.numpy()[:, None, :] == 1, scores, -1e9)
    weights = np.exp(scores - scores.max(-1, keepdims=True))
    weights /= weights.sum(-1, keepdims=True)
    return weights @ v, weights


# %% wrong: attention-weights-returned
def attention_head(query, key, value, attention_mask):
    scores = query @ key.mT / query.shape[-1] ** 0.5
    return scores.masked_fill(attention_mask[:, None, :] == 0, float("-inf")).softmax(-1)


# %% wrong: attention-not-scaled
def attention_head(query, key, value, attention_mask):
    scores = (query @ key.mT).masked_fill(attention_mask[:, None, :] == 0, float("-inf"))
    return scores.softmax(-1) @ value


# %% wrong: attention-scaled-by-size
def attention_head(query, key, value, attention_mask):
    scores = query @ key.mT / query.shape[-1]
    return scores.masked_fill(attention_mask[:, None, :] == 0, float("-inf")).softmax(-1) @ value


# %% wrong: attention-over-queries
def attention_head(query, key, value, attention_mask):
    scores = query @ key.mT / query.shape[-1] ** 0.5
    return scores.masked_fill(attention_mask[:, None, :] == 0, -1e9).softmax(1) @ value


# %% wrong: attention-over-texts
def attention_head(query, key, value, attention_mask):
    scores = query @ key.mT / query.shape[-1] ** 0.5
    return scores.masked_fill(attention_mask[:, None, :] == 0, -1e9).softmax(0) @ value


# %% wrong: attention-mask-ignored
def attention_head(query, key, value, attention_mask):
    return torch.nn.functional.scaled_dot_product_attention(query, key, value)


# %% wrong: attention-mask-reversed
def attention_head(query, key, value, attention_mask):
    scores = query @ key.mT / query.shape[-1] ** 0.5
    return scores.masked_fill(attention_mask[:, None, :] == 1, -1e9).softmax(-1) @ value


# %% wrong: attention-mask-times-scores
def attention_head(query, key, value, attention_mask):
    scores = query @ key.mT / query.shape[-1] ** 0.5
    return (scores * attention_mask[:, None, :]).softmax(-1) @ value


# %% wrong: attention-mask-too-weak
# PyTorch adds a mask of floats to the scores.
def attention_head(query, key, value, attention_mask):
    return torch.nn.functional.scaled_dot_product_attention(
        query, key, value, attn_mask=attention_mask[:, None, :].float()
    )


# %% wrong: attention-mask-after-softmax
def attention_head(query, key, value, attention_mask):
    weights = (query @ key.mT / query.shape[-1] ** 0.5).softmax(-1)
    return (weights * attention_mask[:, None, :]) @ value


# %% wrong: attention-without-softmax
def attention_head(query, key, value, attention_mask):
    scores = query @ key.mT / query.shape[-1] ** 0.5
    return (scores * attention_mask[:, None, :]) @ value


# %% wrong: attention-keys-for-values
def attention_head(query, key, value, attention_mask):
    scores = query @ key.mT / query.shape[-1] ** 0.5
    return scores.masked_fill(attention_mask[:, None, :] == 0, -1e9).softmax(-1) @ key


# %% wrong: attention-of-values
def attention_head(query, value, key, attention_mask):
    scores = query @ key.mT / query.shape[-1] ** 0.5
    return scores.masked_fill(attention_mask[:, None, :] == 0, -1e9).softmax(-1) @ value


# %% wrong: attention-wrong
# The mean of the values of all tokens, whatever they say.
def attention_head(query, key, value, attention_mask):
    mask = attention_mask[:, :, None].float()
    return ((value * mask).sum(1, keepdim=True) / mask.sum(1, keepdim=True)).expand_as(value)
