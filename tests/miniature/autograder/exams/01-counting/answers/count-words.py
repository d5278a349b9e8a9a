# %% right: a Counter
from collections import Counter


def count_words(text):
    return dict(Counter(text.lower().split()))


# %% right: a lambda
count_words = lambda text: {w: text.lower().split().count(w) for w in text.lower().split()}


# %% right: a class
class Words:
    def __call__(self, text):
        counts = {}
        for word in text.lower().split():
            counts.setdefault(word, 0)
            counts[word] += 1
        return counts


count_words = Words()


# %% wrong: case-kept
def count_words(text):
    counts = {}
    for word in text.split():
        counts[word] = counts.get(word, 0) + 1
    return counts


# %% wrong: wrong-counts (0.5)
def count_words(text):
    return dict.fromkeys(text.lower().split(), 1)


# %% wrong: returns-none
def count_words(text):
    print(text.split())


# %% wrong: wrong-words
def count_words(text):
    return {word[::-1]: 1 for word in text.lower().split()} | {"": 0}
