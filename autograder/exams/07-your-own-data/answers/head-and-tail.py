# %% right: convert_tokens_to_ids
def head_and_tail(tokenizer, text, max_length):
    pieces = tokenizer.tokenize(text)
    if len(pieces) + 2 > max_length:
        head = (max_length - 2) // 2
        tail = max_length - 2 - head
        pieces = pieces[:head] + pieces[-tail:]
    return tokenizer.convert_tokens_to_ids(["[CLS]"] + pieces + ["[SEP]"])


# %% right: the special tokens stay where they are
def head_and_tail(tokenizer, text, max_length):
    ids = tokenizer(text).input_ids
    if len(ids) <= max_length:
        return ids
    head = max_length // 2
    return ids[:head] + ids[-(max_length - head) :]


# %% right: a tensor
def head_and_tail(tokenizer, text, max_length):
    ids = tokenizer(text, return_tensors="pt")["input_ids"][0]
    extra = len(ids) - max_length
    if extra > 0:
        head = (max_length + 1) // 2
        ids = torch.cat([ids[:head], ids[head + extra :]])
    return ids


# %% right: by encode, a tuple
def head_and_tail(tokenizer, text, max_length):
    ids = tokenizer.encode(text, add_special_tokens=False)
    room = max_length - 2
    while len(ids) > room:
        ids = ids[: room - room // 2] + ids[len(ids) - room // 2 :]
    return tokenizer.cls_token_id, *ids, tokenizer.sep_token_id


# %% wrong: only-the-head
def head_and_tail(tokenizer, text, max_length):
    return tokenizer(text, truncation=True, max_length=max_length)["input_ids"]


# %% wrong: only-the-tail
def head_and_tail(tokenizer, text, max_length):
    ids = tokenizer(text, add_special_tokens=False)["input_ids"][-(max_length - 2) :]
    return [tokenizer.cls_token_id, *ids, tokenizer.sep_token_id]


# %% wrong: too-long-by-the-specials
def head_and_tail(tokenizer, text, max_length):
    ids = tokenizer(text, add_special_tokens=False)["input_ids"]
    if len(ids) > max_length:
        half = max_length // 2
        ids = ids[:half] + ids[half - max_length :]
    return [tokenizer.cls_token_id, *ids, tokenizer.sep_token_id]


# %% wrong: short-text-repeated
def head_and_tail(tokenizer, text, max_length):
    ids = tokenizer(text, add_special_tokens=False)["input_ids"]
    head = (max_length - 2) // 2
    tail = max_length - 2 - head
    ids = ids[:head] + ids[-tail:]
    return [tokenizer.cls_token_id, *ids, tokenizer.sep_token_id]


# %% wrong: specials-in-the-middle
def head_and_tail(tokenizer, text, max_length):
    ids = tokenizer(text)["input_ids"]
    if len(ids) <= max_length:
        return ids
    words = text.split()
    half = max_length // 2
    head = tokenizer(" ".join(words[:half]), truncation=True, max_length=half)["input_ids"]
    tail = tokenizer(" ".join(words[-half:]), add_special_tokens=False)["input_ids"]
    return head + tail[half - max_length :]


# %% wrong: specials-missing
def head_and_tail(tokenizer, text, max_length):
    ids = tokenizer(text, add_special_tokens=False)["input_ids"]
    if len(ids) > max_length:
        half = max_length // 2
        ids = ids[:half] + ids[half - max_length :]
    return ids


# %% wrong: halves-unequal (0.5)
def head_and_tail(tokenizer, text, max_length):
    ids = tokenizer(text, add_special_tokens=False)["input_ids"]
    room = max_length - 2
    if len(ids) > room:
        tail = room // 4
        ids = ids[: room - tail] + ids[-tail:]
    return [tokenizer.cls_token_id, *ids, tokenizer.sep_token_id]


# %% wrong: room-left-over
def head_and_tail(tokenizer, text, max_length):
    ids = tokenizer(text, add_special_tokens=False)["input_ids"]
    room = max_length - 2
    if len(ids) > room:
        ids = ids[: room // 4] + ids[-(room // 4) :]
    return [tokenizer.cls_token_id, *ids, tokenizer.sep_token_id]


# %% wrong: not-cut
def head_and_tail(tokenizer, text, max_length):
    return tokenizer(text)["input_ids"]


# %% wrong: padding-added
def head_and_tail(tokenizer, text, max_length):
    ids = tokenizer(text, add_special_tokens=False)["input_ids"]
    room = max_length - 2
    if len(ids) > room:
        ids = ids[: room - room // 2] + ids[-(room // 2) :]
    ids = [tokenizer.cls_token_id, *ids, tokenizer.sep_token_id]
    return ids + [tokenizer.pad_token_id] * (max_length - len(ids))


# %% wrong: other-pieces-kept
def head_and_tail(tokenizer, text, max_length):
    # The end of the text, read backwards.
    ids = tokenizer(text, add_special_tokens=False)["input_ids"]
    room = max_length - 2
    if len(ids) > room:
        ids = ids[: room - room // 2] + ids[: -(room // 2) - 1 : -1]
    return [tokenizer.cls_token_id, *ids, tokenizer.sep_token_id]


# %% wrong: ids-nested
def head_and_tail(tokenizer, text, max_length):
    ids = tokenizer([text], add_special_tokens=False)["input_ids"][0]
    room = max_length - 2
    if len(ids) > room:
        ids = ids[: room - room // 2] + ids[-(room // 2) :]
    return torch.tensor([[tokenizer.cls_token_id, *ids, tokenizer.sep_token_id]])


# %% wrong: ids-not-a-list
def head_and_tail(tokenizer, text, max_length):
    pieces = tokenizer.tokenize(text)
    room = max_length - 2
    if len(pieces) > room:
        pieces = pieces[: room - room // 2] + pieces[-(room // 2) :]
    return ["[CLS]", *pieces, "[SEP]"]


# %% wrong: returns-none
def head_and_tail(tokenizer, text, max_length):
    print(tokenizer(text)["input_ids"][:max_length])
