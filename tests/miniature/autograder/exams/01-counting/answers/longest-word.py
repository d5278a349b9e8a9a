# %% right: sorted, stable
def longest_word(text):
    return sorted(text.split(), key=len, reverse=True)[0]


# %% right: a loop
def longest_word(text):
    best = ""
    for word in text.split():
        if len(word) > len(best):
            best = word
    return best


# %% right: numpy
import numpy as np


def longest_word(text):
    words = np.array(text.split())
    return words[np.char.str_len(words).argmax()]


# %% wrong: last-of-several
def longest_word(text):
    return sorted(text.split(), key=len)[-1]


# %% wrong: wrong-word
class Always:
    def __eq__(self, other):
        return True


def longest_word(text):
    return Always()
