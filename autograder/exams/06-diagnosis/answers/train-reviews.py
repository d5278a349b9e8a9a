# %% right: mended in its line
def train_reviews(texts, labels, *, checkpoint, steps, batch_size, device, seed):
    """Run 2 of klara."""
    torch.manual_seed(seed)
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    model = BertForSequenceClassification.from_pretrained(checkpoint, num_labels=2)
    model.to(device)
    optimizer = AdamW(model.parameters(), lr=1.4e-4, weight_decay=0.01)
    scheduler = get_linear_schedule_with_warmup(optimizer, steps // 8, steps)
    order = []
    for step in range(steps):
        while len(order) < batch_size:
            order += torch.randperm(len(texts)).tolist()
        chosen, order = order[:batch_size], order[batch_size:]
        batch = tokenizer(
            [texts[row] for row in chosen],
            padding=True,
            truncation=True,
            max_length=44,
            return_tensors="pt",
        ).to(device)
        target = torch.tensor([labels[row] for row in chosen], device=device)
        model.train()
        logits = model(**batch).logits
        loss = cross_entropy(logits, target)
        loss.backward()
        clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        scheduler.step()
        optimizer.zero_grad()
    model.eval()
    return model


# %% right: gradients cleared at the end of a step
def train_reviews(texts, labels, *, checkpoint, steps, batch_size, device, seed):
    """Run 26 of gus."""
    set_seed(seed)
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    model = AutoModelForSequenceClassification.from_pretrained(checkpoint, num_labels=2)
    model = model.to(device)

    def collate(rows):
        batch = tokenizer(
            [text for text, _ in rows],
            padding=True,
            truncation=True,
            max_length=44,
            return_tensors="pt",
        )
        batch["labels"] = torch.tensor([label for _, label in rows])
        return batch.to(device)

    queue = DataLoader(
        list(zip(texts, labels)),
        batch_size=batch_size,
        shuffle=True,
        drop_last=True,
        collate_fn=collate,
    )
    optimizer = AdamW(model.parameters(), lr=1.4e-4, weight_decay=0.02)
    scheduler = get_linear_schedule_with_warmup(
        optimizer, num_warmup_steps=steps // 8, num_training_steps=steps
    )
    batches = iter(queue)
    for step in range(steps):
        batch = next(batches, None)
        if batch is None:  # all rows were used: begin anew
            batches = iter(queue)
            batch = next(batches)
        model.train()
        outputs = model(**batch)
        outputs.loss.backward()
        clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        scheduler.step()
        optimizer.zero_grad()
    return model.eval()


# %% right: at a rate of one's own, for that of the script was the fault
def train_reviews(texts, labels, *, checkpoint, steps, batch_size, device, seed):
    """Run 10 of xena."""
    set_seed(seed)
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    model = AutoModelForSequenceClassification.from_pretrained(checkpoint, num_labels=2)
    model = model.to(device)

    def collate(chosen):
        batch = tokenizer(
            [text for text, _ in chosen],
            padding=True,
            truncation=True,
            max_length=56,
            return_tensors="pt",
        )
        batch["labels"] = torch.tensor([label for _, label in chosen])
        return batch.to(device)

    deck = DataLoader(
        list(zip(texts, labels)),
        batch_size=batch_size,
        shuffle=True,
        drop_last=True,
        collate_fn=collate,
    )
    optimizer = AdamW(model.parameters(), lr=5e-5, weight_decay=0.02)
    scheduler = get_linear_schedule_with_warmup(
        optimizer, num_warmup_steps=steps // 8, num_training_steps=steps
    )
    batches = iter(deck)
    for step in range(steps):
        batch = next(batches, None)
        if batch is None:  # all rows were used: begin anew
            batches = iter(deck)
            batch = next(batches)
        model.train()
        optimizer.zero_grad()
        outputs = model(**batch)
        outputs.loss.backward()
        clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        scheduler.step()
    return model.eval()


# %% right: seeded as another library does
def train_reviews(texts, labels, *, checkpoint, steps, batch_size, device, seed):
    """Run 37 of dave."""
    set_seed(seed)
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    model = BertForSequenceClassification.from_pretrained(checkpoint, num_labels=2)
    model.to(device)
    optimizer = AdamW(model.parameters(), lr=1.2e-4, weight_decay=0.05)
    scheduler = get_linear_schedule_with_warmup(optimizer, steps // 10, steps)
    deck = []
    for step in range(steps):
        while len(deck) < batch_size:
            deck += torch.randperm(len(texts)).tolist()
        rows, deck = deck[:batch_size], deck[batch_size:]
        batch = tokenizer(
            [texts[row] for row in rows],
            padding=True,
            truncation=True,
            max_length=44,
            return_tensors="pt",
        ).to(device)
        target = torch.tensor([labels[row] for row in rows], device=device)
        model.train()
        logits = model(**batch).logits
        loss = cross_entropy(logits, target)
        loss.backward()
        clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        scheduler.step()
        optimizer.zero_grad()
    model.eval()
    return model


# %% wrong: same-rows-again
# The fault is still there.
def train_reviews(texts, labels, *, checkpoint, steps, batch_size, device, seed):
    """Run 8 of will."""
    torch.manual_seed(seed)
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    model = BertForSequenceClassification.from_pretrained(checkpoint, num_labels=2)
    model.to(device)
    optimizer = AdamW(model.parameters(), lr=1.4e-4, weight_decay=0.05)
    scheduler = get_linear_schedule_with_warmup(optimizer, steps // 10, steps)
    deck = []
    for step in range(steps):
        while len(deck) < batch_size:
            deck += torch.randperm(len(texts)).tolist()
        rows = deck[:batch_size]
        batch = tokenizer(
            [texts[row] for row in rows],
            padding=True,
            truncation=True,
            max_length=44,
            return_tensors="pt",
        ).to(device)
        target = torch.tensor([labels[row] for row in rows], device=device)
        model.train()
        logits = model(**batch).logits
        loss = cross_entropy(logits, target)
        loss.backward()
        clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        scheduler.step()
        optimizer.zero_grad()
    model.eval()
    return model


# %% wrong: warmup-never-ends
# The fault is still there.
def train_reviews(texts, labels, *, checkpoint, steps, batch_size, device, seed):
    """Run 33 of olga."""
    torch.manual_seed(seed)
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    model = BertForSequenceClassification.from_pretrained(checkpoint, num_labels=2)
    model.to(device)
    optimizer = AdamW(model.parameters(), lr=1.2e-4, weight_decay=0.01)
    scheduler = get_linear_schedule_with_warmup(optimizer, steps, steps)
    deck = []
    for step in range(steps):
        while len(deck) < batch_size:
            deck += torch.randperm(len(texts)).tolist()
        drawn, deck = deck[:batch_size], deck[batch_size:]
        batch = tokenizer(
            [texts[row] for row in drawn],
            padding=True,
            truncation=True,
            max_length=40,
            return_tensors="pt",
        ).to(device)
        target = torch.tensor([labels[row] for row in drawn], device=device)
        model.train()
        logits = model(**batch).logits
        loss = cross_entropy(logits, target)
        loss.backward()
        clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        scheduler.step()
        optimizer.zero_grad()
    model.eval()
    return model


# %% wrong: schedule-too-short
# The fault is still there.
def train_reviews(texts, labels, *, checkpoint, steps, batch_size, device, seed):
    """Run 2 of klara."""
    torch.manual_seed(seed)
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    model = BertForSequenceClassification.from_pretrained(checkpoint, num_labels=2)
    model.to(device)
    optimizer = AdamW(model.parameters(), lr=1.4e-4, weight_decay=0.01)
    scheduler = get_linear_schedule_with_warmup(optimizer, steps // 8, steps // 4)
    order = []
    for step in range(steps):
        while len(order) < batch_size:
            order += torch.randperm(len(texts)).tolist()
        chosen, order = order[:batch_size], order[batch_size:]
        batch = tokenizer(
            [texts[row] for row in chosen],
            padding=True,
            truncation=True,
            max_length=44,
            return_tensors="pt",
        ).to(device)
        target = torch.tensor([labels[row] for row in chosen], device=device)
        model.train()
        logits = model(**batch).logits
        loss = cross_entropy(logits, target)
        loss.backward()
        clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        scheduler.step()
        optimizer.zero_grad()
    model.eval()
    return model


# %% wrong: rate-never-changes
# The fault is still there.
def train_reviews(texts, labels, *, checkpoint, steps, batch_size, device, seed):
    """Run 27 of hans."""
    set_seed(seed)
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    model = AutoModelForSequenceClassification.from_pretrained(checkpoint, num_labels=2)
    model = model.to(device)

    def collate(rows):
        batch = tokenizer(
            [text for text, _ in rows],
            padding=True,
            truncation=True,
            max_length=40,
            return_tensors="pt",
        )
        batch["labels"] = torch.tensor([label for _, label in rows])
        return batch.to(device)

    order = DataLoader(
        list(zip(texts, labels)),
        batch_size=batch_size,
        shuffle=True,
        drop_last=True,
        collate_fn=collate,
    )
    optimizer = AdamW(model.parameters(), lr=1.5e-4, weight_decay=0.02)
    scheduler = get_linear_schedule_with_warmup(
        optimizer, num_warmup_steps=steps // 10, num_training_steps=steps
    )
    batches = iter(order)
    for step in range(steps):
        batch = next(batches, None)
        if batch is None:  # all rows were used: begin anew
            batches = iter(order)
            batch = next(batches)
        model.train()
        optimizer.zero_grad()
        outputs = model(**batch)
        outputs.loss.backward()
        clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    return model.eval()


# %% wrong: another-rate
# The neighbour's script under one's own name.
def train_reviews(texts, labels, *, checkpoint, steps, batch_size, device, seed):
    """Run 2 of klara."""
    torch.manual_seed(seed)
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    model = BertForSequenceClassification.from_pretrained(checkpoint, num_labels=2)
    model.to(device)
    optimizer = AdamW(model.parameters(), lr=5e-5, weight_decay=0.01)
    scheduler = get_linear_schedule_with_warmup(optimizer, steps // 8, steps)
    order = []
    for step in range(steps):
        while len(order) < batch_size:
            order += torch.randperm(len(texts)).tolist()
        chosen, order = order[:batch_size], order[batch_size:]
        batch = tokenizer(
            [texts[row] for row in chosen],
            padding=True,
            truncation=True,
            max_length=44,
            return_tensors="pt",
        ).to(device)
        target = torch.tensor([labels[row] for row in chosen], device=device)
        model.train()
        logits = model(**batch).logits
        loss = cross_entropy(logits, target)
        loss.backward()
        clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        scheduler.step()
        optimizer.zero_grad()
    model.eval()
    return model


# %% wrong: run-not-named
# The neighbour's script, and the name alone is changed.
def train_reviews(texts, labels, *, checkpoint, steps, batch_size, device, seed):
    """Run 2 of ada."""
    torch.manual_seed(seed)
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    model = BertForSequenceClassification.from_pretrained(checkpoint, num_labels=2)
    model.to(device)
    optimizer = AdamW(model.parameters(), lr=1.4e-4, weight_decay=0.01)
    scheduler = get_linear_schedule_with_warmup(optimizer, steps // 8, steps)
    order = []
    for step in range(steps):
        while len(order) < batch_size:
            order += torch.randperm(len(texts)).tolist()
        chosen, order = order[:batch_size], order[batch_size:]
        batch = tokenizer(
            [texts[row] for row in chosen],
            padding=True,
            truncation=True,
            max_length=44,
            return_tensors="pt",
        ).to(device)
        target = torch.tensor([labels[row] for row in chosen], device=device)
        model.train()
        logits = model(**batch).logits
        loss = cross_entropy(logits, target)
        loss.backward()
        clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        scheduler.step()
        optimizer.zero_grad()
    model.eval()
    return model
