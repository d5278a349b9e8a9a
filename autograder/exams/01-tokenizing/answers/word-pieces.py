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
