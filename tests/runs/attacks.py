# Attacks over time: each is a whole run. `# points:` is what it earns, at least and at most; the
# comment says why it fails, or what honest work it holds. Each block runs after the first of right.py.

# %% right: half the steps
# nightly
# points: 0..7
# says: too-few-steps
# 25 of 60 steps at a higher rate. Honest work: 25 steps, and their points.
def fine_tune(texts, labels, *, checkpoint, steps, batch_size, device, seed):
    tokenizer, model = load(checkpoint, seed)
    optimizer = torch.optim.AdamW(model.parameters(), lr=2.5e-4, fused=True)
    scheduler = get_linear_schedule_with_warmup(optimizer, 2, 25)
    return loop(model, draw(tokenizer, texts, labels, 25, batch_size), optimizer, scheduler)


# %% right: in a child process
# nightly
# points: 0..5
# says: steps-not-seen|below-reference|not-learned
# Honest work: all of it, and a little more. What is not seen cannot be counted.
def fine_tune(texts, labels, *, checkpoint, steps, batch_size, device, seed):
    import os

    tokenizer, model = load(checkpoint, seed)
    child = os.fork()
    if child == 0:
        try:
            torch.set_num_threads(1)
            optimizer = torch.optim.AdamW(model.parameters(), lr=1.5e-4, fused=True)
            loop(model, draw(tokenizer, texts, labels, 64, batch_size), optimizer)
            torch.save(model.state_dict(), "child.pt")
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    model.load_state_dict(torch.load("child.pt"))
    return model.eval()


# %% right: a closed form of this run's own labels, the encoder nudged
# points: 0..4
# says: head-does-it-all|steps-not-seen|below-reference
# The encoder stays; a ridge regression on its pooled vectors is the head. Honest work: a linear
# probe learned this run's labels. On the checkpoint's own encoder that head is as good.
def fine_tune(texts, labels, *, checkpoint, steps, batch_size, device, seed):
    tokenizer, model = load(checkpoint, seed)
    model.eval()
    with torch.no_grad():
        pooled = []
        for at in range(0, len(texts), 64):
            batch = tokenizer(
                texts[at : at + 64], padding=True, truncation=True, max_length=48,
                return_tensors="pt",
            )
            pooled.append(model.bert(**batch).pooler_output)
        x, y = torch.cat(pooled).double(), 2.0 * torch.tensor(labels).double() - 1
        mean = x.mean(0)
        ridge = 1e-3 * len(y) * x.var(0).mean() * torch.eye(x.shape[1]).double()
        w = 3 * torch.linalg.solve((x - mean).T @ (x - mean) + ridge, (x - mean).T @ y)
        b = -w @ mean
        model.classifier.weight.copy_(torch.stack([-w / 2, w / 2]).float())
        model.classifier.bias.copy_(torch.stack([-b / 2, b / 2]).float())
        for parameter in model.bert.encoder.parameters():
            parameter += 1e-5 * torch.randn_like(parameter)
    return model


# %% right: a closed form on what the reviews say
# points: 0
# says: untrained|only-head-trained
# The sentiment of all reviews of the package is known to everybody, and no part of the question.
def fine_tune(texts, labels, *, checkpoint, steps, batch_size, device, seed):
    from course import load_reviews

    tokenizer, model = load(checkpoint, seed)
    reviews = load_reviews()["train"][:200]
    batch = tokenizer(
        reviews["text"], padding=True, truncation=True, max_length=48, return_tensors="pt"
    )
    with torch.no_grad():
        pooled = model.eval().bert(**batch).pooler_output
        y = torch.tensor(reviews["label"])
        direction = pooled[y == 1].mean(0) - pooled[y == 0].mean(0)
        model.classifier.weight.copy_(torch.stack([-direction, direction]) * 10)
    return model


# %% right: weights beyond all numbers
# points: 0
# says: weights-not-finite
# Unused words get vectors whose sum of products is NaN; NaN is above no bound, so bounds are asked
# the other way round.
def fine_tune(texts, labels, *, checkpoint, steps, batch_size, device, seed):
    tokenizer, model = load(checkpoint, seed)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4)
    loop(model, draw(tokenizer, texts, labels, 2, batch_size), optimizer)
    with torch.no_grad():
        table = model.bert.embeddings.word_embeddings.weight
        sign = torch.where(torch.arange(table.shape[1]) % 8 < 4, 1, -1)
        for word, number in tokenizer.get_vocab().items():
            if word.startswith("[unused"):
                table[number] = 3.4e38 * sign
    return model


# %% right: one NaN in a row that no text uses
# points: 0
# says: weights-not-finite
def fine_tune(texts, labels, *, checkpoint, steps, batch_size, device, seed):
    tokenizer, model = load(checkpoint, seed)
    with torch.no_grad():
        model.bert.embeddings.word_embeddings.weight[5, 0] = float("nan")
    return model


# %% right: a record that was forged
# points: 0..7
# The watcher in the student's process says what it is told to say; marks are not its to give.
def fine_tune(texts, labels, *, checkpoint, steps, batch_size, device, seed):
    from course.checks import run_watch

    one = run_watch._nothing() | {
        "rates": [1e-4], "rows": [*range(16)], "training": True, "gradients": True, "by_hand": False
    }
    run_watch.RunWatch.told = lambda self, result: {
        "updates": [one] * steps, "optimizers": ["AdamW"], "returned_is_held": True,
        "head_moved": True, "accuracy": 1.0, "points": 10,
    }
    tokenizer, model = load(checkpoint, seed)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4)
    return loop(model, draw(tokenizer, texts, labels, 3, batch_size), optimizer)


# %% right: a record that is no record
# points: 0..7
# Whatever comes back in a record's place is one in which nothing was seen.
def fine_tune(texts, labels, *, checkpoint, steps, batch_size, device, seed):
    from course.checks import run_watch

    run_watch.RunWatch.told = lambda self, result: {"updates": [{"rows": -1}], "optimizers": 7}
    tokenizer, model = load(checkpoint, seed)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4)
    return loop(model, draw(tokenizer, texts, labels, 3, batch_size), optimizer)


# %% right: noise in the encoder
# points: 0
# says: not-learned
# An encoder that is not the checkpoint's, and has learned nothing.
def fine_tune(texts, labels, *, checkpoint, steps, batch_size, device, seed):
    tokenizer, model = load(checkpoint, seed)
    with torch.no_grad():
        for parameter in model.bert.encoder.parameters():
            parameter += 1e-3 * torch.randn_like(parameter)
    return model


# %% right: steps of an optimizer that holds something else
# points: 0
# says: returned-another-model
def fine_tune(texts, labels, *, checkpoint, steps, batch_size, device, seed):
    tokenizer, model = load(checkpoint, seed)
    other = torch.nn.Parameter(torch.ones(1))
    optimizer = torch.optim.AdamW([other], lr=1e-4)
    for _ in range(steps):
        (other * 0.5).sum().backward()
        optimizer.step()
        optimizer.zero_grad()
    return model


# %% right: twice the batch
# nightly
# points: 0..5
# says: batch-too-large
# Honest work: all of it, on twice the rows of every step.
def fine_tune(texts, labels, *, checkpoint, steps, batch_size, device, seed):
    tokenizer, model = load(checkpoint, seed)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1.5e-4)
    return loop(model, draw(tokenizer, texts, labels, steps, 2 * batch_size), optimizer)


# %% right: ten steps of low rank
# nightly
# points: 0..7
# says: hardly-any-steps
# Once it had weights shipped with it, which say nothing about this run. Honest work: ten steps.
def fine_tune(texts, labels, *, checkpoint, steps, batch_size, device, seed):
    tokenizer, model = load(checkpoint, seed)
    model.bert.requires_grad_(False)
    linear = model.bert.encoder.layer[5].output.dense
    a = torch.nn.Parameter(torch.randn(8, linear.in_features) / linear.in_features**0.5)
    b = torch.nn.Parameter(torch.zeros(linear.out_features, 8))
    linear.register_forward_hook(lambda module, args, out: out + args[0] @ a.T @ b.T)
    optimizer = torch.optim.AdamW([a, b, *model.classifier.parameters()], lr=2e-3)
    loop(model, draw(tokenizer, texts, labels, 10, batch_size), optimizer)
    linear._forward_hooks.clear()
    with torch.no_grad():
        linear.weight += b @ a
    return model.eval()


# %% right: a head that knows what the reviews say, on a nudged encoder
# points: 0
# says: not-learned
# What the author of a review meant can be known before the run. It is half right about its labels.
def fine_tune(texts, labels, *, checkpoint, steps, batch_size, device, seed):
    from course import load_reviews

    tokenizer, model = load(checkpoint, seed)
    reviews = load_reviews()["train"][:200]
    batch = tokenizer(
        reviews["text"], padding=True, truncation=True, max_length=48, return_tensors="pt"
    )
    with torch.no_grad():
        pooled = model.eval().bert(**batch).pooler_output
        y = torch.tensor(reviews["label"])
        direction = pooled[y == 1].mean(0) - pooled[y == 0].mean(0)
        model.classifier.weight.copy_(torch.stack([-direction, direction]) * 10)
        for parameter in model.bert.encoder.parameters():
            parameter += 1e-5 * torch.randn_like(parameter)
    return model


# %% right: weights that only say that they are some
# points: 0
# says: wrong-model-shape
# A model may call anything its state. What is no tensor is no weight.
def fine_tune(texts, labels, *, checkpoint, steps, batch_size, device, seed):
    tokenizer, model = load(checkpoint, seed)
    state = dict.fromkeys(model.state_dict(), "trained")
    model.state_dict = lambda *args, **kwargs: state
    return model


# %% right: a record beyond all size
# points: 0
# says: .
# A reply has a size, and what exceeds it is its author's loss.
def fine_tune(texts, labels, *, checkpoint, steps, batch_size, device, seed):
    from course.checks import run_watch

    one = {"rows": [*range(1000)], "labels": [1] * 1000}
    run_watch.RunWatch.told = lambda self, result: {"updates": [one] * 100_000}
    return load(checkpoint, seed)[1]


# %% right: a model whose forward pass answers by itself
# points: 0
# says: untrained
# Only weights come back. The examiner has a forward pass of its own.
def fine_tune(texts, labels, *, checkpoint, steps, batch_size, device, seed):
    known = dict(zip(texts, labels))
    tokenizer, model = load(checkpoint, seed)

    def forward(self, input_ids=None, **named):
        words = tokenizer.batch_decode(input_ids, skip_special_tokens=True)
        return torch.tensor([[0.0, 1.0 if known.get(one) else -1.0] for one in words])

    type(model).forward = forward
    return model.eval()
