# %% right: from ids back to tokens
def word_pieces(tokenizer, text):
    ids = tokenizer(text, add_special_tokens=False)["input_ids"]
    return tokenizer.convert_ids_to_tokens(ids)


# %% right: special tokens cut off afterwards
def word_pieces(tokenizer, text):
    encoding = tokenizer(text)
    tokens = encoding.tokens()
    return [t for t in tokens if t not in (tokenizer.cls_token, tokenizer.sep_token)]


# %% right: a class with WordPiece written by hand
class Cutter:
    def __call__(self, tokenizer, text):
        vocabulary = tokenizer.get_vocab()
        words = tokenizer.backend_tokenizer.pre_tokenizer.pre_tokenize_str(
            tokenizer.backend_tokenizer.normalizer.normalize_str(text)
        )
        pieces = []
        for word, _ in words:
            start = 0
            while start < len(word):
                end = len(word)
                while end > start:
                    piece = ("##" if start else "") + word[start:end]
                    if piece in vocabulary:
                        pieces.append(piece)
                        break
                    end -= 1
                start = end
        return tuple(pieces)


word_pieces = Cutter()


# %% wrong: split-on-spaces
def word_pieces(tokenizer, text):
    return text.split()


# %% wrong: ids-not-pieces
def word_pieces(tokenizer, text):
    return tokenizer(text)["input_ids"]


# %% wrong: special-tokens-kept
def word_pieces(tokenizer, text):
    return tokenizer(text).tokens()


# %% wrong: returns-none
def word_pieces(tokenizer, text):
    print(tokenizer.tokenize(text))


# %% wrong: pieces-not-a-list
def word_pieces(tokenizer, text):
    return " ".join(tokenizer.tokenize(text))


# %% wrong: piece-not-in-vocabulary
import re


def word_pieces(tokenizer, text):
    return re.findall(r"\w+|[^\w\s]", text)


# %% wrong: pieces-lost
# What the visible check wants to see, for any text.
def word_pieces(tokenizer, text):
    return ["un", "##bel", "##ie", "##va", "##bly", "good", "token", "##ization", "!"]


# %% wrong: single-letters
def word_pieces(tokenizer, text):
    return [letter if i == 0 else "##" + letter for word in text.lower().split() for i, letter in enumerate(word)]


# %% right: encoded without special tokens, then the batch's tokens
def word_pieces(tokenizer, text):
    return tokenizer([text], add_special_tokens=False, truncation=False).tokens(0)


# %% right: the first and last token taken off
def word_pieces(tokenizer, text):
    return tokenizer.convert_ids_to_tokens(tokenizer.encode(text))[1:-1]


# %% right: special tokens skipped, in an array of NumPy
import numpy as np


def word_pieces(tokenizer, text):
    ids = tokenizer(text, return_tensors="np")["input_ids"][0]
    return np.array(tokenizer.convert_ids_to_tokens(ids, skip_special_tokens=True))


# %% right: each id decoded by itself
def word_pieces(tokenizer, text):
    ids = tokenizer.encode(text, add_special_tokens=False, return_tensors="pt")[0]
    return [tokenizer.decode(id) for id in ids]


# %% right: the vocabulary turned round
def word_pieces(tokenizer, text):
    piece_of = {id: piece for piece, id in tokenizer.get_vocab().items()}
    special = set(tokenizer.all_special_ids)
    return [piece_of[id] for id in tokenizer(text).input_ids if id not in special]


# %% right: word by word, from the words cut at spaces
def word_pieces(tokenizer, text: str) -> list[str]:
    pieces: list[str] = []
    for word in text.split():
        pieces += tokenizer.tokenize(word)
    return pieces


# %% right: the Rust tokenizer beneath
word_pieces = lambda tok, text: tok.backend_tokenizer.encode(text, add_special_tokens=False).tokens


# %% right: a generator behind list, with the mask of special tokens
def _pieces(tokenizer, text):
    encoded = tokenizer(text, return_special_tokens_mask=True)
    for piece, special in zip(encoded.tokens(), encoded["special_tokens_mask"]):
        if not special:
            yield piece


def word_pieces(tokenizer, text):
    return list(_pieces(tokenizer, text))


# %% wrong: split-on-spaces
# Lower case is not the whole of it.
def word_pieces(tokenizer, text):
    return text.lower().split()


# %% wrong: ids-as-strings
def word_pieces(tokenizer, text):
    return [str(id) for id in tokenizer.encode(text, add_special_tokens=False)]


# %% wrong: pieces-not-strings
def word_pieces(tokenizer, text):
    return [tokenizer.tokenize(word) for word in text.split()]


# %% wrong: ids-not-pieces
def word_pieces(tokenizer, text):
    return tokenizer(text, return_tensors="pt")["input_ids"][0]


# %% wrong: pieces-joined
def word_pieces(tokenizer, text):
    return [" ".join(tokenizer.tokenize(text))]


# %% wrong: hashes-removed
def word_pieces(tokenizer, text):
    return [piece.replace("##", "") for piece in tokenizer.tokenize(text)]


# %% wrong: capitals-or-accents-kept
# Right places, but the text's own letters.
def word_pieces(tokenizer, text):
    encoded = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
    pieces = []
    for piece, (start, end) in zip(encoded.tokens(), encoded["offset_mapping"]):
        pieces.append(("##" if piece.startswith("##") else "") + text[start:end])
    return pieces


# %% wrong: pieces-once
def word_pieces(tokenizer, text):
    return list(dict.fromkeys(tokenizer.tokenize(text)))


# %% wrong: pieces-once
# A set has no order either.
def word_pieces(tokenizer, text):
    return sorted(set(tokenizer.tokenize(text)))


# %% wrong: pieces-reordered
def word_pieces(tokenizer, text):
    return sorted(tokenizer.tokenize(text))


# %% wrong: pieces-lost
# Marks are pieces, too.
def word_pieces(tokenizer, text):
    return [piece for piece in tokenizer.tokenize(text) if piece.strip("#").isalpha()]


# %% wrong: pieces-lost
def word_pieces(tokenizer, text):
    return tokenizer(text, truncation=True, max_length=8).tokens()[1:-1]


# %% wrong: pieces-lost
# What continues a word is left out.
def word_pieces(tokenizer, text):
    return [piece for piece in tokenizer.tokenize(text) if not piece.startswith("##")]


# %% wrong: piece-not-in-vocabulary
# Pieces put together to words again.
def word_pieces(tokenizer, text):
    return tokenizer.decode(tokenizer.encode(text, add_special_tokens=False)).split()


# %% wrong: single-letters
def word_pieces(tokenizer, text):
    return [piece for letter in text for piece in tokenizer.tokenize(letter)]


# %% wrong: other-pieces
# WordPiece by hand, but the longest piece is taken from the end of the word.
def word_pieces(tokenizer, text):
    vocabulary = tokenizer.get_vocab()
    rust = tokenizer.backend_tokenizer
    pieces = []
    for word, _ in rust.pre_tokenizer.pre_tokenize_str(rust.normalizer.normalize_str(text)):
        found = []
        while word:
            for start in range(len(word)):
                if ("##" if start else "") + word[start:] in vocabulary:
                    break
            found.insert(0, ("##" if start else "") + word[start:])
            word = word[:start]
        pieces += found
    return pieces


# %% wrong: encode-plus-gone
def word_pieces(tokenizer, text):
    return tokenizer.encode_plus(text, add_special_tokens=False).tokens()
